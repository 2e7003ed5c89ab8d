//! Digests a block of rows in COPY's text format, on several threads where it is long.

use super::lines::{CopyLines, Tally};
use super::pool::DigestPool;
use super::reason::NoDigest;
use super::row::{Row, RowHasher};
use super::total::Digest;

/// Adds up the rows of one block.
#[derive(Debug)]
pub(crate) struct CopyDigester {
    lines: CopyLines,
    hasher: RowHasher,
    row: Row,
    tally: Tally,
    bytes: usize,
    /// Who goes on where the block is long.
    pool: Option<DigestPool>,
}

/// A block of this many bytes is digested before threads could have begun.
const LONG: usize = 4 << 20;

impl CopyDigester {
    pub(crate) fn new(hasher: RowHasher) -> Self {
        let (lines, row, tally) = (CopyLines::default(), Row::default(), Tally::default());
        Self { lines, hasher, row, tally, bytes: 0, pool: None }
    }

    pub(crate) fn take(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        if self.pool.is_none()
            && self.bytes > LONG
            && DigestPool::size() > 1
            && let Some(begun) = self.lines.hand_over()
        {
            self.pool = Some(DigestPool::new(&self.hasher, begun));
        }
        match &mut self.pool {
            Some(pool) => pool.take(piece),
            None => self.tally.take(piece, &mut self.lines, &mut self.hasher, &mut self.row),
        }
    }

    /// Waits until all that was taken is digested.
    pub(crate) fn settle(&mut self) {
        if let Some(pool) = self.pool.take() {
            self.tally += pool.finish();
            // Nothing comes after that.
            self.lines.end();
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

#[cfg(test)]
mod tests {
    use super::super::lines::{end_of_rows, read_line, without_return};
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
        tally.lines(text.as_bytes(), &mut RowHasher::new(Recipe::default()));
        assert_eq!(tally.digest, expected.0);
        assert_eq!(end_of_rows(b"a\nb\\\nc", 0), Some(2));
        assert_eq!(end_of_rows(b"b\\\nc", 0), None);
        assert_eq!(end_of_rows(b"ab\ncd", 2), Some(3));
        assert_eq!(end_of_rows(b"a\nbc", 2), None);
    }

    fn digest(pieces: &[&str], recipe: super::super::Recipe) -> (Digest, bool) {
        let mut digester = CopyDigester::new(RowHasher::new(recipe));
        for piece in pieces {
            digester.take(piece.as_bytes());
        }
        (digester.digest().unwrap(), digester.lines.is_ended())
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
            let mut hasher = RowHasher::new(Default::default());
            let short = hasher.hash_line(line.as_bytes()).unwrap();
            let mut row = Row::default();
            read_line(line.as_bytes(), &mut row);
            assert_eq!(short, hasher.hash(&row), "{line:?}");
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
        let (mut expected, mut hasher, mut row) = (Digest::default(), RowHasher::new(recipe()), Row::default());
        for line in &lines {
            read_line(without_return(line.as_bytes()), &mut row);
            expected.add(hasher.hash(&row));
        }
        let text = lines.join("\n") + "\n";
        assert!(text.len() > 2 * LONG);
        for size in [1 << 10, 100_003, 3 << 20] {
            for end in ["", "\\.\n", "\\.\n\n\n", "\\.\n1\tafter the end\n"] {
                let mut digester = CopyDigester::new(RowHasher::new(recipe()));
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
        let mut digester = CopyDigester::new(RowHasher::new(Default::default()));
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
