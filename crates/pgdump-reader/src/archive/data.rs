//! The data of one entry of an archive: counted, handed on, and checked to come to their end.

use std::io::{self, Read};

use crate::archive::entries::{DataEntry, DataKind, RowFormat};
use crate::charset::Charset;
use crate::copy_format::CopyFormat;
use crate::digest::{self, Row, Target};
use crate::lexer::{Item, Lexer};
use crate::rows::{Columns, CopyBlock, Destination, RowMode, RowTotals};
use compressed::READ_SIZE;

/// Where the rows of a pass go, and what is known of their columns.
pub(crate) struct RowSink<'a, 'v> {
    pub(crate) mode: &'a mut RowMode<'v>,
    pub(crate) totals: &'a mut RowTotals,
    pub(crate) columns: &'a dyn Columns,
    /// `standard_conforming_strings` of the dump.
    pub(crate) std_strings: bool,
    /// That of names.
    pub(crate) charset: Charset,
}

impl DataRead {
    /// The error that ended the reading, with how many rows were read before it; one of the disk stays as it is.
    pub(crate) fn with_rows(self, error: io::Error) -> io::Error {
        if error.raw_os_error().is_some() {
            return error;
        }
        io::Error::new(error.kind(), format!("{error}, after {} whole rows", self.rows))
    }
}

impl RowSink<'_, '_> {
    /// Whether an entry has to be read: a visitor may want others only.
    pub(crate) fn wants(&mut self, entry: &DataEntry) -> bool {
        match self.mode {
            // Where the rows go stands in the data.
            RowMode::Visit(_) if entry.kind == DataKind::Rows(RowFormat::Inserts) => true,
            RowMode::Visit(visitor) => visitor.may_want(&entry.destination),
            RowMode::Count | RowMode::Digest => true,
        }
    }
}

/// Reads the data of one table's entry.
pub(crate) struct EntryReader {
    format: RowFormat,
    end: End,
    block: Option<CopyBlock>,
    row: Row,
    /// Rows of INSERT statements.
    inserted: u64,
}

/// What reading an entry's data has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataRead {
    pub(crate) bytes: u64,
    /// Whether they end as pg_dump ends them.
    pub(crate) whole: bool,
    /// Whether more than white space stands behind their end mark: the server does not read it, and gives no error.
    pub(crate) has_rest: bool,
    pub(crate) rows: u64,
}

impl EntryReader {
    pub(crate) fn new(format: RowFormat, destination: &Destination, sink: &mut RowSink<'_, '_>) -> Self {
        let block = match format {
            RowFormat::Copy => sink.totals.begin_copy(sink.mode, destination, &CopyFormat::default(), sink.columns),
            RowFormat::Inserts => None,
        };
        Self { format, end: End::default(), block, row: Row::default(), inserted: 0 }
    }

