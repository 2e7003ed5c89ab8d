//! Sequences that stand elsewhere than the dump puts them.

use std::collections::{BTreeMap, HashSet};

use pgdump_reader::tag;

use super::read::{Next, Sequence};
use crate::check::catalog::{first_few, restore_failed};
use crate::check::scope::{in_database, schema_of};
use crate::check::{Apart, ItemKind, Restored};
use crate::cluster::sql::literal;
use crate::finding::{AfterKind, Finding, Name, Severity};

/// One that stands elsewhere.
struct Changed<'a> {
    sequence: &'a Sequence,
    last_value: i64,
    is_called: bool,
}

/// What the comparison comes to.
pub struct Judged<'a> {
    /// Findings with the sequences that they are about.
    pub findings: Vec<(Finding, Vec<&'a Sequence>)>,
    pub compared: usize,
    /// How many are not there or were never set, which the restore's errors explain.
    pub lost: u64,
    /// Values that were not compared.
    pub apart: Vec<Apart>,
    pub could_not: Vec<String>,
}

/// Where the dump puts a sequence.
pub struct Dumped<'a> {
    /// `None` where no constant says it.
    pub value: Option<(i64, bool)>,
    /// As the dump calls it: schema and name.
    called: (String, &'a str),
    /// Whether the dump names its column alone.
    by_column: bool,
}

/// Where the dump puts each sequence of this database, by schema and name: the last word counts.
pub type AllDumped<'a> = BTreeMap<(String, String), Dumped<'a>>;

/// Where the dump puts each sequence. One that it names by its column is the one that feeds that column here.
pub fn dumped<'a>(restored: &'a Restored<'_>, sequences: &[Sequence]) -> AllDumped<'a> {
    let here = in_database(&restored.scan.facts.sequences, restored, |value| &value.sequence.database);
    here.map(|value| {
        let called = (schema_of(&value.sequence.schema), value.sequence.name.as_str());
        let of_column = value.of_column.as_ref();
        let fed =
            of_column.and_then(|(table, column)| feeding(sequences, &schema_of(&table.schema), &table.name, column));
        let name = match fed {
            Some(sequence) => (sequence.schema.clone(), sequence.name.clone()),
            None => (called.0.clone(), called.1.to_owned()),
        };
        (name, Dumped { value: value.value, called, by_column: of_column.is_some() })
    })
    .collect()
}

/// The one sequence that feeds a column, where there is one.
fn feeding<'s>(sequences: &'s [Sequence], schema: &str, table: &str, column: &str) -> Option<&'s Sequence> {
    let feeds = |sequence: &&Sequence| {
        let mut columns = sequence.columns.iter();
        columns.any(|of| (of.schema.as_str(), of.table.as_str(), of.name.as_str()) == (schema, table, column))
    };
    let mut feeding = sequences.iter().filter(feeds);
    feeding.next().filter(|_| feeding.next().is_none())
}

/// Those in `reported` have their finding, those in `unread` could not be read.
pub fn judge<'a>(
    restored: &Restored<'_>,
    sequences: &'a [Sequence],
    reported: &HashSet<(&str, &str)>,
    unread: &BTreeMap<(String, String), String>,
) -> Judged<'a> {
    let dumped = dumped(restored, sequences);
    let (apart, could_not, missing) = set_apart(restored, &dumped, sequences, unread);
    let failed = restore_failed(restored);
    let (mut compared, mut lost) = (0, missing);
    let (mut lower, mut beyond) = (Vec::new(), Vec::new());
    for sequence in sequences {
        let dumped = dumped.get(&(sequence.schema.clone(), sequence.name.clone()));
        let Some((last_value, is_called)) = dumped.and_then(|dumped| dumped.value) else { continue };
        compared += 1;
        let stands = (sequence.last_value, sequence.is_called);
        if stands == (i128::from(last_value), is_called)
            || reported.contains(&(sequence.schema.as_str(), sequence.name.as_str()))
        {
            continue;
        }
        // It was never set, and the restore's errors say why.
        if failed && stands == (sequence.start, false) {
            lost += 1;
            continue;
        }
        let changed = Changed { sequence, last_value, is_called };
        if is_lower(&changed) { lower.push(changed) } else { beyond.push(changed) }
    }
    let findings = [finding(&lower, Severity::Error), finding(&beyond, Severity::Warning)];
    Judged { findings: findings.into_iter().flatten().collect(), compared, lost, apart, could_not }
}

