//! Objects that a script creates by statements that pg_dump has not written. Their definitions are not compared; that the
//! tables are there is looked at.

use pgdump_reader::{schema_or_public, tag};
use std::collections::{BTreeSet, HashSet};

use crate::check::catalog::restore_failed;
use crate::check::scope::{in_database, schema_of};
use crate::check::{Apart, ItemKind, Restored};
use crate::cluster::ClusterError;

/// What was looked at.
#[derive(Default)]
pub(super) struct Unnamed {
    /// How many tables are there.
    pub tables: usize,
    pub apart: Vec<Apart>,
    pub could_not: Vec<String>,
    /// How many are not there, which the restore's errors explain.
    pub lost: u64,
}

impl Unnamed {
    /// For people.
    pub fn looked_at(&self) -> String {
        match self.tables {
            1 => "1 table of the script exists".to_owned(),
            tables => format!("{tables} tables of the script exist"),
        }
    }
}

/// Looks for the tables.
pub(super) async fn look(restored: &Restored<'_>) -> Result<Unnamed, ClusterError> {
    let declared: HashSet<(String, &str)> = in_database(&restored.scan.declared, restored, |object| &object.database)
        .filter(|object| object.desc == tag::TABLE)
        .map(|object| (schema_of(&object.schema), object.tag.as_str()))
        .collect();
    // Where a name without a schema goes, the server's search_path decides.
    let own: BTreeSet<(Option<&str>, &str)> =
        in_database(&restored.scan.facts.tables, restored, |table| &table.database)
            .filter(|table| table.created)
            // A temporary one goes with its session.
            .filter(|table| !table.schema.as_ref().is_some_and(|schema| schema.starts_with("pg_temp")))
            // Names in pg_dump's comments are one line.
            .filter(|table| {
                let one_line = |name: &str| name.replace(['\n', '\r'], " ");
                !declared.contains(&(one_line(&schema_of(&table.schema)), one_line(&table.name).as_str()))
            })
            .map(|table| (table.schema.as_deref(), table.name.as_str()))
            .collect();
    if own.is_empty() {
        return Ok(Unnamed::default());
    }
    let sql = "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')";
    let rows = restored.session.query(sql, &[], "cannot list tables").await?;
    let there: HashSet<(&str, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let somewhere: HashSet<&str> = there.iter().map(|(_, name)| *name).collect();
    let mut unnamed = Unnamed::default();
    // What the restore has failed on, it has said.
    let failed = restore_failed(restored);
    for (schema, name) in own {
        let is_there = schema.map_or_else(|| somewhere.contains(name), |schema| there.contains(&(schema, name)));
        let schema = schema_or_public(schema);
        if is_there {
            unnamed.tables += 1;
        } else if failed {
            unnamed.lost += 1;
        } else {
            let why = "the script creates it, but it does not exist; whether the script intends that is not known";
            unnamed.could_not.push(format!("table {schema}.{name}: {why}"));
            unnamed.apart.push(Apart::untested(ItemKind::Table, (schema, name), why));
        }
    }
    Ok(unnamed)
}
