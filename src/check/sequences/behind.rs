//! Sequences that would hand out a value that their column already holds, or have none left.

use super::changed::AllDumped;
use super::read::{Column, Next, Sequence};
use crate::check::catalog::words;
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::counted::number;
use crate::finding::mask::Mask;
use crate::finding::{AfterKind, Finding, Name, Origin, Subject};

/// What the values that columns hold say of sequences.
#[derive(Default)]
pub struct Judged<'a> {
    pub findings: Vec<Finding>,
    /// The sequences that the findings are about.
    pub of: Vec<&'a Sequence>,
    pub could_not: Vec<String>,
}

/// `dumped` is where the dump puts each sequence: what it says itself, and what was done, production has too.
pub async fn judge<'a>(
    session: &Session,
    sequences: &'a [Sequence],
    dumped: &AllDumped<'_>,
    mask: &Mask<'_>,
) -> Result<Judged<'a>, ClusterError> {
    let mut asked: Vec<(usize, &Column)> = Vec::new();
    let mut statements = Vec::new();
    for (index, sequence) in sequences.iter().enumerate() {
        let Next::Value(next) = sequence.next() else { continue };
        for column in sequence.comparable() {
            // After a turn older values are still there, which is as it should be while the next one is free.
            statements.push(if sequence.cycle { held_at(column, next) } else { furthest_held(sequence, column, next) });
            asked.push((index, column));
        }
    }
    let mut judged = Judged::default();
    let mut collisions: Vec<Vec<(&Column, i128)>> = vec![Vec::new(); sequences.len()];
    for ((index, column), answer) in asked.into_iter().zip(session.pipelined(&statements).await) {
        match answer {
            Ok(rows) => {
                let text = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten());
                // A numeric column can hold fractions, which no sequence hands out.
                let whole = text.as_deref().and_then(|text| text.split('.').next());
                collisions[index].extend(whole.and_then(|whole| whole.parse().ok()).map(|value| (column, value)));
            }
            Err(error) => judged.could_not.push(format!("{}: {}", column.label(), words(mask, &error))),
        }
    }
    for (sequence, collisions) in sequences.iter().zip(collisions) {
        let finding = match sequence.next() {
            Next::Exhausted if !sequence.columns.is_empty() => exhausted(sequence),
            Next::Value(next) if !collisions.is_empty() => behind(session, sequence, next, &collisions).await?,
            _ => continue,
        };
        let of_dump = dumped.get(&(sequence.schema.clone(), sequence.name.clone())).and_then(|dumped| dumped.value);
        let is_as_dumped = of_dump.is_some_and(|(last_value, is_called)| {
            (sequence.last_value, sequence.is_called) == (i128::from(last_value), is_called)
        });
        judged.findings.push(if is_as_dumped { as_dumped(finding) } else { of_restore(finding) });
        judged.of.push(sequence);
    }
    Ok(judged)
}

/// The dump itself puts the sequence where it stands.
fn as_dumped(mut finding: Finding) -> Finding {
    finding.evidence.push("the dump itself puts it there".into());
    finding.of_source()
}

fn of_restore(mut finding: Finding) -> Finding {
    finding.origin = Origin::Restore;
    finding
}

