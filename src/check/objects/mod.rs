//! Objects: everything that the dump declares is there again, with the same definition, and nothing else is.
//!
//! The target's own pg_dump writes the schema of the restored database, which is read as the dump is, entry by entry. What is
//! written in other words than in the dump is compared with what this server makes of the dump's own words
//! ([`super::reference`]). Owners and privileges are compared by checks of their own.

mod compare;
mod findings;
mod key_triggers;
mod text;
mod unnamed;

use std::collections::HashSet;

use async_trait::async_trait;
use pgdump_reader::{Declared, tag};

use super::scope::{self, in_database, schema_of, tablespaces_left_out};
use super::{Check, Group, Looked, Restored, schema};
use crate::cluster::ClusterError;
use crate::finding::{Finding, Name};
use crate::postgres::Tool;
use crate::source::Witness;

pub use compare::{Comparison, failed};
pub use findings::{undecided, with_differences};
pub use text::with_attachments;

pub struct Objects;

#[async_trait]
impl Check for Objects {
    fn name(&self) -> &'static str {
        super::OBJECTS
    }

    fn group(&self) -> Group {
        Group::Objects
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let scan = restored.scan;
        let dumped: Vec<&Declared> = in_database(&scan.declared, restored, |object| &object.database).collect();
        let key_triggers = key_triggers::look(restored).await?;
        if dumped.is_empty()
            && let Some(plain) = restored.dumped()?.plain()
            && !scan.facts.tables.is_empty()
        {
            let who = if plain.from_pg_dump {
                "pg_dump's comments were taken out of it"
            } else {
                "pg_dump has not written it"
            };
            let unnamed = unnamed::look(restored).await?;
            return Ok(Looked {
                findings: key_triggers.into_iter().collect(),
                looked_at: if unnamed.tables == 0 { "no object".into() } else { unnamed.looked_at() },
                not_compared: vec![format!("definitions of objects: the script does not name its objects, {who}")],
                could_not: unnamed.could_not,
                apart: unnamed.apart,
                lost: unnamed.lost,
                ..Looked::default()
            });
        }
        // Row level security is another check's, which says who sees what.
        let comparison =
            compare_only(restored, |object| !matches!(object.desc.as_str(), tag::POLICY | tag::ROW_SECURITY)).await?;
        let mut looked = findings::looked(restored, &comparison);
        looked.findings.extend(key_triggers);
        let unnamed = unnamed::look(restored).await?;
        if unnamed.tables > 0 {
            looked.looked_at.push_str(&format!(", {}", unnamed.looked_at()));
        }
        looked.could_not.extend(unnamed.could_not);
        looked.apart.extend(unnamed.apart);
        looked.lost += unnamed.lost;
        Ok(looked)
    }
}

/// Compares some of the dump's objects with those of the database.
///
/// # Errors
/// When the database could not be dumped again.
pub async fn compare_only(
    restored: &Restored<'_>,
    wanted: impl Fn(&Declared) -> bool + Send,
) -> Result<Comparison, ClusterError> {
    let mut dumped = in_database(&restored.scan.declared, restored, |object| &object.database).peekable();
    if dumped.peek().is_none() && !restored.dumped()?.is_archive() {
        return Ok(Comparison::default());
    }
    let no_tablespaces = tablespaces_left_out(restored);
    let prepared = |objects: Vec<Declared>| {
        let mut objects = text::with_attachments(objects);
        if no_tablespaces {
            objects.iter_mut().for_each(|object| object.tablespace = None);
        }
        if Tool::PgRestore.has(&restored.target.restore.options, "--no-table-access-method") {
            objects.iter_mut().for_each(|object| object.access_method = None);
        }
        objects
    };
    let dumped: Vec<Declared> = dumped.filter(|object| wanted(object)).cloned().collect();
    let of_large_objects = schema::large_objects(restored.session).await?;
    let there = restored.schema().await?.iter().chain(&of_large_objects).cloned();
    let (dumped, there) = (prepared(dumped), prepared(there.filter(|object| wanted(object)).collect()));
    let mut comparison = compare::by_text(&dumped, &there, restored.failures);
    comparison.extra.retain(|object| !restored.baseline.has(object));
    if comparison.differs() {
        match restored.reference().await {
            Ok(reference) => {
                // The target's own extensions are beside the dump's objects for those that need them, not as some of the
                // dump's. A script can make one together with another (CASCADE).
                let is_own = |object: &Declared| !reference.has_added && compare::is_extension_beside(object, &dumped);
                let made = reference.declared.iter().filter(|object| wanted(object) && !is_own(object));
                let made = made.cloned().collect();
                let (made, refused) = (prepared(made), &reference.refused);
                comparison = compare::by_meaning(&dumped, &there, restored.failures, &made, refused);
                if reference.has_added {
                    // What a script creates by statements of its own, it may take away as well.
                    comparison.missing.retain(|object| dumped.contains(object));
                }
                comparison.extra.retain(|object| !restored.baseline.has(object));
            }
            Err(error) => comparison.undecide(&error.to_string()),
        }
    }
    // What is there of an entry that was left out is the target's own.
    let is_left_out = |object: &Declared| object.id.is_some_and(|id| restored.left_out.0.contains(&id));
    comparison.changed.retain(|(dump, _)| !is_left_out(dump));
    comparison.undecided.retain(|(object, _)| !is_left_out(object));
    // Where the dump or the client ended early, that is the cause.
    let ended_early = |finding: &Finding| {
        let ends = [Name::DumpTruncated, Name::ClientFailed, Name::InputUnread, Name::TransactionOpen];
        ends.contains(&finding.name) && finding.fails()
    };
    // So it is where all that had succeeded was taken back.
    let lost = scope::rolled_back(restored) || restored.restore_findings.iter().any(ended_early);
    if !restored.scan.damage.is_empty() || lost {
        comparison.failed += comparison.missing.len() as u64;
        comparison.missing.clear();
    }
    // pg_dump writes an entry for the schema public only where another owner than that of a new database has it
    // (selectDumpableNamespace in pg_dump.c); whose it is, is compared with the other owners.
    comparison.extra.retain(|object| !compare::is_public(object));
    if comparison.missing.iter().any(compare::is_public) {
        let sql = "SELECT FROM pg_namespace WHERE nspname = 'public'";
        let is_there = !restored.session.query(sql, &[], "cannot look for the schema public").await?.is_empty();
        comparison.missing.retain(|object| !(is_there && compare::is_public(object)));
    }
    // pg_dump leaves invalid indexes out, and what is attached to them (getIndexes and dumpIndex in pg_dump.c); that they are
    // invalid is reported by the check of indexes.
    let of_index = |object: &Declared| matches!(object.desc.as_str(), tag::INDEX | tag::INDEX_ATTACH);
    if comparison.missing.iter().any(of_index) {
        let sql = "
            SELECT 'INDEX', n.nspname::text, c.relname::text
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT i.indisvalid OR NOT i.indisready
            UNION ALL
            SELECT 'INDEX ATTACH', n.nspname::text, c.relname::text
            FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('i', 'I')";
        let rows = restored.session.query(sql, &[], "cannot list invalid indexes").await?;
        let there: HashSet<(String, String, String)> =
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        comparison.missing.retain(|object| {
            let key = (object.desc.clone(), schema_of(&object.schema), object.tag.clone());
            !of_index(object) || !there.contains(&key)
        });
    }
    Ok(comparison)
}
