//! What mends a finding, whole and as data. What people are shown names the first few objects; a file that is to mend
//! them needs all.

use super::Finding;

/// What mends a finding. It is not part of a report: files are written from it while the run still knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remedy {
    /// Dump ids of the archive's entries that failed for this cause itself, and not only because an earlier one did.
    pub entries: Vec<i32>,
    /// The database that was looked at, where several were restored.
    pub database: Option<String>,
    /// Statements that mend every object, to be run after the restore.
    pub after: Option<After>,
}

/// Statements of one kind, in the order in which they are to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    pub kind: AfterKind,
    /// Ready to run one after the other; one can be a comment of one line instead.
    pub statements: Vec<String>,
}

/// What statements after a restore are about; the order is that in which they are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AfterKind {
    /// Attributes, memberships and settings of roles and databases.
    RoleSettings,
    /// Objects that are missing and nobody complained of.
    Objects,
    Ownership,
    Privileges,
    /// Policies, and whether row level security is on.
    Policies,
    /// Comments, which go with the objects above.
    Comments,
    /// Room for more values.
    Sequences,
    Setval,
    Reindex,
    /// Constraints that are to be verified.
    Constraints,
    /// Materialized views.
    Refresh,
}

impl Finding {
    /// Takes the statements that mend it, all of them.
    pub fn mend(&mut self, kind: AfterKind, statements: Vec<String>) {
        self.commands.clone_from(&statements);
        self.mend_silently(kind, statements);
    }

    /// The same where people are shown something else.
    pub fn mend_silently(&mut self, kind: AfterKind, statements: Vec<String>) {
        self.remedy.after = Some(After { kind, statements }).filter(|after| !after.statements.is_empty());
    }
}
