//! Functions that a dump calls in a SELECT: settings, values of sequences, large objects.

use std::collections::BTreeMap;

use super::Collector;
use super::effect::{Effect, LargeObjectCall};
use crate::changes;
use crate::facts::{Relation, SequenceValue};
use crate::sequences::{self, Named};
use crate::words::Words;

impl Collector {
    /// `SELECT pg_catalog.set_config('search_path', '', false)`
    pub(super) fn select(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        if let Some(into) = changes::into(*words) {
            let (schema, name) = into.table;
            if !into.is_own && !self.temporary.makes(schema.as_deref()) {
                let schema = schema.or_else(|| self.schema.clone());
                self.table(schema, name).created = true;
            }
            return Some(Effect::None);
        }
        let sets = sequences::set_by_calls(*words);
        if !sets.is_empty() {
            return Some(self.set_sequences(sets));
        }
        // `SELECT * FROM pg_catalog.pg_restore_relation_stats(…)` (dumpRelationStats in pg_dump.c, 18).
        if words.sign(b'*').is_some() {
            words.eat("from")?;
            let (_, function) = words.qualified()?;
            self.facts.statistics += u64::from(function.starts_with("pg_restore_") && function.ends_with("_stats"));
            return Some(Effect::None);
        }
        let (_, function) = words.qualified()?;
        if let Some(call) = large_object_call(&function, words) {
            return Some(Effect::LargeObject(call));
        }
        if function == "set_config" {
            words.sign(b'(')?;
            let unknown = Effect::Unknown("set_config with something that is no constant");
            let Some(name) = words.text() else { return Some(unknown) };
            words.sign(b',')?;
            let matters = ["search_path", "client_encoding", "standard_conforming_strings"].contains(&name.as_str());
            let value = words.text();
            let Some(value) = value.filter(|_| words.sign(b',').is_some()) else {
                return Some(if matters { unknown } else { Effect::None });
            };
            let is_local = words.eat("true").is_some();
            let effect = match name.as_str() {
                "search_path" if is_local => Effect::Unknown("set_config for one transaction alone"),
                "search_path" => {
                    self.built_in = value.is_empty();
                    self.search(value.split(',').map(str::trim).map(unquote).collect());
                    Effect::None
                }
                _ => self.set_to(&name, Some(value), *words, is_local),
            };
            self.setting(name);
            return Some(effect);
        } else if function == "lo_create" {
            self.facts.large_objects += u64::from(self.label.is_none());
        }
        Some(Effect::None)
    }

    /// Takes what a statement sets sequences to.
    pub(super) fn set_sequences(&mut self, sets: Vec<sequences::Set>) -> Effect {
        let mut effect = Effect::None;
        for set in sets {
            match set.sequence {
                Some(named) => self.set_sequence(named, set.value),
                None => effect = Effect::Unknown("setval of a sequence that is named by no constant"),
            }
        }
        effect
    }

    pub(super) fn set_sequence(&mut self, named: Named, value: sequences::Value) {
        let relation = |(schema, name): (Option<String>, String)| Relation {
            database: self.database.clone(),
            schema: schema.or_else(|| self.schema.clone()),
            name,
        };
        let set = match named {
            Named::Itself(name) => SequenceValue { sequence: relation(name), of_column: None, value },
            Named::OfColumn(table, column) => {
                let table = relation(table);
                let sequence = Relation { name: sequences::of_column(&table.name, &column), ..table.clone() };
                SequenceValue { sequence, of_column: Some((table, column)), value }
            }
        };
        self.facts.sequences.push(set);
    }

    /// What was said of any sequence of this database is no more its last value, and only the server knows that.
    pub(super) fn forget_sequences(&mut self) {
        let here = self.facts.sequences.iter().filter(|value| value.sequence.database == self.database);
        let said: BTreeMap<&Relation, &SequenceValue> = here.map(|value| (&value.sequence, value)).collect();
        let anew: Vec<_> = said.into_values().map(|value| SequenceValue { value: None, ..value.clone() }).collect();
        self.facts.sequences.extend(anew);
    }

    /// Takes what calls of `setval` do, wherever they stand in a statement.
    pub(super) fn sets_sequences(&mut self, words: Words<'_>) -> Option<Effect> {
        let sets = sequences::set_by_calls(words);
        (!sets.is_empty()).then(|| self.set_sequences(sets))
    }

    /// `TRUNCATE … RESTART IDENTITY` starts sequences anew that nothing but the server knows: what was said of any is no
    /// more its last value.
    pub(super) fn truncate(&mut self, words: Words<'_>) {
        if words.have(&["restart", "identity"]) {
            self.forget_sequences();
        }
    }
}

/// `lo_open('16401', 131072)`, or what 9.0 to 18 write beside it; `lo_create` makes an object without data.
fn large_object_call(function: &str, words: &mut Words<'_>) -> Option<LargeObjectCall> {
    let mut words = *words;
    words.sign(b'(')?;
    match function {
        "lo_open" => {
            let oid = words.text().or_else(|| words.name())?;
            Some(LargeObjectCall::Open(oid.parse().ok()?))
        }
        "lowrite" => {
            words.name()?;
            words.sign(b',')?;
            Some(LargeObjectCall::Write(bytes_of(&words.text()?)))
        }
        "lo_close" => Some(LargeObjectCall::Close),
        _ => None,
    }
}

/// `\x0102` (appendByteaLiteral in src/fe_utils/string_utils.c writes nothing else); nothing where it is none.
fn bytes_of(text: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> = text.strip_prefix("\\x").map(|digits| {
        digits.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|digit| digit as u8).collect()
    });
    digits.unwrap_or_default().chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// An argument of a psql command or part of search_path, without its quotes.
fn unquote(argument: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = argument.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    argument.to_owned()
}
