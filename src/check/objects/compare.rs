//! Which objects of the dump are there again, and which are not what they were.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::rules::{self, Majors};
use crate::dump::Declared;
use crate::finding::Failure;

/// What the comparison of two lists of objects comes to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// In the dump and not in the database, and no statement of it failed.
    pub missing: Vec<Declared>,
    /// In the database and not in the dump.
    pub extra: Vec<Declared>,
    /// In both, with other definitions.
    pub changed: Vec<(Declared, Declared)>,
    /// How many objects were compared, by type.
    pub compared: BTreeMap<String, u64>,
    /// How many the restore itself has failed on or did not come to.
    pub failed: u64,
}

type Key<'a> = (&'a str, &'a str, &'a str);

fn key(declared: &Declared) -> Key<'_> {
    (declared.desc.as_str(), declared.schema.as_deref().unwrap_or_default(), declared.tag.as_str())
}

/// Compares what the dump declares with what the database holds.
pub fn compare(dump: &[Declared], restored: &[Declared], failures: &[Failure], majors: Majors) -> Comparison {
    let mut comparison = Comparison::default();
    let failed = failed(dump, failures);
    let mut by_key: HashMap<Key<'_>, Vec<&Declared>> = HashMap::new();
    for object in restored.iter().filter(|object| is_compared(object)) {
        by_key.entry(key(object)).or_default().push(object);
    }
    for (index, object) in dump.iter().enumerate().filter(|(_, object)| is_compared(object)) {
        *comparison.compared.entry(object.desc.to_lowercase()).or_default() += 1;
        let found = by_key.get_mut(&key(object)).and_then(|found| {
            // Tags join names with spaces, so different objects can share one.
            let same = found.iter().position(|found| is_same(object, found, majors));
            (!found.is_empty()).then(|| found.swap_remove(same.unwrap_or(0)))
        });
        match found {
            None if failed.contains(&index) => comparison.failed += 1,
            None => comparison.missing.push(object.clone()),
            Some(found) => {
                // What was there before the restore is the restore's finding.
                if !failed.contains(&index) && !is_same(object, found, majors) {
                    comparison.changed.push((object.clone(), found.clone()));
                }
            }
        }
    }
    comparison.extra = by_key.into_values().flatten().cloned().collect();
    comparison.extra.sort_by(|a, b| key(a).cmp(&key(b)));
    comparison.missing.sort_by(|a, b| key(a).cmp(&key(b)));
    comparison.changed.sort_by(|(a, _), (b, _)| key(a).cmp(&key(b)));
    comparison
}

fn is_same(dump: &Declared, restored: &Declared, majors: Majors) -> bool {
    // What was not kept cannot be compared.
    (dump.definition.is_empty() && !restored.definition.is_empty())
        || (rules::same(&dump.desc, &dump.definition, &restored.definition, majors)
            && dump.tablespace.as_deref().unwrap_or_default() == restored.tablespace.as_deref().unwrap_or_default())
}

/// Privileges are compared by what they allow, not by their statements; and what belongs to the database itself is only
/// restored with it.
fn is_compared(object: &Declared) -> bool {
    !matches!(object.desc.as_str(), "ACL" | "DEFAULT ACL") && !object.tag.starts_with("DATABASE ")
}

/// The objects of which the restore has refused a statement.
pub fn failed(dump: &[Declared], failures: &[Failure]) -> HashSet<usize> {
    /// A log can hold fewer bytes than all of a statement.
    const COMPARED: usize = 4000;
    let start = |text: &str| {
        let text = text.trim().trim_end_matches(';').trim_end();
        text[..text.floor_char_boundary(COMPARED)].to_owned()
    };
    let entries: HashSet<i32> = failures.iter().filter_map(|failure| failure.entry).collect();
    let statements: HashSet<String> =
        failures.iter().filter_map(|failure| failure.statement.as_deref()).map(start).collect();
    let is_failed = |object: &Declared| {
        object.id.is_some_and(|id| entries.contains(&id))
            || statements.contains(&start(&object.definition))
            || object.definition.split_inclusive(";\n").any(|statement| statements.contains(&start(statement)))
    };
    if failures.is_empty() {
        return HashSet::new();
    }
    dump.iter().enumerate().filter(|(_, object)| is_failed(object)).map(|(index, _)| index).collect()
}
