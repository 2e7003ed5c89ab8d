//! What the profile's own list or options leave out of a source: it is reported as a finding, stands in the ledger as not
//! compared, and is no part of what the result is compared with.

use std::collections::HashSet;

use pgdump_reader::{Declared, ObjectKind, Part, Scan, TocEntry, schema_or_public, tag};

use crate::check::{CheckResult, Group, LEFT_OUT, Outcome};
use crate::counted::{agreeing, counted, counted_as};
use crate::finding::{Finding, Name};
use crate::source::EntriesLeftOut;

/// Entries of an archive that are not restored; empty where all are.
#[derive(Debug, Clone, Default)]
pub struct LeftOut {
    /// Why, of each entry: `left out by --schema-only`.
    reason: String,
    /// The option that selects.
    option: String,
    ids: HashSet<i32>,
    /// Type, schema and tag.
    entries: HashSet<(String, String, String)>,
    /// In the archive's order, those that hold data.
    data: Vec<String>,
}

/// Whether an entry holds data, or says where a sequence stands, or fills a view.
fn is_data(entry: &TocEntry) -> bool {
    ObjectKind::of_tag(&entry.desc).is_some_and(|kind| kind.part == Part::Data)
}

impl LeftOut {
    /// These entries, and what is to be said of them.
    pub fn of(EntriesLeftOut { entries, option }: EntriesLeftOut<'_>) -> Self {
        let key = |entry: &&TocEntry| {
            (entry.desc.clone(), schema_or_public(entry.schema.as_deref()).to_owned(), entry.tag.clone())
        };
        Self {
            reason: format!("left out by {option}"),
            ids: entries.iter().map(|entry| entry.id).collect(),
            entries: entries.iter().map(key).collect(),
            data: entries.iter().filter(|entry| is_data(entry)).map(|entry| entry.label()).collect(),
            option,
        }
    }

    fn has(&self, desc: &str, schema: &str, tag: &str) -> Option<&str> {
        let key = (desc.to_owned(), schema.to_owned(), tag.to_owned());
        (!self.ids.is_empty() && self.entries.contains(&key)).then_some(self.reason.as_str())
    }

    /// Why a definition is left out, where it is.
    pub fn definition(&self, desc: &str, schema: &str, name: &str) -> Option<&str> {
        self.has(desc, schema, name)
    }

    /// Whether the table is left out that what hangs on it names in its tag: `TABLE orders`, `orders`, `orders own_orders`.
    pub fn has_table_of(&self, schema: &str, object: &Declared) -> bool {
        let tag = match object.subject() {
            Some((tag::TABLE, table)) => table,
            _ => object.tag.as_str(),
        };
        let ends = tag.match_indices(' ').map(|(at, _)| &tag[..at]).chain([tag]);
        ends.into_iter().any(|table| self.has(tag::TABLE, schema, table).is_some())
    }

    /// Why the rows of a table are left out, where they are.
    pub fn rows(&self, schema: &str, table: &str) -> Option<&str> {
        self.has(tag::TABLE_DATA, schema, table)
    }

    /// Why a sequence's value is left out, where it is.
    pub fn sequence(&self, schema: &str, name: &str) -> Option<&str> {
        self.has(tag::SEQUENCE_SET, schema, name)
    }

    /// Why a view is left unfilled, where it is.
    pub fn materialized_view(&self, schema: &str, name: &str) -> Option<&str> {
        self.has(tag::MATERIALIZED_VIEW_DATA, schema, name)
    }

    /// Why large objects are not compared, where some are left out.
    pub fn large_objects(&self) -> Option<&str> {
        let any =
            self.entries.iter().any(|(desc, ..)| matches!(desc.as_str(), tag::BLOB | tag::BLOBS | tag::BLOB_METADATA));
        any.then_some(self.reason.as_str())
    }

    /// Why an entry is left out, where it is.
    pub fn entry(&self, id: i32) -> Option<&str> {
        self.ids.contains(&id).then_some(self.reason.as_str())
    }

    /// The ids of all entries that are left out, and what leaves them out.
    pub fn ids(&self) -> (&HashSet<i32>, &str) {
        (&self.ids, &self.option)
    }

    /// Whether everything is restored.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// What the dump holds of data that are restored. Definitions stay, and so do privileges and policies: one that is
    /// missing is reported, whatever left it out.
    pub fn witness(&self, scan: &Scan) -> Scan {
        let mut scan = scan.clone();
        scan.rows.retain(|rows| {
            self.rows(schema_or_public(rows.destination.schema.as_deref()), &rows.destination.table).is_none()
        });
        for table in &mut scan.facts.tables {
            if self.rows(schema_or_public(table.schema.as_deref()), &table.name).is_some() {
                (table.has_data, table.rows, table.bytes) = (false, None, 0);
            }
        }
        scan.facts.sequences.retain(|value| {
            self.sequence(schema_or_public(value.sequence.schema.as_deref()), &value.sequence.name).is_none()
        });
        scan.facts
            .refreshed
            .retain(|view| self.materialized_view(schema_or_public(view.schema.as_deref()), &view.name).is_none());
        if self.large_objects().is_some() {
            scan.large_objects.clear();
        }
        scan
    }

    /// The data that are left out, as the result of a check; `None` where none are.
    pub fn check_result(&self) -> Option<CheckResult> {
        if self.data.is_empty() {
            return None;
        }
        let is_of_table = |label: &&String| ObjectKind::of_label(label).is_some_and(|kind| kind.tag == tag::TABLE_DATA);
        let tables = self.data.iter().filter(is_of_table).count();
        let rows = format!("the rows of {}", counted(tables, "table"));
        let mut finding = Finding::new(
            Name::LeftOut,
            format!(
                "{} leaves out {}",
                self.option,
                match (tables, self.data.len() - tables) {
                    (_, 0) => rows,
                    (0, others) => counted_as(others, "entry with data", "entries with data"),
                    (_, others) =>
                        format!("{rows}, and {others} more {} with data", agreeing(others, "entry", "entries")),
                }
            ),
        );
        finding.count = self.data.len() as u64;
        finding.objects = self.data.clone();
        finding.evidence = vec!["what is left out was not compared; what is restored was".to_owned()];
        finding.fix = format!("Restore without {}, unless that is what the target is meant to be.", self.option);
        Some(CheckResult {
            outcome: Outcome::Looked { findings: vec![finding] },
            looked_at: format!("{} left out", counted_as(self.data.len(), "entry with data", "entries with data")),
            ..CheckResult::new(LEFT_OUT, Group::Rows)
        })
    }
}