    /// Takes what a reader gives, all of it, or no more than about `most` bytes; whether it came to the end.
    pub(crate) fn read_from(
        &mut self,
        source: &mut dyn Read,
        destination: &Destination,
        sink: &mut RowSink<'_, '_>,
        most: Option<u64>,
    ) -> io::Result<bool> {
        if self.format == RowFormat::Inserts {
            return self.read_inserts(source, destination, sink).map(|()| true);
        }
        let mut buffer = vec![0; READ_SIZE];
        let begin = self.end.bytes;
        while most.is_none_or(|most| self.end.bytes - begin < most) {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(read) => {
                    self.end.look_for_mark(&buffer[..read]);
                    self.end.take(&buffer[..read]);
                    if let Some(block) = &mut self.block {
                        block.take(sink.mode, &mut self.row, &buffer[..read]);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn read_inserts(
        &mut self,
        source: &mut dyn Read,
        destination: &Destination,
        sink: &mut RowSink<'_, '_>,
    ) -> io::Result<()> {
        let mut lexer = Lexer::new(Counted { source, end: &mut self.end });
        lexer.std_strings = sink.std_strings;
        let charset = sink.charset;
        lexer.keep_inserts = true;
        while let Some(item) = lexer.next()? {
            if matches!(item, Item::Insert) {
                // With --load-via-partition-root the statement names another table than the entry. One without a schema, of
                // before 10.3, is in the entry's.
                let destination_of = |head: &[u8]| {
                    let Target { schema, table, columns } = digest::target(head, charset)?;
                    let schema = schema.or_else(|| destination.schema.clone());
                    Some(Destination { database: destination.database.clone(), schema, table, columns })
                };
                let std_strings = lexer.std_strings;
                let RowSink { mode, totals, columns, .. } = sink;
                self.inserted += totals.insert(mode, lexer.insert(), std_strings, destination_of, *columns);
            }
        }
        Ok(())
    }

    /// Ends the reading, and hands the rows to whoever gathers them.
    pub(crate) fn finish(mut self, sink: &mut RowSink<'_, '_>, damaged: bool) -> DataRead {
        let whole = self.end.is_whole(self.format) && !self.end.has_rest;
        if let Some(block) = &mut self.block {
            block.settle(sink.mode);
        }
        let rows = self.block.as_ref().map_or(self.inserted, CopyBlock::rows);
        if let Some(block) = self.block.take() {
            sink.totals.end_copy(sink.mode, block, damaged || !whole);
        }
        DataRead { bytes: self.end.bytes, whole, has_rest: self.end.has_rest, rows }
    }
}

/// The last bytes of the data.
#[derive(Debug, Default)]
struct End {
    bytes: u64,
    tail: Vec<u8>,
    /// Whether the end mark of rows has been read.
    is_marked: bool,
    /// Whether more than white space stands behind it.
    has_rest: bool,
}

/// pg_dump ends rows with `\.` and three line breaks; a little more is kept for what others have written.
const TAIL: usize = 32;

impl End {
    /// Looks at rows, before they are taken, for a line that holds `\.` alone, and for what stands behind it.
    fn look_for_mark(&mut self, piece: &[u8]) {
        let mut rest = piece;
        if !self.is_marked {
            // The mark can lie across the seam.
            let seam = [
                &self.tail[self.tail.len().saturating_sub(MARK_AT_MOST)..],
                piece.get(..MARK_AT_MOST).unwrap_or(piece),
            ]
            .concat();
            let known = self.tail.len().min(MARK_AT_MOST);
            let at_seam = end_of_mark(&seam, self.bytes <= known as u64).map(|end| end.saturating_sub(known));
            let Some(end) = at_seam.or_else(|| end_of_mark(piece, false)) else { return };
            self.is_marked = true;
            rest = piece.get(end..).unwrap_or_default();
        }
        self.has_rest |= !rest.trim_ascii().is_empty();
    }

    fn take(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if piece.len() >= TAIL {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - TAIL..]);
        } else {
            self.tail.extend_from_slice(piece);
            let surplus = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..surplus);
        }
    }

    fn is_whole(&self, format: RowFormat) -> bool {
        match format {
            RowFormat::Copy => {
                let rows = self.tail.trim_ascii_end();
                let all_in_tail = self.bytes <= TAIL as u64;
                rows.len() < self.tail.len() && (rows == b"\\." && all_in_tail || rows.ends_with(b"\n\\."))
            }
            RowFormat::Inserts => self.tail.ends_with(b"\n\n"),
        }
    }
}

/// `\n\\.\r\n`
const MARK_AT_MOST: usize = 5;

/// Where the line behind an end mark begins; `from_start` says that a line begins with the text.
fn end_of_mark(text: &[u8], from_start: bool) -> Option<usize> {
    memchr::memmem::find_iter(text, b"\\.").find_map(|at| {
        let begins = at.checked_sub(1).map_or(from_start, |before| text[before] == b'\n');
        let end = match &text[at + 2..] {
            [b'\n', ..] => at + 3,
            [b'\r', b'\n', ..] => at + 4,
            _ => return None,
        };
        begins.then_some(end)
    })
}

/// Sees what a lexer reads.
struct Counted<'a> {
    source: &'a mut dyn Read,
    end: &'a mut End,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.end.take(&out[..read]);
        Ok(read)
    }
}
