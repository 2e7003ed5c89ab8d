//! Where timelines come from: files such as `00000002.history`.

use crate::{Lsn, Timeline};

/// The longest history that is read, in bytes. A line has some sixty, and a timeline needs one for each of its ancestors.
pub const LONGEST_HISTORY: u64 = 1 << 20;

/// How much of a line the server reads at once (`MAXPGPATH`, less the closing zero).
const LINE: usize = 1023;

/// A timeline and its ancestors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The newest first.
    spans: Vec<Span>,
}

/// A stretch of the log that a timeline owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which timeline.
    pub timeline: Timeline,
    /// Its first place; [`Lsn`] 0 where it is the oldest.
    pub begin: Lsn,
    /// Where the next timeline begins; `None` for the newest, which has no end.
    pub end: Option<Lsn>,
}

/// Why a history is none. A server that reads it refuses to start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHistory {
    /// A line does not begin with a timeline.
    #[error("line {line} does not begin with the number of a timeline")]
    NoTimeline {
        /// Which line, from 1.
        line: usize,
    },
    /// A line has no place where the timeline was left.
    #[error("line {line} does not say at which LSN the timeline was left")]
    NoSwitchPoint {
        /// Which line, from 1.
        line: usize,
    },
    /// Timelines have to rise from line to line.
    #[error("line {line} names a timeline that does not come after the one before it")]
    NotRising {
        /// Which line, from 1.
        line: usize,
    },
    /// The last line names the history's own timeline or a later one.
    #[error("its last timeline is {last}, which cannot come before {own}")]
    NotBeforeItself {
        /// The timeline of the last line.
        last: Timeline,
        /// Whose history it is.
        own: Timeline,
    },
    /// It is longer than histories get.
    #[error("it is longer than {LONGEST_HISTORY} bytes, which no history is")]
    TooLong,
}

impl History {
    /// The history of a timeline without ancestors, which is what a server takes where there is no file.
    pub fn alone(timeline: Timeline) -> Self {
        Self { spans: vec![Span { timeline, begin: Lsn(0), end: None }] }
    }

    /// Reads a timeline's history file as `readTimeLineHistory` does (src/backend/access/transam/timeline.c, PostgreSQL 13 to 18).
    ///
    /// # Errors
    /// Where the server would refuse to start.
    pub fn parse(own: Timeline, text: &[u8]) -> Result<Self, BadHistory> {
        if text.len() as u64 > LONGEST_HISTORY {
            return Err(BadHistory::TooLong);
        }
        let mut spans: Vec<Span> = Vec::new();
        let mut begin = Lsn(0);
        let lines = text.split_inclusive(|byte| *byte == b'\n').flat_map(|line| line.chunks(LINE));
        for (index, line) in lines.enumerate() {
            // What stands behind a zero is not seen.
            let line = line.split(|byte| *byte == 0).next().unwrap_or(line);
            let text = line.trim_ascii_start();
            // A vertical tab is space in C, and none in Rust.
            if text.iter().all(|byte| is_space(*byte)) || text.first() == Some(&b'#') {
                continue;
            }
            let mut fields = Fields(line);
            let number = index + 1;
            let timeline = Timeline(fields.number(10).ok_or(BadHistory::NoTimeline { line: number })?);
            let end = fields.switch_point().ok_or(BadHistory::NoSwitchPoint { line: number })?;
            if spans.last().is_some_and(|last| timeline <= last.timeline) {
                return Err(BadHistory::NotRising { line: number });
            }
            spans.push(Span { timeline, begin, end: Some(end) });
            begin = end;
        }
        if let Some(last) = spans.last().map(|span| span.timeline).filter(|last| own <= *last) {
            return Err(BadHistory::NotBeforeItself { last, own });
        }
        spans.push(Span { timeline: own, begin, end: None });
        spans.reverse();
        Ok(Self { spans })
    }

    /// What each timeline owns, the newest first.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The timeline whose history it is.
    pub fn timeline(&self) -> Timeline {
        // There is always one: every way to make a history ends with its own timeline.
        self.spans.first().map_or(Timeline(0), |span| span.timeline)
    }

    /// Whether a timeline is the history's own or an ancestor.
    pub fn contains(&self, timeline: Timeline) -> bool {
        self.spans.iter().any(|span| span.timeline == timeline)
    }

    /// The timeline that owns a place: `tliOfPointInHistory`. `None` where none does, as with a history whose places do not rise.
    pub fn owner_of(&self, place: Lsn) -> Option<Timeline> {
        let owns = |span: &&Span| span.begin <= place && span.end.is_none_or(|end| end == Lsn(0) || place < end);
        self.spans.iter().find(owns).map(|span| span.timeline)
    }

    /// The stretch of a timeline.
    pub fn span_of(&self, timeline: Timeline) -> Option<&Span> {
        self.spans.iter().find(|span| span.timeline == timeline)
    }
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0B
}

