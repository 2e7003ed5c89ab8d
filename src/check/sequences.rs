//! Sequences that would hand out a value that their column already holds.
//!
//! A sequence feeds a column that owns it (`serial`, `OWNED BY`), that is an identity, or whose default is
//! `nextval(…)` of it, owned or not. What it hands out next is `last_value` itself while `is_called` is false, and
//! `last_value` and the increment afterwards: `last_value = max(id)` with `is_called = false` collides too.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::finding::{Finding, Name};

pub struct Sequences;

/// Every sequence with every column that it feeds, by dependency: `a` and `i` are ownership and identity (the sequence
/// depends on the column), the others are defaults that depend on the sequence. A default that names its sequence as
/// text depends on nothing; its expression names it.
const FED: &str = "
WITH fed AS (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attribute, NULL::text AS default_expression
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
  UNION
    SELECT d.refobjid, a.adrelid, a.adnum, pg_get_expr(a.adbin, a.adrelid)
    FROM pg_attrdef a
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
    WHERE pg_get_expr(a.adbin, a.adrelid) LIKE '%nextval(%'
  UNION
    SELECT to_regclass(replace(substring(expression FROM '^nextval\\(\\(''((?:[^'']|'''')*)''::text\\)::regclass\\)$'), '''''', '''')),
           adrelid, adnum, expression
    FROM (SELECT adrelid, adnum, pg_get_expr(adbin, adrelid) AS expression FROM pg_attrdef) AS defaults
    WHERE expression ~ '^nextval\\(\\(''.*''::text\\)::regclass\\)$'
)
SELECT sn.nspname::text, s.relname::text, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle,
       tn.nspname::text, t.relname::text, a.attname::text, format_type(a.atttypid, NULL),
       bool_and(fed.default_expression IS NULL OR fed.default_expression ~ '^nextval\\([^()]*(\\([^()]*\\)[^()]*)?\\)$')
FROM fed
JOIN pg_class s ON s.oid = fed.sequence JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_sequence q ON q.seqrelid = s.oid
JOIN pg_class t ON t.oid = fed.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = fed.attribute AND NOT a.attisdropped
WHERE t.relkind IN ('r', 'p') AND s.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
ORDER BY 1, 2, 7, 8, 9";

/// A sequence, its settings and what it feeds.
#[derive(Debug)]
struct Sequence {
    schema: String,
    name: String,
    increment: i128,
    min: i128,
    max: i128,
    cycle: bool,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    schema: String,
    table: String,
    name: String,
    /// Whether the column holds the sequence's values as they are.
    comparable: bool,
}

/// What a sequence would do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value(i128),
    /// `nextval` fails.
    Exhausted,
}

impl Sequence {
    fn qualified(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }

    fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// What comes after a value, as `nextval_internal` of PostgreSQL's `sequence.c` has it.
    fn after(&self, value: i128) -> Next {
        let next = value + self.increment;
        if (self.min..=self.max).contains(&next) {
            Next::Value(next)
        } else if self.cycle {
            Next::Value(if self.increment > 0 { self.min } else { self.max })
        } else {
            Next::Exhausted
        }
    }

    fn next(&self, last_value: i128, is_called: bool) -> Next {
        if is_called { self.after(last_value) } else { Next::Value(last_value) }
    }
}

#[async_trait]
impl Check for Sequences {
    fn name(&self) -> &'static str {
        "sequences"
    }

    fn group(&self) -> Group {
        Group::Sequences
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let sequences = read(session).await?;
        let mut findings = Vec::new();
        let mut not_compared = 0;
        for sequence in &sequences {
            not_compared += sequence.columns.iter().filter(|column| !column.comparable).count();
            findings.extend(judge(session, sequence).await?);
        }
        let mut looked_at = format!("{} sequences that feed a column", sequences.len());
        if not_compared > 0 {
            looked_at
                .push_str(&format!(", {not_compared} columns not compared because their default is an expression"));
        }
        Ok(Looked { findings, looked_at, ..Looked::default() })
    }
}

async fn read(session: &Session) -> Result<Vec<Sequence>, ClusterError> {
    let mut sequences: BTreeMap<(String, String), Sequence> = BTreeMap::new();
    for row in session.query(FED, &[], "cannot list sequences").await? {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        let number = |column: usize| i128::from(row.get::<_, i64>(column));
        let data_type: &str = row.get(9);
        let column = Column {
            schema: row.get(6),
            table: row.get(7),
            name: row.get(8),
            comparable: row.get::<_, bool>(10) && matches!(data_type, "smallint" | "integer" | "bigint" | "numeric"),
        };
        sequences
            .entry((schema.clone(), name.clone()))
            .or_insert_with(|| Sequence {
                schema,
                name,
                increment: number(2),
                min: number(3),
                max: number(4),
                cycle: row.get(5),
                columns: Vec::new(),
            })
            .columns
            .push(column);
    }
    Ok(sequences.into_values().collect())
}

async fn judge(session: &Session, sequence: &Sequence) -> Result<Option<Finding>, ClusterError> {
    let sql = format!("SELECT last_value, is_called FROM {}", sequence.qualified());
    let rows = session.query(&sql, &[], "cannot read a sequence").await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (last_value, is_called): (i64, bool) = (row.get(0), row.get(1));
    let state = format!("last_value {last_value}, is_called {is_called}, increment {}", sequence.increment);
    let comparable = || sequence.columns.iter().filter(|column| column.comparable);
    let next = match sequence.next(i128::from(last_value), is_called) {
        Next::Value(next) => next,
        Next::Exhausted => return Ok(Some(exhausted(sequence, &state))),
    };
    let mut furthest: Option<i128> = None;
    let mut collisions = Vec::new();
    for column in comparable() {
        let held = if sequence.cycle {
            // After a turn older values are still there, which is as it should be while the next one is free.
            held_at(session, column, next).await?
        } else {
            furthest_held(session, sequence, column, next).await?
        };
        if let Some(value) = held {
            collisions.push((column, value));
            furthest = Some(match furthest {
                Some(other) if (sequence.increment > 0) == (other > value) => other,
                _ => value,
            });
        }
    }
    let Some(furthest) = furthest else { return Ok(None) };
    let columns: Vec<String> =
        collisions.iter().map(|(column, _)| format!("{}.{}.{}", column.schema, column.table, column.name)).collect();
    let title =
        format!("sequence {} would hand out {next}, which {} holds or will meet", sequence.label(), columns.join(", "));
    let mut finding = Finding::new(Name::SequenceBehind, title);
    finding.objects = vec![format!("SEQUENCE {}", sequence.label())];
    finding.evidence = vec![state];
    for ((_, value), column) in collisions.iter().zip(&columns) {
        let word = if sequence.cycle {
            "holds"
        } else if sequence.increment > 0 {
            "goes up to"
        } else {
            "goes down to"
        };
        finding.evidence.push(format!("{column} {word} {value}"));
    }
    if !is_called && i128::from(last_value) == furthest {
        finding.evidence.push("is_called is false, so nextval gives last_value itself, not the one after it".into());
    }
    let free = if sequence.cycle { first_free(session, sequence, next).await? } else { Some(furthest) };
    match free {
        Some(value) if sequence.after(value) != Next::Exhausted => {
            finding.fix = "Set the sequence behind the values that are there, before the application writes.".into();
            finding.commands =
                vec![format!("SELECT pg_catalog.setval({}, {value}, true);", literal(&sequence.qualified()))];
        }
        _ => {
            finding.fix = "The column holds values up to the sequence's end: give the sequence more room first.".into();
            finding.commands =
                vec![format!("ALTER SEQUENCE {} AS bigint NO MAXVALUE NO MINVALUE;", sequence.qualified())];
        }
    }
    Ok(Some(finding))
}

fn exhausted(sequence: &Sequence, state: &str) -> Finding {
    let end = if sequence.increment > 0 { sequence.max } else { sequence.min };
    let mut finding =
        Finding::new(Name::SequenceExhausted, format!("sequence {} is at its end, {end}", sequence.label()));
    finding.objects = vec![format!("SEQUENCE {}", sequence.label())];
    finding.evidence = vec![state.to_owned()];
    finding.fix = "Give the sequence more room; its column may need a larger type too.".into();
    finding.commands = vec![format!("ALTER SEQUENCE {} AS bigint NO MAXVALUE NO MINVALUE;", sequence.qualified())];
    finding
}

/// The furthest value in the column that the sequence will come to from `next` on, step by step.
async fn furthest_held(
    session: &Session,
    sequence: &Sequence,
    column: &Column,
    next: i128,
) -> Result<Option<i128>, ClusterError> {
    let name = identifier(&column.name);
    let (aggregate, towards, end) =
        if sequence.increment > 0 { ("max", ">=", sequence.max) } else { ("min", "<=", sequence.min) };
    let within = if sequence.increment > 0 { "<=" } else { ">=" };
    // With steps of one every value is met, and an index alone answers.
    let met = match sequence.increment.abs() {
        1 => String::new(),
        step => format!(" AND ({name}::numeric - ({next})) % {step} = 0"),
    };
    let sql = format!(
        "SELECT {aggregate}({name})::numeric::text FROM {} WHERE {name} {towards} ({next}) AND {name} {within} ({end}){met}",
        table(column)
    );
    let rows = session.query(&sql, &[], "cannot compare a sequence with its column").await?;
    let text: Option<String> = rows.first().and_then(|row| row.get(0));
    // A numeric column can hold fractions, which no sequence hands out.
    Ok(text.and_then(|text| text.split('.').next().and_then(|whole| whole.parse().ok())))
}

async fn held_at(session: &Session, column: &Column, value: i128) -> Result<Option<i128>, ClusterError> {
    let sql = format!("SELECT FROM {} WHERE {} = ({value}) LIMIT 1", table(column), identifier(&column.name));
    let rows = session.query(&sql, &[], "cannot compare a sequence with its column").await?;
    Ok((!rows.is_empty()).then_some(value))
}

/// The last of the values in a row from `next` on that are held, after which one is free; `None` where none is, or where
/// looking for it would take too long.
async fn first_free(session: &Session, sequence: &Sequence, next: i128) -> Result<Option<i128>, ClusterError> {
    const MOST: usize = 2_000;
    let mut value = next;
    for _ in 0..MOST {
        let Next::Value(after) = sequence.after(value) else { return Ok(None) };
        let mut held = false;
        for column in sequence.columns.iter().filter(|column| column.comparable) {
            held |= held_at(session, column, after).await?.is_some();
        }
        if !held {
            return Ok(Some(value));
        }
        if after == next {
            return Ok(None);
        }
        value = after;
    }
    Ok(None)
}

fn table(column: &Column) -> String {
    format!("{}.{}", identifier(&column.schema), identifier(&column.table))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(increment: i128, min: i128, max: i128, cycle: bool) -> Sequence {
        Sequence { schema: "s".into(), name: "q".into(), increment, min, max, cycle, columns: Vec::new() }
    }

    #[test]
    fn a_sequence_that_was_not_called_hands_out_its_last_value() {
        let sequence = sequence(1, 1, 100, false);
        assert_eq!(sequence.next(7, false), Next::Value(7));
        assert_eq!(sequence.next(7, true), Next::Value(8));
    }

    #[test]
    fn a_sequence_ends_or_turns_at_its_bound() {
        assert_eq!(sequence(1, 1, 10, false).next(10, true), Next::Exhausted);
        assert_eq!(sequence(1, 1, 10, true).next(10, true), Next::Value(1));
        assert_eq!(sequence(-3, -10, -1, true).next(-9, true), Next::Value(-1));
    }

    #[test]
    fn the_largest_value_of_a_bigint_does_not_overflow() {
        let max = i128::from(i64::MAX);
        assert_eq!(sequence(i128::from(i64::MAX), 1, max, false).next(max, true), Next::Exhausted);
    }
}
