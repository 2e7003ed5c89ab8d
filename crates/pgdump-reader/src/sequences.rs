//! What statements set sequences to, as people write it and not only as pg_dump does.

use crate::sql::boolean;
use crate::words::Words;

/// `last_value` and `is_called`; `None` where they are not written as constants.
pub(crate) type Value = Option<(i64, bool)>;

/// A sequence that a statement sets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Set {
    /// `None` where its name is not written as constants.
    pub(crate) sequence: Option<Named>,
    pub(crate) value: Value,
}

/// How a statement names a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// By schema and name.
    Itself((Option<String>, String)),
    /// As the one of a column, by the table's schema and name.
    OfColumn((Option<String>, String), String),
}

/// What every `setval(…)` of a statement sets, in order, as in `SELECT pg_catalog.setval('public.orders_id_seq', 5, true)`
/// (dumpSequenceData in pg_dump.c).
pub(crate) fn set_by_calls(mut words: Words<'_>) -> Vec<Set> {
    let mut sets = Vec::new();
    while !words.tokens.is_empty() {
        if words.eat("setval").is_none() {
            words.next();
        } else if words.sign(b'(').is_some() {
            sets.push(set_by_call(&mut words));
        }
    }
    sets
}

fn set_by_call(words: &mut Words<'_>) -> Set {
    let sequence = sequence(words);
    // What follows belongs to the name, and makes it another one: `'a' || 'b'`.
    let sequence = sequence.filter(|_| words.sign(b',').is_some());
    let value = if sequence.is_some() { value(words) } else { None };
    Set { sequence, value }
}

/// `'public.s'`, `'s'::regclass`, `pg_get_serial_sequence('t', 'c')`
fn sequence(words: &mut Words<'_>) -> Option<Named> {
    if let Some(name) = words.text() {
        let name = Words::name_in(&name)?;
        cast(words);
        return Some(Named::Itself(name));
    }
    let (_, function) = words.qualified()?;
    (function == "pg_get_serial_sequence").then_some(())?;
    words.sign(b'(')?;
    let table = Words::name_in(&words.text()?)?;
    cast(words);
    words.sign(b',')?;
    let column = words.text()?;
    cast(words);
    words.sign(b')')?;
    cast(words);
    Some(Named::OfColumn(table, column))
}

/// `::regclass`, which changes nothing of a constant.
fn cast(words: &mut Words<'_>) {
    let mut ahead = *words;
    while ahead.sign(b':').and_then(|()| ahead.sign(b':')).and_then(|()| ahead.qualified()).is_some() {
        *words = ahead;
    }
}

/// What stands after the first comma of `setval(…, -5, true)`.
fn value(words: &mut Words<'_>) -> Value {
    let value = number(words)?;
    cast(words);
    let is_called = match words.sign(b',') {
        None => true,
        Some(()) => boolean(words.word().map(str::to_owned).or_else(|| words.text())?.trim())?,
    };
    cast(words);
    words.sign(b')')?;
    Some((value, is_called))
}

fn number(words: &mut Words<'_>) -> Option<i64> {
    if let Some(text) = words.text() {
        return text.trim().parse().ok();
    }
    let sign = if words.sign(b'-').is_some() { "-" } else { "" };
    format!("{sign}{}", words.word()?).parse().ok()
}

/// What `ALTER SEQUENCE s … RESTART [WITH n]` sets, where it restarts it: without a number, what it was made to start with.
pub(crate) fn restarted(mut words: Words<'_>) -> Option<Value> {
    while words.eat("restart").is_none() {
        words.next()?;
    }
    Some(restart_value(&mut words))
}

/// The columns whose sequences `ALTER TABLE t ALTER COLUMN c RESTART [WITH n], …` restarts.
pub(crate) fn restarted_columns(mut words: Words<'_>) -> Vec<(String, Value)> {
    let mut columns = Vec::new();
    while !words.tokens.is_empty() {
        if words.eat("alter").is_some() {
            let _ = words.eat("column");
            let Some(column) = words.name() else { continue };
            if words.eat("restart").is_some() {
                columns.push((column, restart_value(&mut words)));
            }
        } else {
            words.next();
        }
    }
    columns
}

