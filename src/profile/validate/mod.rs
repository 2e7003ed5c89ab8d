//! What the types cannot say: whether a target makes sense to PostgreSQL and to pgrehearse.
//!
//! Each file checks one part of a profile. A check names the path of the value that is wrong, and the tree knows where
//! that stands.

mod acceptance;
mod budget;
mod cluster;
mod database;
mod extensions;
mod files;
mod image;
mod init;
mod limits;
mod locale;
mod members;
mod names;
mod pgtap;
mod queries;
mod recovery;
mod restore;
mod roles;
mod settings;
mod tablespaces;
mod version;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use super::error::{Cause, ProfileError};
use super::rules::Rules;
use super::types::Target;
use super::yaml::{Node, Step, display_path, holder};
use crate::postgres::Major;

type Check = fn(&mut Target, &Rules<'_>, &Places<'_>) -> Result<(), ProfileError>;

/// Every check, with the keys at the top of a profile that it looks at.
const CHECKS: &[(&[&str], Check)] = &[
    (&["name", "database"], |target, _, at| names::check(target, at)),
    (&["postgres", "image", "restore", "extends", "matrix"], |target, _, at| version::check(target, at)),
    (&["image", "image_repository", "image_tag"], |target, _, at| image::check(target, at)),
    (&["cluster", "postgres"], |target, _, at| cluster::check(target, at)),
    (&["roles", "cluster", "postgres"], |target, _, at| members::check(target, at)),
    (&["roles", "cluster", "postgres"], |target, _, at| roles::check(target, at)),
    (&["database", "roles", "cluster"], |target, _, at| roles::owner(target, at)),
    (&["tablespaces", "roles", "cluster"], |target, _, at| tablespaces::check(target, at)),
    (&["database", "roles", "cluster", "postgres", LOCALE], |target, _, at| database::check(target, at)),
    (&["extensions", "database"], |target, _, at| extensions::check(target, at)),
    (&["init", "roles", "cluster"], |target, _, at| init::check(target, at)),
    (&["restore", "roles", "cluster"], |target, _, at| restore::check(target, at)),
    (&["recovery"], |target, _, at| recovery::check(&target.recovery, at)),
    (&["limits"], |target, _, at| limits::check(&target.limits, at)),
    (&["checks"], |target, _, at| queries::check(&target.checks, at)),
    (&["checks"], |target, _, at| budget::check(target.checks.budget.as_ref(), at)),
    (&["checks"], |target, _, at| pgtap::check(&mut target.checks, at)),
    (&["accept"], acceptance::accepts),
    (&["severity"], acceptance::severities),
];

/// No key: the cluster's encoding and locale, which databases take over.
const LOCALE: &str = "(locale)";

/// Checks a target, writes names that have several spellings as PostgreSQL does, and reads the files that it names. `wrong` are
/// keys at the top of which something is known to be wrong: what depends on them is not looked at.
pub fn validate(
    target: &mut Target,
    root: &Node,
    rules: &Rules<'_>,
    wrong: &mut BTreeSet<String>,
) -> Vec<ProfileError> {
    let of_a_known_version = target.postgres.is_none_or(|major| major <= Major::NEWEST);
    let at = Places { root, errors: RefCell::default(), of_a_known_version };
    for (keys, check) in CHECKS {
        if keys.iter().any(|key| wrong.contains(*key)) {
            continue;
        }
        let checked = check(target, rules, &at);
        if checked.is_err() && keys.first() == Some(&"cluster") {
            wrong.insert(LOCALE.to_owned());
        }
        if checked.is_err() && keys.first() == Some(&"postgres") {
            // What depends on the version is then not looked at either.
            target.postgres = None;
        }
        at.errors.borrow_mut().extend(checked.err());
    }
    at.errors.into_inner()
}

/// Makes errors that know their place, and keeps those after which a check goes on.
struct Places<'a> {
    root: &'a Node,
    errors: RefCell<Vec<ProfileError>>,
    /// Whether what the server has is known here: it is no newer version.
    of_a_known_version: bool,
}

impl Places<'_> {
    /// How many errors there are by now.
    fn found(&self) -> usize {
        self.errors.borrow().len()
    }

    /// Checks one of several things, which says nothing of the others.
    fn each(&self, check: impl FnOnce() -> Result<(), ProfileError>) {
        let checked = check();
        self.errors.borrow_mut().extend(checked.err());
    }

    /// The value at `path` cannot be what it is.
    fn bad(&self, path: &[Step<'_>], why: impl Into<String>) -> ProfileError {
        self.error(path, Cause::BadValue { path: holder(&display_path(path)), why: why.into() })
    }

    /// The key itself is what is wrong.
    fn bad_key(&self, path: &[Step<'_>], key: &str, why: impl Into<String>) -> ProfileError {
        let whole: Vec<_> = path.iter().copied().chain([Step::Key(key)]).collect();
        self.unknown_key(path, key, Cause::BadValue { path: holder(&display_path(&whole)), why: why.into() })
    }

    /// A key that must be a known word, and is none.
    fn unknown_key(&self, path: &[Step<'_>], key: &str, cause: Cause) -> ProfileError {
        ProfileError::at(&self.root.spot_of_key(path, key), cause)
    }

    fn error(&self, path: &[Step<'_>], cause: Cause) -> ProfileError {
        ProfileError::at(&self.root.spot_of(path), cause)
    }

    /// The folder from which the file at `path` is looked for: that of the profile that names it, which can be one that
    /// this one extends. None for a profile that is in no file.
    fn folder(&self, path: &[Step<'_>]) -> Option<PathBuf> {
        self.root.spot_of(path).origin.folder.clone()
    }
}

/// A path from keys and indexes: `steps!["roles", index, "name"]`.
macro_rules! steps {
    ($($step:expr),+ $(,)?) => { &[$($crate::profile::yaml::Step::from($step)),+] };
}
use steps;
