//! Every item that a dump holds, and who answers for it.

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::{Declared, Scan, schema_or_public, tag};

use crate::check::{self, ItemKind};
use crate::rehearsal::left_out::LeftOut;

/// Why what belongs to a database itself is not compared.
pub const OF_DATABASE: &str = "it belongs to the database itself, which this restore does not make from the dump";

/// One item, or some of a kind that have no names.
pub struct Item<'a> {
    pub kind: ItemKind,
    /// As the dump calls it.
    pub database: Option<&'a str>,
    /// Schema and name, or a label.
    pub key: (String, String),
    pub count: u64,
    /// The check that answers for it.
    pub check: &'static str,
    /// Why nobody compares it, where that is known beforehand.
    pub nobody: Option<&'static str>,
    /// Why the restore has left it out.
    pub left_out: Option<&'a str>,
    /// Whether it belongs to the database itself, and whether it is compared where the dump creates that.
    pub of_database: bool,
    pub can_be_of_database: bool,
}

impl<'a> Item<'a> {
    fn new(kind: ItemKind, database: Option<&'a str>, key: (String, String), check: &'static str) -> Self {
        Self {
            kind,
            database,
            key,
            count: 1,
            check,
            nobody: None,
            left_out: None,
            of_database: false,
            can_be_of_database: false,
        }
    }

    /// For people; with its database where there are several.
    pub fn name(&self, several: bool) -> Option<String> {
        let (schema, name) = &self.key;
        let label = match (schema.is_empty(), name.is_empty()) {
            (_, true) => return None,
            (true, false) => name.clone(),
            (false, false) => format!("{schema}.{name}"),
        };
        match self.database {
            Some(database) if several && !matches!(self.kind, ItemKind::Database | ItemKind::Role) => {
                Some(format!("{database}: {label}"))
            }
            _ => Some(label),
        }
    }
}

/// Objects of these types are compared by checks of their own.
fn check_of(declared: &Declared) -> &'static str {
    match declared.desc.as_str() {
        tag::ACL | tag::DEFAULT_ACL => check::PRIVILEGES,
        tag::POLICY | tag::ROW_SECURITY => check::ROW_SECURITY,
        _ => check::OBJECTS,
    }
}

/// All items of a dump; what the restore has left out of it is in `left_out`.
pub fn of<'a>(scan: &'a Scan, left_out: &'a LeftOut) -> Vec<Item<'a>> {
    let facts = &scan.facts;
    let mut items = Vec::new();
    for role in facts.roles_left() {
        items.push(Item::new(ItemKind::Role, None, (String::new(), role.clone()), check::ROLES));
    }
    let is_temporary = |schema: &Option<String>| schema.as_ref().is_some_and(|schema| schema.starts_with("pg_temp"));
    for table in facts.tables.iter().filter(|table| table.created && !is_temporary(&table.schema)) {
        let key = (schema_or_public(table.schema.as_deref()).to_owned(), table.name.clone());
        let mut item = Item::new(ItemKind::Table, table.database.as_deref(), key, check::OBJECTS);
        item.left_out = left_out.definition(tag::TABLE, &item.key.0, &item.key.1);
        items.push(item);
    }
    let rows: BTreeSet<(Option<&str>, String, &str)> = scan
        .rows
        .iter()
        .filter(|rows| rows.rows > 0 && !is_temporary(&rows.destination.schema))
        .map(|rows| {
            (
                rows.destination.database.as_deref(),
                schema_or_public(rows.destination.schema.as_deref()).to_owned(),
                rows.destination.table.as_str(),
            )
        })
        .collect();
    for (database, schema, table) in rows {
        let mut item = Item::new(ItemKind::Rows, database, (schema, table.to_owned()), check::ROWS);
        item.left_out = left_out.rows(&item.key.0, &item.key.1);
        items.push(item);
    }
    for (database, data) in scan.large_objects.iter().filter(|(_, data)| data.objects > 0) {
        let mut item = Item::new(ItemKind::LargeObject, database.as_deref(), Default::default(), check::ROWS);
        item.count = data.objects;
        item.left_out = left_out.large_objects();
        items.push(item);
    }
    let values: BTreeSet<(Option<&str>, String, &str)> = facts
        .sequences
        .iter()
        .map(|value| &value.sequence)
        .map(|sequence| {
            (
                sequence.database.as_deref(),
                schema_or_public(sequence.schema.as_deref()).to_owned(),
                sequence.name.as_str(),
            )
        })
        .collect();
    for (database, schema, name) in values {
        let mut item = Item::new(ItemKind::SequenceValue, database, (schema, name.to_owned()), check::SEQUENCES);
        item.left_out = left_out.sequence(&item.key.0, &item.key.1);
        items.push(item);
    }
    for view in &facts.refreshed {
        let key = (schema_or_public(view.schema.as_deref()).to_owned(), view.name.clone());
        let mut item = Item::new(ItemKind::MaterializedView, view.database.as_deref(), key, check::VIEWS);
        item.left_out = left_out.materialized_view(&item.key.0, &item.key.1);
        items.push(item);
    }
    for declared in &scan.declared {
        let key = (String::new(), declared.label());
        let mut item = Item::new(ItemKind::Definition, declared.database.as_deref(), key, check_of(declared));
        item.of_database = declared.is_of_database();
        item.can_be_of_database = declared.desc == tag::ACL;
        // Privileges and policies are compared whatever has left them out, as long as their table is there.
        let schema = schema_or_public(declared.schema.as_deref()).to_owned();
        if item.check == check::OBJECTS || left_out.has_table_of(&schema, declared) {
            item.left_out = declared.id.and_then(|id| left_out.entry(id));
        }
        items.push(item);
    }
    let made = scan.added.iter().filter(|added| is_creation(&added.statement));
    let mut unnamed: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for added in made {
        *unnamed.entry(added.database.as_deref()).or_default() += 1;
    }
    for (database, count) in unnamed {
        let mut item = Item::new(ItemKind::Definition, database, Default::default(), check::OBJECTS);
        item.count = count;
        item.nobody = Some("the script creates it by a statement that pg_dump has not written");
        items.push(item);
    }
    items.extend(databases(scan));
    items
}

/// The databases that the dump creates, and those that something goes into.
fn databases(scan: &Scan) -> impl Iterator<Item = Item<'_>> {
    let facts = &scan.facts;
    let held = scan.held();
    // What an archive says of its database is only done with `--create`, and it goes into one in any case.
    let made = facts.creates_database.iter().map(|made| &made.name).filter(|name| facts.databases.contains(name));
    let named: BTreeSet<Option<&str>> = held.into_keys().chain(made.map(|name| Some(name.as_str()))).collect();
    named.into_iter().map(|database| {
        let name = database.unwrap_or("the one that is connected to first").to_owned();
        Item::new(ItemKind::Database, database, (String::new(), name), check::OBJECTS)
    })
}

fn is_creation(statement: &str) -> bool {
    statement.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"))
}
