//! Sequences that will soon have no value left to hand out.

use super::read::{Next, Sequence};
use crate::check::catalog::first_few;
use crate::finding::{AfterKind, Finding, Name};

/// A sequence with fewer values from its start to its end is small on purpose.
const SMALL: i128 = 10_000;

/// The end that a sequence comes to first: its own, or that of a column's type.
struct SequenceEnd<'a> {
    sequence: &'a Sequence,
    value: i128,
    /// The column whose type ends there, before the sequence does.
    of_column: Option<String>,
    left: i128,
}

pub fn judge(sequences: &[&Sequence]) -> Option<Finding> {
    let near: Vec<SequenceEnd<'_>> = sequences.iter().filter_map(|sequence| near_end(sequence)).collect();
    let [first, rest @ ..] = &*near else { return None };
    let title = if rest.is_empty() {
        format!("sequence {} has {} values left", first.sequence.label(), first.left)
    } else {
        format!("{} sequences have less than a tenth of their values left", near.len())
    };
    let mut finding = Finding::new(Name::SequenceNearlyExhausted, title);
    finding.count = near.len() as u64;
    finding.objects = near.iter().map(|end| format!("SEQUENCE {}", end.sequence.label())).collect();
    let describe = |end: &SequenceEnd<'_>| {
        let whose = match &end.of_column {
            Some(column) => format!("the end of the type of {column}"),
            None => "its end".to_owned(),
        };
        format!("{}: {}; {} values to {whose}, {}", end.sequence.label(), end.sequence.state(), end.left, end.value)
    };
    finding.evidence = first_few(near.iter().map(describe).collect());
    let commands = near.iter().map(|end| {
        let widened = end.sequence.comparable().filter(|column| column.data_type != "bigint").map(|column| {
            let column_name = crate::cluster::sql::identifier(&column.name);
            format!("ALTER TABLE {} ALTER COLUMN {column_name} TYPE bigint;", column.table())
        });
        let mut commands: Vec<String> = widened.collect();
        commands.push(format!("ALTER SEQUENCE {} AS bigint NO MAXVALUE NO MINVALUE;", end.sequence.qualified()));
        commands
    });
    finding.mend(AfterKind::Sequences, commands.flatten().collect());
    Some(finding)
}

/// The end, where less than a tenth of the values from the start is left. One that turns has none.
fn near_end(sequence: &Sequence) -> Option<SequenceEnd<'_>> {
    let Next::Value(next) = sequence.next() else { return None };
    if sequence.cycle {
        return None;
    }
    let up = sequence.increment > 0;
    let own = (if up { sequence.max } else { sequence.min }, None);
    let of_types = sequence.comparable().filter_map(|column| {
        let (least, most) = match column.data_type.as_str() {
            "smallint" => (i128::from(i16::MIN), i128::from(i16::MAX)),
            "integer" => (i128::from(i32::MIN), i128::from(i32::MAX)),
            _ => return None,
        };
        Some((if up { most } else { least }, Some(column.label())))
    });
    let ends = std::iter::once(own).chain(of_types);
    let (value, of_column) = if up { ends.min_by_key(|end| end.0) } else { ends.max_by_key(|end| end.0) }?;
    let values = |from: i128| ((value - from) / sequence.increment + 1).max(0);
    let (all, left) = (values(sequence.start), values(next));
    (all >= SMALL && left * 10 < all).then_some(SequenceEnd { sequence, value, of_column, left })
}

#[cfg(test)]
mod tests {
    use super::super::read::{Column, example};
    use super::*;

    fn at(mut sequence: Sequence, last_value: i128) -> Option<i128> {
        (sequence.last_value, sequence.is_called) = (last_value, true);
        near_end(&sequence).map(|end| end.left)
    }

    #[test]
    fn less_than_a_tenth_is_near_in_either_direction() {
        let most = i128::from(i32::MAX);
        assert_eq!(at(example(1, 1, most, false), 1_900_000_000), None);
        assert_eq!(at(example(1, 1, most, false), 2_147_483_600), Some(47));
        assert_eq!(at(example(-1, -most, -1, false), -2_147_483_600), Some(47));
        assert_eq!(at(example(2, 1, 1_000_000, false), 999_990), Some(5));
    }

    #[test]
    fn small_ones_and_those_that_turn_are_not() {
        assert_eq!(at(example(1, 1, 9_999, false), 9_990), None);
        assert_eq!(at(example(1, 1, 1_000_000, true), 999_999), None);
    }

    #[test]
    fn what_is_left_is_reckoned_from_the_start() {
        let high = Sequence { start: 2_100_000_000, ..example(1, 1, i128::from(i32::MAX), false) };
        assert_eq!(at(high.clone(), 2_100_000_500), None);
        assert_eq!(at(high, 2_147_000_000), Some(483_647));
    }

    #[test]
    fn the_type_of_a_column_ends_before_its_sequence_does() {
        let column = Column {
            schema: "s".into(),
            table: "t".into(),
            name: "id".into(),
            data_type: "integer".into(),
            comparable: true,
        };
        let sequence = Sequence { columns: vec![column], ..example(1, 1, i128::from(i64::MAX), false) };
        assert_eq!(at(sequence.clone(), 2_147_483_640), Some(7));
        // Beyond it nothing is left, which the next insert says.
        assert_eq!(at(sequence, 3_000_000_000), Some(0));
    }
}
