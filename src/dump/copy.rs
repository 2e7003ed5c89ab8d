//! The data of one entry of an archive: counted, and checked to come to their end.

use std::io::{self, Read};

/// What an entry's data are made of, which says how they must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Rows in COPY's text format, ended by a line `\.` (dumpTableData_copy in src/bin/pg_dump/pg_dump.c).
    Rows,
    /// INSERT statements, ended by an empty line (dumpTableData_insert).
    Inserts,
    /// Any bytes.
    LargeObject,
}

/// Takes the data in pieces and keeps only counts and the last bytes.
#[derive(Debug)]
pub(super) struct Data {
    content: Content,
    bytes: u64,
    newlines: u64,
    something: bool,
    tail: Vec<u8>,
}

/// pg_dump ends rows with `\.` and three line breaks; a little more is kept for what others have written.
const TAIL: usize = 32;

impl Data {
    pub(super) fn new(content: Content) -> Self {
        Self { content, bytes: 0, newlines: 0, something: false, tail: Vec::new() }
    }

    /// Takes all that a reader gives.
    pub(super) fn read_from(&mut self, source: &mut dyn Read) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => self.take(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if self.content == Content::LargeObject {
            return;
        }
        self.newlines += memchr::memchr_iter(b'\n', piece).count() as u64;
        self.something = self.something || piece.iter().any(|byte| !byte.is_ascii_whitespace());
        if piece.len() >= TAIL {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - TAIL..]);
        } else {
            self.tail.extend_from_slice(piece);
            let surplus = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..surplus);
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the data end as pg_dump ends them.
    pub(super) fn is_whole(&self) -> bool {
        match self.content {
            Content::Rows => {
                let rows = self.tail.trim_ascii_end();
                rows.len() < self.tail.len() && (rows == b"\\." && self.starts_in_tail() || rows.ends_with(b"\n\\."))
            }
            Content::Inserts => self.tail.ends_with(b"\n\n"),
            Content::LargeObject => true,
        }
    }

    fn starts_in_tail(&self) -> bool {
        self.bytes <= TAIL as u64
    }

    /// Rows in COPY format; a row is a line there. INSERT statements are not counted.
    pub(super) fn rows(&self) -> Option<u64> {
        if self.content != Content::Rows {
            return None;
        }
        let after_rows = self.tail.iter().rev().take_while(|byte| byte.is_ascii_whitespace());
        let end = after_rows.filter(|byte| **byte == b'\n').count() as u64;
        Some(if self.is_whole() { self.newlines.saturating_sub(end) } else { self.newlines })
    }

    pub(super) fn has_rows(&self) -> bool {
        match self.rows() {
            Some(rows) => rows > 0,
            None => self.something,
        }
    }
}