async fn behind(
    session: &Session,
    sequence: &Sequence,
    next: i128,
    collisions: &[(&Column, i128)],
) -> Result<Finding, ClusterError> {
    let values = collisions.iter().map(|(_, value)| *value);
    let furthest = if sequence.increment > 0 { values.max() } else { values.min() }.unwrap_or(next);
    let columns: Vec<String> = collisions.iter().map(|(column, _)| column.label()).collect();
    // A column that its sequence meets later holds nothing of what comes next.
    let collided = columns.iter().zip(collisions).map(|(column, (_, value))| match sequence.cycle {
        true => format!("{column} already holds {}", shown(*value)),
        false if sequence.increment > 0 => format!("{column} already goes up to {}", shown(*value)),
        false => format!("{column} already goes down to {}", shown(*value)),
    });
    let title = format!(
        "the next value of sequence {} is {}, but {}",
        sequence.label(),
        shown(next),
        collided.collect::<Vec<_>>().join(", ")
    );
    let mut finding = Finding::new(Name::SequenceBehind, title);
    finding.subject = Some(Subject::Relation { schema: Some(sequence.schema.clone()), name: sequence.name.clone() });
    finding.objects = vec![format!("SEQUENCE {}", sequence.label())];
    finding.evidence = vec![sequence.state()];
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
    if !sequence.is_called && sequence.last_value == furthest {
        finding.evidence.push("is_called is false, so nextval gives last_value itself, not the one after it".into());
    }
    let free = if sequence.cycle { first_free(session, sequence, next).await? } else { Some(furthest) };
    match free {
        Some(value) if sequence.after(value) != Next::Exhausted => {
            finding.fix = "Set the sequence past the existing values, before the application writes.".into();
            let setval = format!("SELECT pg_catalog.setval({}, {value}, true);", literal(&sequence.qualified()));
            finding.mend(AfterKind::Setval, vec![setval]);
        }
        _ => {
            finding.fix =
                "The column holds values up to the sequence's end: give the sequence a higher limit first.".into();
            let room = format!("ALTER SEQUENCE {} AS bigint NO MAXVALUE NO MINVALUE;", sequence.qualified());
            let setval = format!("SELECT pg_catalog.setval({}, {furthest}, true);", literal(&sequence.qualified()));
            finding.mend(AfterKind::Setval, vec![room, setval]);
        }
    }
    Ok(finding)
}

/// A value with its thousands apart.
fn shown(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = u64::try_from(value.unsigned_abs()).map_or_else(|_| value.unsigned_abs().to_string(), number);
    format!("{sign}{digits}")
}

fn exhausted(sequence: &Sequence) -> Finding {
    let end = if sequence.increment > 0 { sequence.max } else { sequence.min };
    let mut finding =
        Finding::new(Name::SequenceExhausted, format!("sequence {} is at its end, {end}", sequence.label()));
    finding.objects = vec![format!("SEQUENCE {}", sequence.label())];
    finding.evidence = vec![sequence.state()];
    let room = format!("ALTER SEQUENCE {} AS bigint NO MAXVALUE NO MINVALUE;", sequence.qualified());
    finding.mend(AfterKind::Sequences, vec![room]);
    finding
}

/// Asks for the furthest value in the column that the sequence will come to from `next` on, step by step.
fn furthest_held(sequence: &Sequence, column: &Column, next: i128) -> String {
    let name = identifier(&column.name);
    let (aggregate, towards, end) =
        if sequence.increment > 0 { ("max", ">=", sequence.max) } else { ("min", "<=", sequence.min) };
    let within = if sequence.increment > 0 { "<=" } else { ">=" };
    // With steps of one every value is met, and an index alone answers.
    let met = match sequence.increment.abs() {
        1 => String::new(),
        step => format!(" AND ({name}::numeric - ({next})) % {step} = 0"),
    };
    let table = column.table();
    format!(
        "SELECT {aggregate}({name})::numeric::text FROM {table} WHERE {name} {towards} ({next}) AND {name} {within} ({end}){met}"
    )
}

fn held_at(column: &Column, value: i128) -> String {
    format!("SELECT '{value}' FROM {} WHERE {} = ({value}) LIMIT 1", column.table(), identifier(&column.name))
}

/// The last of the values in a row from `next` on that are held, after which one is free; `None` where none is, or where
/// looking for it would take too long.
async fn first_free(session: &Session, sequence: &Sequence, next: i128) -> Result<Option<i128>, ClusterError> {
    const MOST: usize = 2_000;
    let mut value = next;
    for _ in 0..MOST {
        let Next::Value(after) = sequence.after(value) else { return Ok(None) };
        let mut held = false;
        for column in sequence.comparable() {
            let sql = held_at(column, after);
            held |= !session.query(&sql, &[], "cannot compare a sequence with its column").await?.is_empty();
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