/// What is left of a line, read as `sscanf(line, "%u\t%X/%X")` reads it.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self, base: u32) -> Option<u32> {
        let spaces = self.0.iter().take_while(|byte| is_space(**byte)).count();
        let mut rest = &self.0[spaces..];
        let negative = rest.first() == Some(&b'-');
        if matches!(rest.first(), Some(b'-' | b'+')) {
            rest = &rest[1..];
        }
        let is_digit = |byte: u8| char::from(byte).is_digit(base);
        if base == 16 && matches!(rest, [b'0', b'x' | b'X', digit, ..] if is_digit(*digit)) {
            rest = &rest[2..];
        }
        let count = rest.iter().take_while(|byte| is_digit(**byte)).count();
        if count == 0 {
            return None;
        }
        let value = rest[..count].iter().fold(0_u64, |value, byte| {
            let digit = char::from(*byte).to_digit(base).unwrap_or(0);
            value.saturating_mul(u64::from(base)).saturating_add(u64::from(digit))
        });
        self.0 = &rest[count..];
        // The C library reads 64 bits and keeps the lower half.
        Some(if negative { value.wrapping_neg() } else { value } as u32)
    }

    fn switch_point(&mut self) -> Option<Lsn> {
        let high = self.number(16)?;
        self.0 = self.0.strip_prefix(b"/")?;
        let low = self.number(16)?;
        Some(Lsn(u64::from(high) << 32 | u64::from(low)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(own: u32, text: &str) -> Result<Vec<(u32, u64, Option<u64>)>, BadHistory> {
        let history = History::parse(Timeline(own), text.as_bytes())?;
        let of = |span: &Span| (span.timeline.0, span.begin.0, span.end.map(|end| end.0));
        Ok(history.spans().iter().map(of).collect())
    }

    #[test]
    fn a_history_as_servers_write_it_is_read_newest_first() {
        let text = "1\t0/F02B108\tbefore 2026-11-28 11:08:45.65079+00\n\n2\t1/20\tat restore point \"x\"\n";
        assert_eq!(
            spans(3, text).unwrap(),
            [(3, 0x1_0000_0020, None), (2, 0xF02_B108, Some(0x1_0000_0020)), (1, 0, Some(0xF02_B108))]
        );
        let history = History::parse(Timeline(3), text.as_bytes()).unwrap();
        assert_eq!(history.owner_of(Lsn(0xF02_B107)), Some(Timeline(1)));
        assert_eq!(history.owner_of(Lsn(0xF02_B108)), Some(Timeline(2)));
        assert_eq!(history.owner_of(Lsn(u64::MAX)), Some(Timeline(3)));
        assert!(history.contains(Timeline(1)) && !history.contains(Timeline(4)));
    }

    #[test]
    fn comments_and_empty_lines_are_passed_over() {
        assert_eq!(spans(2, "# by hand\n \t\n  1 0/10 anything").unwrap(), [(2, 16, None), (1, 0, Some(16))]);
        assert_eq!(spans(2, "").unwrap(), [(2, 0, None)]);
    }

    #[test]
    fn what_the_server_refuses_is_refused() {
        assert_eq!(spans(2, "one\t0/10"), Err(BadHistory::NoTimeline { line: 1 }));
        assert_eq!(spans(2, "\n1\n"), Err(BadHistory::NoSwitchPoint { line: 2 }));
        assert_eq!(spans(2, "1\t0:10"), Err(BadHistory::NoSwitchPoint { line: 1 }));
        assert_eq!(spans(4, "2\t0/10\n2\t0/20\n"), Err(BadHistory::NotRising { line: 2 }));
        let own = BadHistory::NotBeforeItself { last: Timeline(2), own: Timeline(2) };
        assert_eq!(spans(2, "2\t0/10\n"), Err(own));
        assert_eq!(History::parse(Timeline(2), &vec![b' '; 2 << 20]), Err(BadHistory::TooLong));
    }

    #[test]
    fn numbers_are_those_of_the_c_library() {
        assert_eq!(spans(9, "+1 0x0/0XaB").unwrap(), [(9, 0xAB, None), (1, 0, Some(0xAB))]);
        assert_eq!(spans(9, "4294967297 0/1").unwrap(), [(9, 1, None), (1, 0, Some(1))]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_history_or_none(own: u32, text in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = History::parse(Timeline(own), &text);
        }

        #[test]
        fn every_place_has_at_most_one_owner(text in "([0-9] ?\t0/[0-9A-F]{1,6}\n){0,6}", place in 0..0x100_0000_u64) {
            if let Ok(history) = History::parse(Timeline(99), text.as_bytes()) {
                let owner = history.owner_of(Lsn(place));
                prop_assert!(owner.is_none_or(|owner| history.contains(owner)));
            }
        }
    }
}