fn restart_value(words: &mut Words<'_>) -> Value {
    let _ = words.eat("with");
    number(words).map(|value| (value, false))
}

/// The name that a server gives the sequence of a column of type serial or of an identity column as it creates it
/// (ChooseRelationName in indexcmds.c), where it need not cut it. The table can have another name by then, so whoever
/// can asks for the column's own sequence.
pub(crate) fn of_column(table: &str, column: &str) -> String {
    format!("{table}_{column}_seq")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::{Item, Lexer, Statement};

    fn statement(text: &str) -> Statement {
        match Lexer::of_text(text).next() {
            Ok(Some(Item::Unfinished(statement) | Item::Statement(statement))) => statement,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn sets(text: &str) -> Vec<(String, Value)> {
        let show = |set: Set| {
            let parts = set.sequence.map(|named| match named {
                Named::Itself((schema, name)) => [schema, Some(name), None],
                Named::OfColumn((schema, table), column) => [schema, Some(table), Some(format!("column {column}"))],
            });
            let name = parts.map(|parts| parts.into_iter().flatten().collect::<Vec<_>>());
            (name.map_or("?".to_owned(), |parts| parts.join("|")), set.value)
        };
        set_by_calls(Words::of(&statement(text))).into_iter().map(show).collect()
    }

    #[test]
    fn every_call_of_setval_is_seen_as_people_write_it() {
        let is = |text: &str, name: &str, value: Value| assert_eq!(sets(text), [(name.to_owned(), value)], "{text}");
        is("SELECT pg_catalog.setval('public.s', 5, true)", "public|s", Some((5, true)));
        is("SELECT setval('s', 5)", "s", Some((5, true)));
        is("SELECT setval('s'::regclass, -5::bigint, false)", "s", Some((-5, false)));
        is("SELECT setval('s', '7', 'f')", "s", Some((7, false)));
        is("SELECT setval(pg_get_serial_sequence('a.t', 'id'), 9)", "a|t|column id", Some((9, true)));
        is(
            "SELECT setval(pg_get_serial_sequence('\"T\"', 'Id'), coalesce(max(\"Id\"), 1)) FROM \"T\"",
            "T|column Id",
            None,
        );
        is("SELECT setval('s', (SELECT max(id) FROM t))", "s", None);
        is("SELECT 'x', setval('s', 5) AS y", "s", Some((5, true)));
        is("SELECT setval('a' || 'b', 5)", "?", None);
        is("SELECT setval(oid::regclass, 5) FROM pg_class", "?", None);
        assert_eq!(sets("SELECT setval('a', 1), setval('b', 2, false)").len(), 2);
        assert_eq!(sets("SELECT setval FROM t"), []);
    }

    #[test]
    fn what_starts_anew_is_seen() {
        let sequence = |text: &str| restarted(Words::of(&statement(text)));
        assert_eq!(sequence("ALTER SEQUENCE s INCREMENT 2 RESTART WITH 10"), Some(Some((10, false))));
        assert_eq!(sequence("ALTER SEQUENCE s RESTART -3"), Some(Some((-3, false))));
        assert_eq!(sequence("ALTER SEQUENCE s RESTART"), Some(None));
        assert_eq!(sequence("ALTER SEQUENCE s MAXVALUE 10"), None);
        let columns = |text: &str| restarted_columns(Words::of(&statement(text)));
        assert_eq!(
            columns("ALTER TABLE t ALTER COLUMN a RESTART WITH 5, ALTER b SET NOT NULL, ALTER \"C\" RESTART"),
            [("a".to_owned(), Some((5, false))), ("C".to_owned(), None)]
        );
    }
}
