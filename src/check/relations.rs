//! The kinds of relations that have owners and privileges, as queries of `pg_class` tell them apart.

use std::fmt::Display;

use pgdump_reader::ObjectKind;

/// What `c.relkind` is one of: `'r', 'p', 'v'`.
pub fn letters() -> String {
    let letters: Vec<String> = ObjectKind::relations().map(|(letter, _)| format!("'{letter}'")).collect();
    letters.join(", ")
}

/// A word for each, by `c.relkind`.
pub fn case<T: Display>(word: impl Fn(&'static ObjectKind) -> Option<T>) -> String {
    let case = |(letter, kind)| Some(format!("WHEN '{letter}' THEN '{}'", word(kind)?));
    let cases: Vec<String> = ObjectKind::relations().filter_map(case).collect();
    format!("CASE c.relkind {} END", cases.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_known_by_its_letter() {
        let letters = letters();
        assert!(["'r', 'p'", "'v'", "'m'", "'S'", "'f'"].into_iter().all(|kind| letters.contains(kind)), "{letters}");
        assert!(!letters.contains("'i'"), "an index has the owner of its table: {letters}");
        let words = case(|kind| Some(kind.sql));
        assert!(words.contains("WHEN 'm' THEN 'MATERIALIZED VIEW' ") && words.contains("WHEN 'p' THEN 'TABLE' "));
    }
}
