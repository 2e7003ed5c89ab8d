//! Checks look at a restored database and return findings, or say that they could not look.

mod apart;
mod baseline;
mod borrowed;
mod budget;
mod catalog;
mod checked_database;
mod collation;
mod constraints;
mod encoding;
mod integrity;
mod key;
mod needs;
mod objects;
mod ownership;
mod pgtap;
mod privileges;
mod queries;
mod reference;
#[cfg(test)]
mod registered;
mod relations;
mod result;
mod roles;
mod row_security;
mod rows;
mod schema;
mod scope;
mod sequences;
mod tables;
mod views;
mod writable;

pub use apart::{Apart, ApartReason, ItemKind};
pub use baseline::Baseline;
pub use checked_database::CheckedDatabase;
pub use needs::judge as judge_needs;
pub use result::{CheckResult, Group, Outcome};
pub use roles::Stated as StatedRoles;
pub use schema::Schema;

use pgdump_reader::{Declared, Dump, Scan};
use reference::Reference;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::cluster::{ClusterError, Session};
use crate::engine::Sandbox;
use crate::finding::mask::Mask;
use crate::finding::{Failure, Finding, Name};
use crate::profile::Target;
use crate::source::{RowMode, Witness};

/// A database after the restore, and all that a check may compare it with.
pub struct Restored<'a> {
    pub sandbox: &'a dyn Sandbox,
    /// As the superuser, with `search_path` set to `pg_catalog`.
    pub session: &'a Session,
    pub database: &'a str,
    /// The same, by what the dump calls it.
    pub place: &'a CheckedDatabase,
    /// All databases that are looked at, by name.
    pub databases: &'a [String],
    /// What was restored, where it was a dump.
    pub dump: Option<&'a Arc<Dump>>,
    /// What it holds; empty where it was a backup, which bears no such witness.
    pub scan: &'a Scan,
    pub target: &'a Target,
    /// What the restore itself is known to have failed on.
    pub restore_findings: &'a [Finding],
    /// Every statement that failed.
    pub failures: &'a [Failure],
    /// The entries of an archive that the profile's list or options leave out, and what does.
    pub left_out: (&'a HashSet<i32>, &'a str),
    /// What the database held before the restore.
    pub baseline: &'a Baseline,
    /// What the database declares, once a check has asked for it.
    pub schema: &'a Schema,
    /// What checks that looked before this one found in this database; empty for those that change nothing.
    pub earlier: &'a [Finding],
    /// Objects at which the server's process has ended before: they are left alone.
    pub avoid: &'a [String],
    /// Whether the server's processes have ended since the restore: unlogged tables are empty then.
    pub restarted: bool,
    /// How long the restore took.
    pub restore_took: Duration,
    /// How rows are compared.
    pub rows: RowMode,
    /// What may be shown.
    pub mask: Mask<'a>,
}

impl<'a> Restored<'a> {
    /// What was restored, which a check needs whose witness it is.
    ///
    /// # Errors
    /// Where it was no dump; such a check does not look then.
    pub fn dumped(&self) -> Result<&'a Arc<Dump>, ClusterError> {
        self.dump.ok_or_else(|| ClusterError::Refused {
            step: "there is nothing to compare with".to_owned(),
            reason: "no dump was restored".to_owned(),
        })
    }
}

impl Restored<'_> {
    /// Whether an object is to be left alone.
    fn avoids(&self, object: &str) -> bool {
        self.avoid.iter().any(|avoided| avoided == object)
    }

    /// Whether a table was there before the restore, and is none of the dump's.
    pub fn is_own_table(&self, schema: &str, table: &str) -> bool {
        let mut declared = self.scan.facts.tables.iter();
        self.baseline.has_table(schema, table)
            && !declared.any(|declared| scope::schema_of(&declared.schema) == schema && declared.name == table)
    }

    /// Whether the dump itself creates this database.
    fn is_made_by_the_dump(&self) -> bool {
        self.scan.facts.creates_database.iter().any(|created| created.name == self.place.dumped_name())
    }

    /// The encoding that the database's text has in the dump.
    fn encoding(&self) -> Option<&str> {
        self.scan.facts.encoding_of(self.place.dumped_name())
    }

    /// Every object of the restored database, as its own pg_dump writes it.
    ///
    /// # Errors
    /// When it could not be dumped again.
    pub async fn schema(&self) -> Result<&[Declared], ClusterError> {
        // Names are compared in the dump's encoding.
        let encoding = self.encoding().filter(|encoding| *encoding != "SQL_ASCII");
        self.schema.get(self.sandbox, &self.target.cluster.superuser, self.database, encoding).await
    }

    /// What this server makes of the definitions that the dump has for this database.
    ///
    /// # Errors
    /// When they could not be run beside it.
    pub async fn reference(&self) -> Result<&Reference, ClusterError> {
        // It must not take the time of every check that asks for it.
        let limit = self.target.check_timeout() * 3 / 4;
        let made = self.schema.reference.get_or_init(|| async {
            let dumped: Vec<&Declared> =
                scope::in_database(&self.scan.declared, self, |object| &object.database).collect();
            match tokio::time::timeout(limit, reference::read(self, &dumped)).await {
                Ok(read) => read.map_err(|error| error.to_string()),
                Err(_) => Err(format!("the dump's definitions took more than {limit:?} (checks.timeout)")),
            }
        });
        made.await.as_ref().map_err(|reason| ClusterError::Refused {
            step: "the dump's definitions cannot be run beside the restored database".into(),
            reason: reason.clone(),
        })
    }
}

