//! The ledger of a rehearsal: every item that the dump holds is in it, and ends exactly once, as compared, as not compared
//! with a reason, or as untested with a reason. What no check answers for is untested, never left out.

mod items;

use std::collections::{BTreeMap, HashMap};

use pgdump_reader::Scan;
use serde::{Deserialize, Serialize};

use super::left_out::LeftOut;
use super::places::Places;
use crate::check::{Apart, ApartReason, CheckResult, CheckedDatabase, ItemKind, Outcome};
use items::Item;

/// How the items of one kind ended. `held` is the sum of the three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub kind: ItemKind,
    /// How many the dump holds.
    pub held: u64,
    /// How many were compared with what came back, or have failed to come back and are reported.
    pub compared: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<EndedAlike>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untested: Vec<EndedAlike>,
}

/// Items that ended alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedAlike {
    pub reason: String,
    pub count: u64,
    /// Their names, in order; empty where they have none, or none that can be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

impl Entry {
    /// Whether people should hear of it: something was not compared that this restore could have brought.
    pub fn is_worth_a_word(&self) -> bool {
        !self.untested.is_empty() || self.not_compared.iter().any(|part| part.reason != items::OF_DATABASE)
    }

    /// Whether every item of the kind ended exactly once.
    pub fn adds_up(&self) -> bool {
        let count = |parts: &[EndedAlike]| parts.iter().map(|part| part.count).sum::<u64>();
        self.held == self.compared + count(&self.not_compared) + count(&self.untested)
    }
}

/// What decides how items end.
pub struct Ending<'a> {
    pub scan: &'a Scan,
    pub places: &'a Places,
    pub results: &'a [CheckResult],
    /// Why checks of these names did not look, where that is the run's or the profile's own doing.
    pub left_aside: &'a BTreeMap<&'static str, String>,
    /// What the restore's own list or options have left out.
    pub left_out: &'a LeftOut,
    /// Whether the restore has failed with errors that are open: what they hit is reported.
    pub restore_failed: bool,
    /// Whether what the dump makes of the database itself (its comment, its privileges) has come with it.
    pub made_database: &'a dyn Fn(&CheckedDatabase) -> bool,
}

/// How one item ended.
enum ItemEnd {
    Compared,
    NotCompared(String),
    Untested(String),
}

/// Balances the ledger: every kind of which the dump holds something, in the kinds' order.
pub fn balance(ending: &Ending<'_>) -> Vec<Entry> {
    let apart = apart(ending.results);
    let several = ending.places.looked_at.len() > 1;
    let mut kinds: BTreeMap<ItemKind, Entry> = BTreeMap::new();
    let mut parts: BTreeMap<(ItemKind, bool, String), EndedAlike> = BTreeMap::new();
    for item in items::of(ending.scan, ending.left_out) {
        let kind = item.kind;
        let entry = kinds.entry(kind).or_insert_with(|| Entry {
            kind,
            held: 0,
            compared: 0,
            not_compared: Vec::new(),
            untested: Vec::new(),
        });
        entry.held += item.count;
        let (is_untested, reason) = match end(&item, ending, &apart) {
            ItemEnd::Compared => {
                entry.compared += item.count;
                continue;
            }
            ItemEnd::NotCompared(reason) => (false, reason),
            ItemEnd::Untested(reason) => (true, reason),
        };
        let part = parts.entry((kind, is_untested, reason)).or_insert_with_key(|(_, _, reason)| EndedAlike {
            reason: reason.clone(),
            count: 0,
            names: Vec::new(),
        });
        part.count += item.count;
        part.names.extend(item.name(several));
    }
    for ((kind, is_untested, _), mut part) in parts {
        part.names.sort();
        if let Some(entry) = kinds.get_mut(&kind) {
            if is_untested { entry.untested.push(part) } else { entry.not_compared.push(part) }
        }
    }
    kinds.into_values().collect()
}

/// What checks have set apart: by the database that they looked at, kind and item.
type SetApart<'a> = HashMap<(Option<&'a str>, ItemKind, &'a str, &'a str), &'a ApartReason>;

fn apart(results: &[CheckResult]) -> SetApart<'_> {
    let all = results.iter().flat_map(|result| result.apart.iter().map(move |apart| (result, apart)));
    all.map(|(result, Apart { kind, item, why })| {
        ((result.database.as_deref(), *kind, item.0.as_str(), item.1.as_str()), why)
    })
    .collect()
}

fn end(item: &Item<'_>, ending: &Ending<'_>, apart: &SetApart<'_>) -> ItemEnd {
    if let Some(why) = item.left_out {
        return ItemEnd::NotCompared(why.to_owned());
    }
    if let Some(why) = item.nobody {
        return ItemEnd::NotCompared(why.to_owned());
    }
    // Roles belong to the cluster.
    if item.kind == ItemKind::Role {
        return by_check(item, None, ending);
    }
    let Some(place) = ending.places.looked_at.iter().find(|place| place.is_known_as(item.database)) else {
        let lost = ending.places.lost.iter().find(|lost| lost.known_as.as_deref() == item.database);
        return match lost {
            _ if ending.restore_failed => ItemEnd::Compared,
            Some(lost) => ItemEnd::Untested(lost.reason.clone()),
            None if item.kind == ItemKind::Database && !ending.places.looked_at.is_empty() => {
                ItemEnd::Untested("it is not there after the restore".to_owned())
            }
            None => ItemEnd::Untested("nothing was restored that could be looked at".to_owned()),
        };
    };
    if item.of_database {
        let is_made = (ending.made_database)(place);
        if !is_made || !item.can_be_of_database {
            let why = if is_made { "what hangs on the database itself is not compared" } else { items::OF_DATABASE };
            return ItemEnd::NotCompared(why.to_owned());
        }
    }
    if item.kind == ItemKind::Database {
        // Which is the same as that any check has looked at it.
        let looked = ending
            .results
            .iter()
            .any(|result| is_of(result, place) && matches!(result.outcome, Outcome::Looked { .. }));
        return if looked { ItemEnd::Compared } else { ItemEnd::Untested("no check could look at it".to_owned()) };
    }
    let set_apart = [None, Some(place.name.as_str())]
        .into_iter()
        .find_map(|database| apart.get(&(database, item.kind, item.key.0.as_str(), item.key.1.as_str())));
    match set_apart {
        Some(ApartReason::NotCompared(why)) => ItemEnd::NotCompared(why.clone()),
        Some(ApartReason::Untested(why)) => ItemEnd::Untested(why.clone()),
        None => by_check(item, Some(place), ending),
    }
}

fn by_check(item: &Item<'_>, place: Option<&CheckedDatabase>, ending: &Ending<'_>) -> ItemEnd {
    if let Some(why) = ending.left_aside.get(item.check) {
        return ItemEnd::NotCompared(why.clone());
    }
    let result = ending
        .results
        .iter()
        .find(|result| result.check == item.check && place.is_none_or(|place| is_of(result, place)));
    match result.map(|result| &result.outcome) {
        Some(Outcome::Looked { .. }) => ItemEnd::Compared,
        Some(Outcome::CouldNotLook { reason }) => {
            ItemEnd::Untested(format!("the check {} could not look: {reason}", item.check))
        }
        None if ending.restore_failed => ItemEnd::Compared,
        None => ItemEnd::Untested(format!("the check {} has not looked", item.check)),
    }
}

fn is_of(result: &CheckResult, place: &CheckedDatabase) -> bool {
    result.database.as_ref().is_none_or(|database| *database == place.name)
}
