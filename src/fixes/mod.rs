//! Fixes as files: what can be run or written so that the findings of a target are gone at the next restore, or in the
//! database that is restored already.
//!
//! Each file is made from what the findings carry as data ([`Remedy`](crate::finding::Remedy)), from the dump and from the
//! profile; no text of a report is taken apart. What no file mends is said in `restore.sh`.

mod directory;
mod kept;
mod list;
mod profile;
mod roles;
mod statements;
mod steps;
#[cfg(test)]
mod tests;
mod text;

pub use directory::{Directory, DirectoryError};

use std::collections::BTreeSet;

use pgdump_reader::{Dump, Facts};

use crate::finding::{Finding, Name, Subject};
use crate::postgres::Tool;
use crate::profile::Target;

/// What fixes are written for.
pub struct Request<'a> {
    pub dump: &'a Dump,
    /// What the dump declares.
    pub facts: &'a Facts,
    pub target: &'a Target,
    /// All findings of the target, accepted ones too.
    pub findings: &'a [&'a Finding],
    /// The databases that were restored, by name; empty where nothing was.
    pub databases: &'a [String],
}

impl<'a> Request<'a> {
    /// The findings that are to be mended, with their places among all: an accepted one is left as it is.
    fn open(&self) -> impl Iterator<Item = (usize, &'a Finding)> + '_ {
        self.findings.iter().enumerate().filter(|(_, finding)| finding.accepted.is_none()).map(|(at, one)| (at, *one))
    }

    /// What the findings of one name are about, each once, with the findings' places.
    fn subjects(&self, name: Name) -> Vec<(&'a str, BTreeSet<usize>)> {
        let mut subjects: Vec<(&str, BTreeSet<usize>)> = Vec::new();
        for (at, finding) in self.open().filter(|(_, finding)| finding.name == name) {
            let Some(subject) = finding.subject.as_ref().map(Subject::name).filter(|subject| !subject.is_empty())
            else {
                continue;
            };
            match subjects.iter_mut().find(|(known, _)| *known == subject) {
                Some((_, places)) => _ = places.insert(at),
                None => subjects.push((subject, BTreeSet::from([at]))),
            }
        }
        subjects.sort_unstable();
        subjects
    }

    /// The role that restores, where it is no superuser.
    fn unprivileged(&self) -> Option<&'a str> {
        self.target.restore.as_role.as_deref().filter(|_| !self.target.restores_as_superuser())
    }

    /// The database that files without a database of their own are for.
    fn database(&self) -> &'a str {
        match self.databases {
            [only] => only,
            _ => match self.dump.archive() {
                // The restore makes it under the dump's name.
                Some(archive) if Tool::PgRestore.has(&self.target.restore.options, "--create") => &archive.database,
                _ => &self.target.database.name,
            },
        }
    }

    fn is_archive(&self) -> bool {
        self.dump.is_archive()
    }
}

/// When a file is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// By an administrator in the maintenance database, before the database is created.
    BeforeDatabase,
    /// By an administrator in the new database, before the restore.
    BeforeRestore,
    /// `pg_restore --use-list`.
    List,
    /// By an administrator in the restored database of this name.
    After(String),
    /// By pgrehearse.
    Profile,
    /// What goes with another file.
    Part,
    /// By a shell: the whole restore.
    Restore,
}

/// One file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FixFile {
    /// Its name in the target's directory.
    name: String,
    content: String,
    used: Use,
    /// The places of the findings that it is about.
    findings: BTreeSet<usize>,
}

/// The files for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixPlan {
    files: Vec<FixFile>,
}

impl FixPlan {
    /// Their names, in the order in which they are used.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// The files that are about the finding at this place, by name.
    pub fn about(&self, finding: usize) -> Vec<String> {
        let about = self.files.iter().filter(|file| file.findings.contains(&finding));
        about.map(|file| file.name.clone()).collect()
    }
}

/// The files that mend something of a target; `None` where there is nothing that a file could mend.
pub fn plan(request: &Request<'_>) -> Option<FixPlan> {
    let patch = profile::patch(request);
    let mut files: Vec<FixFile> = Vec::new();
    files.extend(roles::file(request));
    files.extend(statements::extensions(request));
    files.extend(list::file(request));
    files.extend(statements::after(request));
    files.extend(patch.files(request));
    if files.is_empty() {
        return None;
    }
    files.push(steps::restore(request, &patch.target, &files));
    files.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.name.cmp(&b.name)));
    Some(FixPlan { files })
}
