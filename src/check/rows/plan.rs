//! Which rows of the dump are compared with which rows of the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pgdump_reader::digest::{Digest, NoDigest};
use pgdump_reader::{Destination, TableRows};

use super::form::Form;
use super::relations::{Column, Relation, Table};
use crate::check::scope::schema_of;
use crate::check::{Apart, ItemKind};

/// One comparison: all rows that the dump has for a table, or for a tree of partitions.
#[derive(Debug, Clone)]
pub struct Unit {
    pub form: Form,
    pub relation: Relation,
    /// The dump's part, by place.
    pub destinations: Vec<Destination>,
    /// Whether all destinations have the same columns in the same order, whose digests can be added.
    pub uniform: bool,
    /// Whether the dump has the rows as INSERT statements.
    pub inserts: bool,
    /// Where the first of them stands in a script.
    pub line: u64,
    pub rows: u64,
    pub bytes: u64,
    pub ascii: bool,
    /// Whether the server may have left some of them out, as their statements ask it to.
    pub at_most: bool,
    pub digest: Result<Digest, NoDigest>,
    /// Whether the dump creates the table, so that nothing could alter its rows as they came in.
    pub created: bool,
    /// Whether the dump does not say which value belongs to which column, and the table may have them in another order here.
    pub order_unknown: bool,
}

/// What is to be compared, and what cannot be.
#[derive(Debug, Default)]
pub struct Plan {
    pub units: Vec<Unit>,
    /// Tables that have rows in the dump and are not there.
    pub absent: Vec<(Table, u64)>,
    /// `foreign table public.far`, and why.
    pub not_compared: Vec<String>,
    /// `public.v`, and why nobody knows what has become of its rows.
    pub could_not: Vec<String>,
    /// The same and those that are not compared, by table.
    pub apart: Vec<Apart>,
    /// Tables of which the dump holds no row, and which must be empty.
    pub empty: Vec<Table>,
}

/// The oids of tables whose columns the dump does not name.
pub fn unnamed(rows: &[(Table, &TableRows)], relations: &BTreeMap<Table, Relation>) -> Vec<u32> {
    let unnamed = rows.iter().filter(|(_, rows)| rows.destination.columns.is_none());
    unnamed.filter_map(|(table, _)| relations.get(table)).map(|relation| relation.oid).collect()
}

impl Plan {
    fn set_apart(&mut self, label: &str, parts: &[(&Table, &TableRows)], why: &str) {
        self.not_compared.push(format!("{label}: {why}"));
        let tables: BTreeSet<&Table> = parts.iter().map(|(table, _)| *table).collect();
        let apart = tables.into_iter().map(|(schema, name)| Apart::not_compared(ItemKind::Rows, (schema, name), why));
        self.apart.extend(apart);
    }

    fn leave_open(&mut self, label: &str, parts: &[(&Table, &TableRows)], why: &str) {
        self.could_not.push(format!("{label}: {why}"));
        let tables: BTreeSet<&Table> = parts.iter().map(|(table, _)| *table).collect();
        let apart = tables.into_iter().map(|(schema, name)| Apart::untested(ItemKind::Rows, (schema, name), why));
        self.apart.extend(apart);
    }
}

/// Makes the plan. `created` are the tables that the dump creates, `empty` those of which it is known to hold no row.
pub fn plan(
    rows: &[(Table, &TableRows)],
    relations: &BTreeMap<Table, Relation>,
    columns: &HashMap<u32, Vec<Column>>,
    created: &BTreeSet<Table>,
    empty: BTreeSet<Table>,
) -> Plan {
    let mut plan = Plan::default();
    let mut absent: BTreeMap<&Table, u64> = BTreeMap::new();
    // Rows that go into a partitioned table land where they belong, so such a tree is one.
    let loaded_at_root: BTreeSet<&Table> = rows
        .iter()
        .filter_map(|(table, _)| {
            let relation = relations.get(table)?;
            (relation.kind == 'p').then(|| relation.root.as_ref().unwrap_or(table))
        })
        .collect();
    // What an extension creates may bring rows of its own, and rows that went into a root are in its partitions.
    let must_be_empty = |table: &Table| {
        relations.get(table).is_some_and(|relation| {
            let loaded_above = relation.root.as_ref().is_some_and(|root| loaded_at_root.contains(root));
            relation.kind == 'r' && !relation.of_extension && !loaded_above
        })
    };
    plan.empty = empty.into_iter().filter(must_be_empty).collect();
    let mut units: BTreeMap<&Table, Vec<(&Table, &TableRows)>> = BTreeMap::new();
    for (table, rows) in rows {
        let Some(relation) = relations.get(table) else {
            *absent.entry(table).or_default() += rows.rows;
            continue;
        };
        let at = relation.root.as_ref().filter(|root| loaded_at_root.contains(root)).unwrap_or(table);
        units.entry(at).or_default().push((table, rows));
    }
    for (table, parts) in units {
        let Some(relation) = relations.get(table) else { continue };
        let label = format!("{}.{}", table.0, table.1);
        match relation.kind {
            'r' | 'p' => {}
            'f' => {
                plan.set_apart(&label, &parts, "a foreign table, whose rows are on another server");
                continue;
            }
            _ => {
                let why =
                    "it is a view here, which keeps no rows: where they went, and whether they are whole, is not known";
                plan.leave_open(&label, &parts, why);
                continue;
            }
        }
        let below = |other: &&Relation| other.kind == 'f' && other.root.as_ref() == Some(table);
        if relation.kind == 'p' && relations.values().any(|other| below(&other)) {
            plan.set_apart(&label, &parts, "some of its partitions are on another server");
            continue;
        }
        plan.units.push(unit(table, relation, &parts, columns, created));
    }
    plan.absent = absent.into_iter().filter(|(_, rows)| *rows > 0).map(|(table, rows)| (table.clone(), rows)).collect();
    plan
}

