//! The sequences of a database: their settings, where they stand, and what they feed.

use std::collections::BTreeMap;

use crate::check::catalog::{of_dump, words};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::finding::mask::Mask;

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
SELECT sn.nspname::text, s.relname::text, tn.nspname::text, t.relname::text, a.attname::text, format_type(a.atttypid, NULL),
       bool_and(fed.default_expression IS NULL OR fed.default_expression ~ '^nextval\\([^()]*(\\([^()]*\\)[^()]*)?\\)$')
FROM fed
JOIN pg_class s ON s.oid = fed.sequence JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_class t ON t.oid = fed.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = fed.attribute AND NOT a.attisdropped
WHERE t.relkind IN ('r', 'p') AND s.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e')
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5";

/// A sequence, its settings, where it stands and what it feeds.
#[derive(Debug, Clone)]
pub struct Sequence {
    pub schema: String,
    pub name: String,
    pub start: i128,
    pub increment: i128,
    pub min: i128,
    pub max: i128,
    pub cycle: bool,
    pub last_value: i128,
    pub is_called: bool,
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub schema: String,
    pub table: String,
    pub name: String,
    pub data_type: String,
    /// Whether the column holds the sequence's values as they are.
    pub comparable: bool,
}

/// What a sequence would do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Value(i128),
    /// `nextval` fails.
    Exhausted,
}

impl Sequence {
    pub fn qualified(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }

    pub fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// For people, and for whoever has to put it right.
    pub fn state(&self) -> String {
        format!("last_value {}, is_called {}, increment {}", self.last_value, self.is_called, self.increment)
    }

    pub fn comparable(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.comparable)
    }

    /// What comes after a value, as `nextval_internal` of PostgreSQL's `sequence.c` has it.
    pub fn after(&self, value: i128) -> Next {
        let next = value + self.increment;
        if (self.min..=self.max).contains(&next) {
            Next::Value(next)
        } else if self.cycle {
            Next::Value(if self.increment > 0 { self.min } else { self.max })
        } else {
            Next::Exhausted
        }
    }

    pub fn next(&self) -> Next {
        if self.is_called { self.after(self.last_value) } else { Next::Value(self.last_value) }
    }
}

impl Column {
    pub fn label(&self) -> String {
        format!("{}.{}.{}", self.schema, self.table, self.name)
    }

    pub fn table(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.table))
    }
}

/// What could be read.
pub struct Read {
    /// By schema and name.
    pub sequences: Vec<Sequence>,
    /// Those that could not be read, by schema and name, and why.
    pub unread: BTreeMap<(String, String), String>,
}

/// Every sequence of the dump's, and where it stands. `restarted` says that the server's processes have ended since the
/// restore, which sets unlogged ones back.
pub async fn sequences(session: &Session, mask: &Mask<'_>, restarted: bool) -> Result<Read, ClusterError> {
    let sql = format!(
        "SELECT n.nspname::text, s.relname::text, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle,
                s.relpersistence = 'u'
         FROM pg_sequence q JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace n ON n.oid = s.relnamespace
         WHERE {} ORDER BY 1, 2",
        of_dump("s", "n")
    );
    let rows = session.query(&sql, &[], "cannot list sequences").await?;
    let mut columns = columns(session).await?;
    let sequences: Vec<Sequence> = rows
        .iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.get(0), row.get(1));
            let number = |column: usize| i128::from(row.get::<_, i64>(column));
            Sequence {
                columns: columns.remove(&(schema.clone(), name.clone())).unwrap_or_default(),
                schema,
                name,
                start: number(2),
                increment: number(3),
                min: number(4),
                max: number(5),
                cycle: row.get(6),
                last_value: 0,
                is_called: false,
            }
        })
        .collect();
    let asked: Vec<String> = sequences
        .iter()
        .map(|sequence| format!("SELECT last_value, is_called FROM {}", sequence.qualified()))
        .collect();
    let answers = session.pipelined(&asked).await;
    let mut read = Read { sequences: Vec::with_capacity(sequences.len()), unread: BTreeMap::new() };
    for ((mut sequence, answer), row) in sequences.into_iter().zip(answers).zip(&rows) {
        if restarted && row.get(7) {
            let why = "it is unlogged, and the server's processes have ended since the restore, which sets it back";
            read.unread.insert((sequence.schema, sequence.name), why.to_owned());
            continue;
        }
        let state = answer.map_err(|error| words(mask, &error)).and_then(|rows| {
            let mut values = rows.into_iter().next().unwrap_or_default().into_iter().flatten();
            let last_value = values.next().and_then(|value| value.parse::<i64>().ok());
            last_value.zip(values.next()).ok_or_else(|| "it says nothing".to_owned())
        });
        match state {
            Ok((last_value, is_called)) => {
                (sequence.last_value, sequence.is_called) = (i128::from(last_value), is_called == "t");
                read.sequences.push(sequence);
            }
            Err(reason) => {
                read.unread.insert((sequence.schema, sequence.name), reason);
            }
        }
    }
    Ok(read)
}

/// The columns that each sequence feeds.
async fn columns(session: &Session) -> Result<BTreeMap<(String, String), Vec<Column>>, ClusterError> {
    let mut columns: BTreeMap<(String, String), Vec<Column>> = BTreeMap::new();
    for row in session.query(FED, &[], "cannot list what sequences feed").await? {
        let data_type: String = row.get(5);
        columns.entry((row.get(0), row.get(1))).or_default().push(Column {
            schema: row.get(2),
            table: row.get(3),
            name: row.get(4),
            comparable: row.get::<_, bool>(6)
                && matches!(data_type.as_str(), "smallint" | "integer" | "bigint" | "numeric"),
            data_type,
        });
    }
    Ok(columns)
}

#[cfg(test)]
pub fn example(increment: i128, min: i128, max: i128, cycle: bool) -> Sequence {
    let start = if increment > 0 { min } else { max };
    let (schema, name) = ("s".into(), "q".into());
    Sequence {
        schema,
        name,
        start,
        increment,
        min,
        max,
        cycle,
        last_value: start,
        is_called: false,
        columns: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(mut sequence: Sequence, last_value: i128, is_called: bool) -> Next {
        (sequence.last_value, sequence.is_called) = (last_value, is_called);
        sequence.next()
    }

    #[test]
    fn a_sequence_that_was_not_called_hands_out_its_last_value() {
        let sequence = example(1, 1, 100, false);
        assert_eq!(next(sequence.clone(), 7, false), Next::Value(7));
        assert_eq!(next(sequence, 7, true), Next::Value(8));
    }

    #[test]
    fn a_sequence_ends_or_turns_at_its_bound() {
        assert_eq!(next(example(1, 1, 10, false), 10, true), Next::Exhausted);
        assert_eq!(next(example(1, 1, 10, true), 10, true), Next::Value(1));
        assert_eq!(next(example(-3, -10, -1, true), -9, true), Next::Value(-1));
    }

    #[test]
    fn the_largest_value_of_a_bigint_does_not_overflow() {
        let max = i128::from(i64::MAX);
        assert_eq!(next(example(i128::from(i64::MAX), 1, max, false), max, true), Next::Exhausted);
    }
}
