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
mod restore;
mod roles;
mod settings;
mod tablespaces;
mod version;

use std::path::PathBuf;

use super::error::{Cause, ProfileError};
use super::rules::Rules;
use super::types::Target;
use super::yaml::{Node, Step, display_path, holder};

/// Checks a target, writes names that have several spellings as PostgreSQL does, and reads the files that it names.
pub fn validate(target: &mut Target, root: &Node, rules: &Rules<'_>) -> Result<(), ProfileError> {
    let at = Places { root };
    names::check(target, &at)?;
    version::check(target, &at)?;
    image::check(target, &at)?;
    cluster::check(target, &at)?;
    members::check(target, &at)?;
    roles::check(target, &at)?;
    tablespaces::check(target, &at)?;
    database::check(target, &at)?;
    extensions::check(target, &at)?;
    init::check(target, &at)?;
    restore::check(target, &at)?;
    limits::check(&target.limits, &at)?;
    queries::check(&target.checks, &at)?;
    budget::check(target.checks.budget.as_ref(), &at)?;
    pgtap::check(&mut target.checks, &at)?;
    acceptance::check(target, rules, &at)
}

/// Makes errors that know their place.
struct Places<'a> {
    root: &'a Node,
}

impl Places<'_> {
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
