//! Rows in COPY's text format (CopyReadLineText and CopyReadAttributesText in src/backend/commands/copyfromparse.c,
//! PostgreSQL 14 to 18; copy.c before).

use super::crew::Crew;
use super::lanes::Lanes;
use super::row::{Former, Row};
use super::{Digest, LONGEST_ROW, NULL, NoDigest};

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

    /// Whether somebody else can go on with the line that was begun.
    fn can_be_left(&self) -> bool {
        !self.ended && !self.too_long
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.too_long || self.begun.len() + piece.len() > LONGEST_ROW {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }
}

/// A file that went through Windows has `\r\n`, which the server takes for a line's end too; a carriage return in a value
/// is written as an escape.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line break after this text belongs to a value, because a backslash stands before it. pg_dump writes `\n`.
#[inline]
pub(super) fn goes_on(line: &[u8]) -> bool {
    line.last() == Some(&b'\\') && line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Where the last row of this text ends: behind its line break.
pub(super) fn end_of_rows(text: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'\n', text).find(|end| !goes_on(&text[..*end])).map(|end| end + 1)
}

/// What lines of COPY text come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) digest: Digest,
    pub(super) fault: Option<NoDigest>,
    beyond_ascii: bool,
}

impl Tally {
    /// Adds lines, which begin and end in this text; the line `\.` is not among them.
    pub(super) fn lines(&mut self, text: &[u8], former: &mut Former) {
        self.beyond_ascii = self.beyond_ascii || !text.is_ascii();
        let mut row = Row::default();
        let mut lanes = Lanes::default();
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
            match former.takes_as_it_is(line) {
                true => lanes.push(line, backslash, &mut self.digest),
                false => {
                    read_line(line, &mut row);
                    self.digest.add(former.hash(&row));
                }
            }
            (start, backslash) = (at + 1, None);
        }
        lanes.finish(&mut self.digest);
    }

    fn take(&mut self, piece: &[u8], lines: &mut CopyLines, former: &mut Former, row: &mut Row) {
        self.beyond_ascii = self.beyond_ascii || !piece.is_ascii();
        let Self { digest, fault, .. } = self;
        lines.take(piece, |line| match line {
            Some(line) => {
                digest.add(former.hash_line(line).unwrap_or_else(|| {
                    read_line(line, row);
                    former.hash(row)
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

/// Adds up the rows of one block.
#[derive(Debug)]
pub(crate) struct CopyDigester {
    lines: CopyLines,
    former: Former,
    row: Row,
    tally: Tally,
    bytes: usize,
    /// Who goes on where the block is long.
    crew: Option<Crew>,
}

/// A block of this many bytes is digested before threads could have begun.
const LONG: usize = 4 << 20;

impl CopyDigester {
    pub(crate) fn new(former: Former) -> Self {
        let (lines, row, tally) = (CopyLines::default(), Row::default(), Tally::default());
        Self { lines, former, row, tally, bytes: 0, crew: None }
    }

    pub(crate) fn take(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        if self.crew.is_none() && self.bytes > LONG && self.lines.can_be_left() && Crew::size() > 1 {
            self.crew = Some(Crew::new(&self.former, std::mem::take(&mut self.lines.begun)));
        }
        match &mut self.crew {
            Some(crew) => crew.take(piece),
            None => self.tally.take(piece, &mut self.lines, &mut self.former, &mut self.row),
        }
    }

    /// Waits until all that was taken is digested.
    pub(crate) fn settle(&mut self) {
        if let Some(crew) = self.crew.take() {
            self.tally += crew.finish();
            // Nothing comes after that.
            self.lines.ended = true;
        }
    }

    /// Rows so far; those that threads are at count once they have settled.
    pub(crate) fn rows(&self) -> u64 {
        self.tally.digest.rows
    }

    /// Whether no byte so far was beyond ASCII.
    pub(crate) fn is_ascii(&self) -> bool {
        !self.tally.beyond_ascii
    }

    pub(crate) fn digest(&self) -> Result<Digest, NoDigest> {
        self.tally.fault.map_or(Ok(self.tally.digest), Err)
    }
}

/// Writes the form of a line whose values need no treatment: the line itself, but for what backslashes stand for. The
/// first one is at `backslash`.
pub(super) fn form_of_line(line: &[u8], backslash: usize, form: &mut Vec<u8>) {
    form.clear();
    let (mut copied, mut at) = (0, backslash);
    loop {
        form.extend_from_slice(&line[copied..at]);
        let after = &line[at + 1..];
        let begins_value = at == 0 || line[at - 1] == b'\t';
        if begins_value && after.first() == Some(&b'N') && matches!(after.get(1), None | Some(b'\t')) {
            form.extend_from_slice(NULL.as_bytes());
            copied = at + 2;
        } else {
            let (byte, length) = escape(after);
            form.extend(byte);
            copied = at + 1 + length;
        }
        match memchr::memchr(b'\\', &line[copied..]) {
            Some(found) => at = copied + found,
            None => return form.extend_from_slice(&line[copied..]),
        }
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

/// What stands after a backslash, and how many bytes that are.
fn escape(after: &[u8]) -> (Option<u8>, usize) {
    let Some(first) = after.first() else { return (None, 0) };
    match first {
        b'b' => (Some(8), 1),
        b'f' => (Some(12), 1),
        b'n' => (Some(b'\n'), 1),
        b'r' => (Some(b'\r'), 1),
        b't' => (Some(b'\t'), 1),
        b'v' => (Some(11), 1),
        b'0'..=b'7' => {
            let digits = after.iter().take(3).take_while(|digit| (b'0'..=b'7').contains(digit));
            let (value, length) =
                digits.fold((0_u32, 0), |(value, length), digit| (value << 3 | u32::from(digit - b'0'), length + 1));
            (Some((value & 0xff) as u8), length)
        }
        b'x' => {
            let digits = after[1..].iter().take(2).map_while(|digit| char::from(*digit).to_digit(16));
            match digits.fold((0, 0), |(value, length), digit| (value << 4 | digit, length + 1)) {
                (_, 0) => (Some(b'x'), 1),
                (value, length) => (Some((value & 0xff) as u8), 1 + length),
            }
        }
        other => (Some(*other), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{
        Recipe,
        Treatment::{AsIs, Zoned},
    };
    use super::*;

    fn read(line: &str) -> Vec<Option<String>> {
        let mut row = Row::default();
        read_line(line.as_bytes(), &mut row);
        row.values().map(|value| value.map(|value| String::from_utf8_lossy(value).into_owned())).collect()
    }

    fn some(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| Some((*value).to_owned())).collect()
    }

    #[test]
    fn a_line_is_taken_apart() {
        assert_eq!(read("1\ta b\t"), some(&["1", "a b", ""]));
        assert_eq!(read(""), some(&[""]));
        assert_eq!(read("\\N\t\\N\t\\N"), [None, None, None]);
        assert_eq!(read("a\t\\N"), [Some("a".into()), None]);
        assert_eq!(read("\\N\t"), [None, Some(String::new())]);
        assert_eq!(read("\\\\N\t\\Nx\tx\\N"), some(&["\\N", "Nx", "xN"]));
        assert_eq!(read("a\\tb\\nc\\\\d\\re\\bf\\fg\\vh"), some(&["a\tb\nc\\d\re\u{8}f\u{c}g\u{b}h"]));
        assert_eq!(read("\\101\\x42\\x4\\xzz\\7\\."), some(&["AB\u{4}xzz\u{7}."]));
    }

    #[test]
    fn a_line_break_after_a_backslash_is_one_of_the_value() {
        let expected = digest(&["1\ta\\nb\n2\tc\\\\\n3\t\n"], Recipe::default());
        let text = "1\ta\\\nb\n2\tc\\\\\n3\t\n";
        for cut in 0..text.len() {
            assert_eq!(digest(&[&text[..cut], &text[cut..]], Recipe::default()), expected, "cut at {cut}");
        }
        let mut tally = Tally::default();
        tally.lines(text.as_bytes(), &mut Former::new(Recipe::default()));
        assert_eq!(tally.digest, expected.0);
        assert_eq!(end_of_rows(b"a\nb\\\nc"), Some(2));
        assert_eq!(end_of_rows(b"b\\\nc"), None);
    }

    fn digest(pieces: &[&str], recipe: super::super::Recipe) -> (Digest, bool) {
        let mut digester = CopyDigester::new(Former::new(recipe));
        for piece in pieces {
            digester.take(piece.as_bytes());
        }
        (digester.digest().unwrap(), digester.lines.ended)
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let text = "1\ta\\nb\t\\N\n2\t2024-07-01 14:00:00+02\tжук\n\n\\\\.\n3\tx\ty\n\\.\n\n\n";
        let recipe = || Recipe { columns: vec![AsIs, Zoned], ..Recipe::default() };
        let whole = digest(&[text], recipe());
        assert_eq!((whole.0.rows, whole.1), (5, true));
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert_eq!(digest(&[&text[..cut], &text[cut..]], recipe()), whole, "cut at {cut}");
        }
        assert_eq!(digest(&text.split_inclusive(|_| true).collect::<Vec<_>>(), recipe()), whole);
    }

    #[test]
    fn a_line_as_it_is_and_one_taken_apart_have_the_same_hash() {
        let recipe = || Recipe { columns: vec![Zoned], ..Recipe::default() };
        let utc = digest(&["2024-07-01 12:00:00+00\ta\n"], recipe());
        assert_eq!(digest(&["2024-07-01 14:00:00+02\ta\n"], recipe()), utc);
        assert_eq!(digest(&["2024-07-01 14:00:00+02\t\\141\n"], recipe()), utc);
        assert_ne!(digest(&["2024-07-01 14:00:00+02\ta\n"], Default::default()).0.sum, utc.0.sum);
    }

    #[test]
    fn the_short_way_to_a_form_and_the_long_one_lead_to_the_same() {
        let lines = [
            "\\N",
            "\\N\t\\N",
            "a\t\\N\tb",
            "\\N\t",
            "\\\\N",
            "\\Nx",
            "x\\N",
            "\\tN\t\\\\\t\\N",
            "\\",
            "a\\",
            "\\101\\x4\tb\\n",
            "\\\t",
        ];
        for line in lines {
            let mut former = Former::new(Default::default());
            let short = former.hash_line(line.as_bytes()).unwrap();
            let mut row = Row::default();
            read_line(line.as_bytes(), &mut row);
            assert_eq!(short, former.hash(&row), "{line:?}");
        }
    }

    #[test]
    fn a_long_block_has_the_same_digest_however_many_threads_make_it() {
        let line = |number: usize| match number % 4 {
            0 => format!("{number}\tvalue {number}\t2024-07-01 12:00:00+00\t\\N"),
            1 => format!("{number}\tmany\\nlines\t\\N\t\\\\{number}\r"),
            2 => format!("\\N\t{}\t2024-07-01 14:00:00+02\t{number}", "x".repeat(number % 60)),
            _ => format!("{number}\t\t2024-07-01 14:00:00+02\t\\\\."),
        };
        let recipe = || Recipe { columns: vec![AsIs, AsIs, Zoned, AsIs], ..Recipe::default() };
        let lines: Vec<String> = (0..400_000).map(line).collect();
        let (mut expected, mut former, mut row) = (Digest::default(), Former::new(recipe()), Row::default());
        for line in &lines {
            read_line(without_return(line.as_bytes()), &mut row);
            expected.add(former.hash(&row));
        }
        let text = lines.join("\n") + "\n";
        assert!(text.len() > 2 * LONG);
        for size in [1 << 10, 100_003, 3 << 20] {
            for end in ["", "\\.\n", "\\.\n\n\n", "\\.\n1\tafter the end\n"] {
                let mut digester = CopyDigester::new(Former::new(recipe()));
                let whole = format!("{text}{end}");
                for piece in whole.as_bytes().chunks(size) {
                    digester.take(piece);
                }
                digester.settle();
                assert_eq!(digester.digest(), Ok(expected), "{size} {end:?}");
                assert!(digester.is_ascii());
            }
        }
    }

    #[test]
    fn a_row_that_is_too_long_is_counted_and_not_digested() {
        let mut digester = CopyDigester::new(Former::new(Default::default()));
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..65 {
            digester.take(&piece);
        }
        digester.take(b"\nb\n");
        digester.settle();
        assert_eq!(digester.rows(), 2);
        assert_eq!(digester.digest(), Err(NoDigest::LongRow));
    }
}
