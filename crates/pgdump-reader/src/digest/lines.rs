//! Lines of COPY's text format, and what their rows come to (CopyReadLineText and CopyReadAttributesText in
//! src/backend/commands/copyfromparse.c, PostgreSQL 14 to 18; copy.c before).

use super::batch::HashBatch;
use super::escapes::escape;
use super::reason::NoDigest;
use super::row::{Row, RowHasher};
use super::total::{Digest, MAX_ROW};

/// Puts lines together from pieces that end anywhere, up to the line `\.`.
#[derive(Debug, Default)]
pub(crate) struct CopyLines {
    /// The beginning of a line that is yet to end.
    begun: Vec<u8>,
    /// Whether that line is longer than is kept.
    too_long: bool,
    ended: bool,
}

impl CopyLines {
    /// Takes a piece, and hands on each line that it ends, without its line break; `None` for one that is too long.
    #[inline]
    pub(crate) fn take(&mut self, mut piece: &[u8], mut line: impl FnMut(Option<&[u8]>)) {
        if self.ended {
            return;
        }
        while !self.begun.is_empty() || self.too_long {
            let Some(end) = memchr::memchr(b'\n', piece) else { return self.keep(piece) };
            self.keep(&piece[..end]);
            piece = &piece[end + 1..];
            if self.begun == b"\\." {
                self.ended = true;
                return;
            }
            if goes_on(&self.begun) {
                self.keep(b"\n");
                continue;
            }
            line((!self.too_long).then(|| without_return(&self.begun)));
            self.begun.clear();
            self.too_long = false;
            // What one long row has taken is not kept for all the others.
            self.begun.shrink_to(1 << 20);
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            let whole = &piece[start..end];
            if goes_on(whole) {
                continue;
            }
            start = end + 1;
            if whole == b"\\." {
                self.ended = true;
                return;
            }
            line(Some(without_return(whole)));
        }
        self.keep(&piece[start..]);
    }

    /// The beginning of the line that is yet to end, for whoever reads on in this one's place; `None` where nobody can.
    pub(super) fn hand_over(&mut self) -> Option<Vec<u8>> {
        (!self.ended && !self.too_long).then(|| std::mem::take(&mut self.begun))
    }

    /// Takes no more lines.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    #[cfg(test)]
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.too_long || self.begun.len() + piece.len() > MAX_ROW {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }
}

/// A file that went through Windows has `\r\n`, which the server takes for a line's end too; a carriage return in a value
/// is written as an escape.
pub(super) fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line break after this text belongs to a value, because a backslash stands before it. pg_dump writes `\n`.
#[inline]
pub(super) fn goes_on(line: &[u8]) -> bool {
    line.last() == Some(&b'\\') && line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Where the last row of this text ends, behind its line break. No row ends before `from`.
pub(super) fn end_of_rows(text: &[u8], from: usize) -> Option<usize> {
    let mut breaks = memchr::memrchr_iter(b'\n', &text[from..]).map(|end| from + end);
    breaks.find(|end| !goes_on(&text[..*end])).map(|end| end + 1)
}

/// What lines of COPY text come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) digest: Digest,
    pub(super) fault: Option<NoDigest>,
    pub(super) beyond_ascii: bool,
}

impl Tally {
    /// Adds lines, which begin and end in this text; the line `\.` is not among them.
    pub(super) fn lines(&mut self, text: &[u8], hasher: &mut RowHasher) {
        self.beyond_ascii = self.beyond_ascii || !text.is_ascii();
        let mut row = Row::default();
        let mut batch = HashBatch::default();
        let (mut start, mut backslash) = (0, None);
        for at in memchr::memchr2_iter(b'\n', b'\\', text) {
            if text[at] == b'\\' {
                backslash = backslash.or(Some(at - start));
                continue;
            }
            if backslash.is_some() && goes_on(&text[start..at]) {
                continue;
            }
            let line = without_return(&text[start..at]);
            match hasher.takes_as_it_is(line) {
                true => batch.push(line, backslash, &mut self.digest),
                false => {
                    read_line(line, &mut row);
                    self.digest.add(hasher.hash(&row));
                }
            }
            (start, backslash) = (at + 1, None);
        }
        batch.finish(&mut self.digest);
    }

    pub(super) fn take(&mut self, piece: &[u8], lines: &mut CopyLines, hasher: &mut RowHasher, row: &mut Row) {
        self.beyond_ascii = self.beyond_ascii || !piece.is_ascii();
        let Self { digest, fault, .. } = self;
        lines.take(piece, |line| match line {
            Some(line) => {
                digest.add(hasher.hash_line(line).unwrap_or_else(|| {
                    read_line(line, row);
                    hasher.hash(row)
                }));
            }
            None => {
                digest.rows += 1;
                *fault = Some(NoDigest::LongRow);
            }
        });
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.digest += other.digest;
        self.fault = self.fault.or(other.fault);
        self.beyond_ascii |= other.beyond_ascii;
    }
}

/// Takes a line apart.
pub(crate) fn read_line(line: &[u8], row: &mut Row) {
    row.clear();
    let mut rest = line;
    // The one line of a table without columns is empty, and so is that of a table with one column that holds nothing:
    // both have the same form.
    loop {
        let start = row.len();
        let special = memchr::memchr2(b'\t', b'\\', rest);
        let Some(special) = special else {
            row.text().extend_from_slice(rest);
            row.end_value(start);
            return;
        };
        if rest[special] == b'\t' {
            row.text().extend_from_slice(&rest[..special]);
            row.end_value(start);
            rest = &rest[special + 1..];
            continue;
        }
        // NULL is this and nothing else, up to the end of the value.
        if special == 0 && rest.get(1) == Some(&b'N') && matches!(rest.get(2), None | Some(b'\t')) {
            row.push_null();
            match rest.get(3..) {
                Some(after) if rest.len() > 2 => rest = after,
                _ => return,
            }
            continue;
        }
        match read_escaped(rest, row) {
            Some(after) => rest = after,
            None => return,
        }
    }
}

/// A value with escapes in it, up to its TAB or the end of the line.
fn read_escaped<'a>(value: &'a [u8], row: &mut Row) -> Option<&'a [u8]> {
    let start = row.len();
    let mut rest = value;
    loop {
        let Some(special) = memchr::memchr2(b'\t', b'\\', rest) else {
            row.text().extend_from_slice(rest);
            row.end_value(start);
            return None;
        };
        row.text().extend_from_slice(&rest[..special]);
        let after = &rest[special + 1..];
        if rest[special] == b'\t' {
            row.end_value(start);
            return Some(after);
        }
        let (byte, length) = escape(after);
        row.text().extend(byte);
        rest = &after[length..];
    }
}
