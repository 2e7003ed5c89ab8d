//! Signs that a dump is partial by its making, for people: what it does not hold cannot come back from it.

use std::collections::BTreeMap;

use pgdump_reader::{Dump, Scan, schema_or_public, tag};

/// Tables that are named one by one.
const NAMED: usize = 5;

/// What the dump shows to have been left out of it.
pub fn signs(dump: &Dump, scan: &Scan) -> Vec<String> {
    let mut signs = Vec::new();
    let tables = &scan.facts.tables;
    // What a script's code makes is not known.
    let makes_none = tables.iter().all(|table| !table.created) && scan.end.may_fill.is_empty();
    if !tables.is_empty() && makes_none && scan.damage.is_empty() {
        signs.push("the dump holds data only: it creates none of the tables that its rows go into".to_owned());
    }
    let are_empty = tables.iter().all(|table| table.rows.is_none() && !table.has_data) && scan.rows.is_empty();
    if !tables.is_empty() && are_empty && scan.end.may_fill.is_empty() && scan.damage.is_empty() {
        signs.push("the dump holds definitions only, and no rows to compare".to_owned());
    }
    signs.extend(sign_of_missing_data(&without_data(dump, scan)));
    signs
}

/// Tables that the dump creates and has no data for, not even an empty block: pg_dump writes one for every table that has rows
/// of its own (dumpTableData in pg_dump.c, PostgreSQL 13 to 18).
pub fn without_data(dump: &Dump, scan: &Scan) -> Vec<String> {
    // Empty tables leave no trace among INSERT statements.
    let has_blocks = dump.is_archive()
        || dump.is_from_pg_dump() && !scan.facts.inserts && scan.rows.iter().all(|rows| !rows.inserts);
    let tables = &scan.facts.tables;
    // A dump of definitions alone is reported as that.
    if !has_blocks || !scan.damage.is_empty() || tables.iter().all(|table| table.rows.is_none()) {
        return Vec::new();
    }
    let definitions: BTreeMap<(Option<&str>, &str, &str), &str> = scan
        .declared
        .iter()
        .filter(|object| object.desc == tag::TABLE)
        .map(|object| {
            let schema = object.schema.as_deref().unwrap_or_default();
            ((object.database.as_deref(), schema, object.tag.as_str()), object.definition.as_str())
        })
        .collect();
    let holds_rows = |table: &&pgdump_reader::TableData| {
        let key = (table.database.as_deref(), table.schema.as_deref().unwrap_or_default(), table.name.as_str());
        definitions
            .get(&key)
            .is_some_and(|definition| !definition.is_empty() && !definition.contains("\nPARTITION BY "))
    };
    tables
        .iter()
        .filter(|table| table.created && table.rows.is_none() && !table.has_data)
        .filter(holds_rows)
        .map(|table| format!("{}.{}", schema_or_public(table.schema.as_deref()), table.name))
        .collect()
}

fn sign_of_missing_data(bare: &[String]) -> Option<String> {
    if bare.is_empty() {
        return None;
    }
    let more = bare.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = bare[..bare.len().min(NAMED)].join(", ");
    Some(format!(
        "the dump creates {named}{more} and holds no data for {}: it was made without (pg_dump --exclude-table-data)",
        if bare.len() == 1 { "it" } else { "them" }
    ))
}