fn unit(
    table: &Table,
    relation: &Relation,
    parts: &[(&Table, &TableRows)],
    columns: &HashMap<u32, Vec<Column>>,
    created: &BTreeSet<Table>,
) -> Unit {
    // A COPY without a list takes all columns but generated ones; an INSERT gives those a DEFAULT.
    let names = |rows: &TableRows| match &rows.destination.columns {
        Some(names) => names.clone(),
        None => columns
            .get(&relation.oid)
            .into_iter()
            .flatten()
            .filter(|column| rows.inserts || !column.generated)
            .map(|column| column.name.clone())
            .collect(),
    };
    let first = parts.first().map(|(_, rows)| names(rows)).unwrap_or_default();
    let left_out: BTreeSet<usize> = parts.iter().flat_map(|(_, rows)| rows.defaults.iter().copied()).collect();
    let uniform = parts
        .iter()
        .all(|(_, rows)| names(rows) == first && rows.defaults.iter().copied().collect::<BTreeSet<_>>() == left_out);
    let mut sum = Ok(Digest::default());
    for (_, rows) in parts {
        sum = match (sum, rows.digest) {
            (Ok(mut sum), Ok(digest)) => {
                sum += digest;
                Ok(sum)
            }
            (Err(one), Err(other)) => Err(one.or(other)),
            (Err(why), Ok(_)) | (Ok(_), Err(why)) => Err(why),
        };
    }
    // Rows that leave some columns to their defaults have no form in common with those that do not.
    let set = |rows: &TableRows| names(rows).into_iter().collect::<BTreeSet<_>>();
    let all = first.iter().cloned().collect::<BTreeSet<_>>();
    if sum.is_ok() && parts.iter().any(|(_, rows)| set(rows) != all) {
        sum = Err(NoDigest::Defaults);
    }
    let kept = first.iter().enumerate().filter(|(place, _)| !left_out.contains(place));
    Unit {
        form: Form {
            table: table.clone(),
            // A partitioned table has its rows below it.
            only: relation.kind != 'p',
            columns: kept.map(|(_, name)| name.clone()).collect(),
            hex: None,
            sent: BTreeMap::new(),
        },
        relation: relation.clone(),
        destinations: parts.iter().map(|(_, rows)| rows.destination.clone()).collect(),
        uniform,
        inserts: parts.iter().any(|(_, rows)| rows.inserts),
        line: parts.iter().map(|(_, rows)| rows.line).min().unwrap_or(0),
        rows: parts.iter().map(|(_, rows)| rows.rows).sum(),
        bytes: parts.iter().map(|(_, rows)| rows.bytes).sum(),
        ascii: parts.iter().all(|(_, rows)| rows.ascii),
        at_most: parts.iter().any(|(_, rows)| rows.at_most),
        digest: sum,
        created: parts.iter().all(|(table, _)| created.contains(*table)) || created.contains(table),
        order_unknown: relation.reordered
            && parts.iter().any(|(_, rows)| rows.inserts && rows.destination.columns.is_none()),
    }
}

impl Unit {
    /// `public.orders`
    pub fn label(&self) -> String {
        format!("{}.{}", self.form.table.0, self.form.table.1)
    }