/// The values that cannot be compared, those that should be and could not, and how many have no sequence, which the restore's
/// errors explain.
fn set_apart(
    restored: &Restored<'_>,
    dumped: &AllDumped<'_>,
    sequences: &[Sequence],
    unread: &BTreeMap<(String, String), String>,
) -> (Vec<Apart>, Vec<String>, u64) {
    let there: HashSet<(&str, &str)> =
        sequences.iter().map(|sequence| (sequence.schema.as_str(), sequence.name.as_str())).collect();
    let declared: HashSet<(String, &str)> = in_database(&restored.scan.declared, restored, |object| &object.database)
        .filter(|object| object.desc == tag::SEQUENCE)
        .map(|object| (schema_of(&object.schema), object.tag.as_str()))
        .collect();
    let failed = restore_failed(restored);
    let (mut apart, mut could_not, mut missing) = (Vec::new(), Vec::new(), 0);
    for (of, Dumped { value, called: (schema, name), by_column }) in dumped {
        let item = (schema.as_str(), *name);
        if let Some(error) = unread.get(of) {
            apart.push(Apart::untested(ItemKind::SequenceValue, item, error.clone()));
        } else if there.contains(&(of.0.as_str(), of.1.as_str())) {
            if value.is_none() {
                let why = "the dump sets it to what an expression gives, and not to a constant";
                apart.push(Apart::not_compared(ItemKind::SequenceValue, item, why));
            }
        } else if *by_column {
            let why = "the dump names only its column, and only the server knows the sequence";
            apart.push(Apart::not_compared(ItemKind::SequenceValue, item, why));
        // That a sequence is missing is reported by the restore, or by the comparison of objects.
        } else if failed {
            missing += 1;
        } else if !declared.contains(&(schema.clone(), *name)) {
            let why = "the dump sets it, but no such sequence exists";
            could_not.push(format!("sequence {schema}.{name}: {why}"));
            apart.push(Apart::untested(ItemKind::SequenceValue, item, why));
        }
    }
    (apart, could_not, missing)
}

/// Whether it hands out values once more that the source has handed out. One that turns has no such order.
fn is_lower(changed: &Changed<'_>) -> bool {
    let sequence = changed.sequence;
    let dumped = Sequence {
        last_value: i128::from(changed.last_value),
        is_called: changed.is_called,
        columns: Vec::new(),
        ..sequence.clone()
    };
    match (sequence.next(), dumped.next()) {
        (Next::Value(now), Next::Value(then)) if sequence.increment > 0 => now < then,
        (Next::Value(now), Next::Value(then)) => now > then,
        (Next::Value(_), Next::Exhausted) => true,
        (Next::Exhausted, _) => false,
    }
}

fn finding<'a>(changed: &[Changed<'a>], severity: Severity) -> Option<(Finding, Vec<&'a Sequence>)> {
    let [first, rest @ ..] = changed else { return None };
    let way = if severity == Severity::Error { "behind" } else { "beyond" };
    let title = if rest.is_empty() {
        format!("sequence {} stands {way} where the dump puts it", first.sequence.label())
    } else {
        format!("{} sequences stand {way} where the dump puts them", changed.len())
    };
    let mut finding = Finding::new(Name::SequenceChanged, title);
    finding.severity = severity;
    finding.count = changed.len() as u64;
    finding.objects = changed.iter().map(|changed| format!("SEQUENCE {}", changed.sequence.label())).collect();
    let describe = |changed: &Changed<'_>| {
        let sequence = changed.sequence;
        format!(
            "{}: last_value {}, is_called {} in the dump; last_value {}, is_called {} in the database",
            sequence.label(),
            changed.last_value,
            changed.is_called,
            sequence.last_value,
            sequence.is_called
        )
    };
    finding.evidence = first_few(changed.iter().map(describe).collect());
    finding.fix = if severity == Severity::Error {
        "Set the sequences to where the dump has them: otherwise numbers that the source has handed out come twice."
            .into()
    } else {
        "Something has taken numbers during or after the restore; see what it was. Gaps alone do no harm.".into()
    };
    let command = |changed: &Changed<'_>| {
        let name = literal(&changed.sequence.qualified());
        format!("SELECT pg_catalog.setval({name}, {}, {});", changed.last_value, changed.is_called)
    };
    finding.mend(AfterKind::Setval, changed.iter().map(command).collect());
    Some((finding, changed.iter().map(|changed| changed.sequence).collect()))
}