/// What a check saw in one database.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    pub findings: Vec<Finding>,
    /// What it compared, for people: `12 sequences`.
    pub looked_at: String,
    /// The objects that it compared, as counts by kind: `sequence` 12.
    pub compared: BTreeMap<String, u64>,
    /// How many it did not find as the dump has them, which findings of the restore explain.
    pub lost: u64,
    /// What cannot be compared by its nature, and why: `public.far: a foreign table, …`.
    pub not_compared: Vec<String>,
    /// What it could not look at, and why; the target cannot pass then.
    pub could_not: Vec<String>,
    /// Items of the dump that it did not compare as the others of their kind.
    pub apart: Vec<Apart>,
    /// Findings that it looked for with less than all its means: an extension that would find them is not there.
    pub not_in_full: Vec<Name>,
}

/// Why a check was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotApplied {
    /// The profile's own doing, which the report says.
    Profile(String),
    /// Another finding explains what this check would see.
    Explained,
}

/// One thing to look at in a restored database.
#[async_trait]
pub trait Check: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// The group that it belongs to, which is its column in the grid.
    fn group(&self) -> Group;

    /// What it compares the database with; where the source has no such witness, the check does not look, which is
    /// said.
    fn witness(&self) -> Witness;

    /// Why there is nothing to look at in this target, where there is not; the check has no result then.
    fn does_not_apply(&self, _target: &Target, _restore_findings: &[Finding]) -> Option<NotApplied> {
        None
    }

    /// Whether it looks at the cluster as a whole: it looks once then, from the first database.
    fn looks_once(&self) -> bool {
        false
    }

    /// Whether looking changes something: it looks after all others then, alone.
    fn changes(&self) -> bool {
        false
    }

    /// Looks.
    ///
    /// # Errors
    /// When it could not look, which is never a finding.
    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError>;
}

/// The names of checks that others than the check itself speak of.
pub const OBJECTS: &str = "objects";
pub const PRIVILEGES: &str = "privileges";
pub const ROLES: &str = "roles";
pub const ROWS: &str = "rows";
pub const ROW_SECURITY: &str = "row security";
pub const SEQUENCES: &str = "sequences";
pub const VIEWS: &str = "views";

/// The name of the check of what the profile accepts.
pub const ACCEPT: &str = "accept";

/// The name of the check of the dump itself.
pub const INTEGRITY: &str = "integrity";

/// The name of the preflight's check: what the dump needs and the target lacks, reported before anything starts.
pub const REQUIREMENTS: &str = "requirements";

/// The name of what reports data that the profile's own list or options leave out.
pub const LEFT_OUT: &str = "left out";

/// All checks of a restored database, in the order of their columns.
pub fn all(target: &Target, rows: RowMode) -> Vec<Box<dyn Check>> {
    let mut checks: Vec<Box<dyn Check>> = Vec::new();
    if !target.checks.ask() {
        checks.push(Box::new(tables::Tables));
    }
    if rows != RowMode::Off {
        checks.push(Box::new(rows::Rows));
    }
    checks.push(Box::new(objects::Objects));
    checks.push(Box::new(encoding::Encoding));
    checks.push(Box::new(collation::Collation));
    checks.push(Box::new(ownership::Ownership));
    checks.push(Box::new(privileges::Privileges));
    checks.push(Box::new(roles::Roles));
    checks.push(Box::new(row_security::RowSecurity));
    checks.push(Box::new(sequences::Sequences));
    checks.push(Box::new(constraints::Indexes));
    checks.push(Box::new(constraints::Verified));
    checks.push(Box::new(constraints::ForeignKeys));
    checks.push(Box::new(constraints::Unique));
    checks.push(Box::new(views::Views));
    checks.push(Box::new(views::Functions));
    checks.push(Box::new(writable::Writable));
    if target.checks.ask() {
        checks.push(Box::new(queries::Queries));
    }
    if !target.checks.pgtap_files.is_empty() {
        checks.push(Box::new(pgtap::PgTap));
    }
    if target.checks.budget.is_some() {
        checks.push(Box::new(budget::Budget));
    }
    checks
}

/// All checks of a recovered database, which no dump bears witness of, in the order of their columns.
pub fn of_recovery(target: &Target) -> Vec<Box<dyn Check>> {
    let mut checks = all(target, RowMode::Off);
    checks.retain(|check| check.witness() == Witness::Database);
    if !target.recovery.before.is_empty() || !target.recovery.after.is_empty() {
        checks.push(Box::new(queries::Point));
    }
    checks
}

pub use integrity::dump as check_dump;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_dump_alone_can_tell_needs_the_dump() {
        let target = crate::profile::parse("name: x\npostgres: 17\n", "x.yaml").unwrap();
        let checks = all(&target, RowMode::Digest);
        let by_dump: Vec<&str> =
            checks.iter().filter(|check| check.witness() == Witness::Dump).map(|check| check.name()).collect();
        let expected = [
            "tables",
            "rows",
            "objects",
            "encoding",
            "ownership",
            "privileges",
            "roles",
            "row security",
            "constraints",
        ];
        assert_eq!(by_dump, expected);
    }
}