    /// The tables that the dump has the rows for.
    pub fn tables(&self) -> BTreeSet<Table> {
        self.destinations
            .iter()
            .map(|destination| (schema_of(&destination.schema), destination.table.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(oid: u32, kind: char, root: Option<&str>) -> Relation {
        let root = root.map(|root| ("public".to_owned(), root.to_owned()));
        Relation { oid, kind, root, of_extension: false, alters: Vec::new(), reordered: false, unlogged: false }
    }

    fn rows(table: &str, columns: Option<&[&str]>, sum: i128) -> TableRows {
        let columns = columns.map(|columns| columns.iter().map(|column| (*column).to_owned()).collect());
        TableRows {
            destination: Destination { database: None, schema: Some("public".into()), table: table.into(), columns },
            line: 1,
            rows: 1,
            bytes: 10,
            inserts: false,
            digest: Ok(Digest { rows: 1, sum }),
            defaults: Vec::new(),
            ascii: true,
            at_most: false,
        }
    }

    fn name(table: &str) -> Table {
        ("public".into(), table.into())
    }

    fn planned(relations: &[(&str, Relation)], rows: &[TableRows]) -> Plan {
        let relations: BTreeMap<Table, Relation> =
            relations.iter().map(|(table, relation)| (name(table), relation.clone())).collect();
        let rows: Vec<_> = rows.iter().map(|rows| (name(&rows.destination.table), rows)).collect();
        let column = |name: &str, generated| Column { name: name.into(), generated, key: false, types: [23].into() };
        let columns = HashMap::from([(1, vec![column("a", false), column("g", true), column("b", false)])]);
        let empty = relations.keys().filter(|table| rows.iter().all(|(of, _)| of != *table)).cloned().collect();
        plan(&rows, &relations, &columns, &BTreeSet::new(), empty)
    }

    #[test]
    fn partitions_are_compared_one_by_one_unless_the_dump_loads_their_root() {
        let tree = [
            ("root", relation(1, 'p', None)),
            ("one", relation(2, 'r', Some("root"))),
            ("two", relation(3, 'r', Some("root"))),
        ];
        let columns: Option<&[&str]> = Some(&["a"]);
        let plan = planned(&tree, &[rows("one", columns, 1), rows("two", columns, 2)]);
        assert_eq!(plan.units.iter().map(Unit::label).collect::<Vec<_>>(), ["public.one", "public.two"]);
        assert!(plan.units.iter().all(|unit| unit.form.only && unit.uniform));
        let plan = planned(&tree, &[rows("root", columns, 1), rows("two", columns, 2), rows("root", Some(&["b"]), 4)]);
        assert_eq!(plan.units.len(), 1);
        assert_eq!((plan.units[0].label().as_str(), plan.units[0].form.only), ("public.root", false));
        assert_eq!((plan.units[0].rows, plan.units[0].digest), (3, Err(NoDigest::Defaults)));
        assert!(!plan.units[0].uniform);
        assert!(plan.empty.is_empty(), "the rows of the root are in its partitions: {:?}", plan.empty);
    }

    #[test]
    fn a_table_of_which_the_dump_holds_no_row_must_be_empty_unless_rows_can_come_otherwise() {
        let relations = [
            ("full", relation(1, 'r', None)),
            ("bare", relation(2, 'r', None)),
            ("seen", relation(3, 'v', None)),
            ("brought", Relation { of_extension: true, ..relation(4, 'r', None) }),
            ("leaf", relation(5, 'r', Some("tree"))),
        ];
        assert_eq!(planned(&relations, &[rows("full", None, 1)]).empty, [name("bare"), name("leaf")]);
    }

    #[test]
    fn what_keeps_no_rows_here_is_listed_and_not_compared_or_untested() {
        let relations = [
            ("far", relation(1, 'f', None)),
            ("view", relation(2, 'v', None)),
            ("root", relation(3, 'p', None)),
            ("leaf", relation(4, 'f', Some("root"))),
        ];
        let plan = planned(&relations, &["far", "view", "root", "gone"].map(|table| rows(table, None, 1)));
        assert!(plan.units.is_empty());
        assert_eq!(plan.not_compared.len(), 2);
        assert_eq!(plan.could_not.len(), 1, "{:?}", plan.could_not);
        assert_eq!(plan.absent, [(name("gone"), 1)]);
    }

    #[test]
    fn columns_that_no_list_names_are_the_tables_own() {
        let mut insert = rows("t", None, 1);
        (insert.inserts, insert.defaults) = (true, vec![1]);
        let plan = planned(&[("t", relation(1, 'r', None))], &[insert]);
        assert_eq!(plan.units[0].form.columns, ["a", "b"]);
        let plan = planned(&[("t", relation(1, 'r', None))], &[rows("t", None, 1)]);
        assert_eq!(plan.units[0].form.columns, ["a", "b"]);
    }

    #[test]
    fn values_in_an_order_that_may_be_another_one_are_known_by_their_statements() {
        let insert = |columns| TableRows { inserts: true, ..rows("t", columns, 1) };
        let order_unknown = |reordered: bool, rows: TableRows| {
            let relation = Relation { reordered, ..relation(1, 'r', None) };
            planned(&[("t", relation)], &[rows]).units[0].order_unknown
        };
        assert!(order_unknown(true, insert(None)));
        assert!(!order_unknown(false, insert(None)));
        assert!(!order_unknown(true, insert(Some(&["a", "b"]))));
        assert!(!order_unknown(true, rows("t", None, 1)));
    }
}
