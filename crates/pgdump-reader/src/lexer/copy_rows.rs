//! The rows that follow a COPY.

use std::io::{self, Read};

use memchr::memmem::Finder;

use super::Lexer;
use super::item::CopyRows;

impl<R: Read> Lexer<R> {
    /// Passes over the rest of the line of a COPY. It comes after the rows of all COPY statements that go to the server
    /// together (psql reads line by line): [`Self::resume_line`].
    pub(crate) fn leave_line(&mut self) -> io::Result<Vec<u8>> {
        let after = self.rest_of_line_bytes(true)?;
        if self.peek(0)?.is_some() {
            self.advance(1);
        }
        Ok(after)
    }

    /// Goes on with the rest of a line that was left.
    pub(crate) fn resume_line(&mut self, after: &[u8]) {
        if !after.trim_ascii().is_empty() {
            self.inject(&[after, b"\n"].concat());
        }
    }

    /// Hands on the rows of a COPY, which begin here, in pieces, up to the line `\.`.
    pub(crate) fn copy_rows(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<CopyRows> {
        let mut rows = 0;
        let finder = Finder::new(b"\n\\.");
        let mut line_start = true;
        loop {
            if line_start && self.peek(0)? == Some(b'\\') && self.peek(1)? == Some(b'.') {
                let after = (self.peek(2)?, self.peek(3)?);
                let length = match after {
                    (None, _) => Some(2),
                    (Some(b'\n'), _) => Some(3),
                    (Some(b'\r'), Some(b'\n')) => Some(4),
                    _ => None,
                };
                if let Some(length) = length {
                    self.advance(length);
                    return Ok(CopyRows { rows, ended: true });
                }
            }
            let slice = &self.buffer[self.position..self.end];
            let passed = match finder.find(slice) {
                Some(found) => found + 1,
                None => memchr::memrchr(b'\n', slice).map_or(slice.len(), |found| found + 1),
            };
            let lines = memchr::memchr_iter(b'\n', &slice[..passed]).count() as u64;
            rows += lines;
            take(self.bytes(self.position, self.position + passed));
            let slice = &self.buffer[self.position..self.end];
            line_start = passed > 0 && slice[passed - 1] == b'\n' || passed == 0 && line_start;
            let more = passed == slice.len();
            // Counted here, rows need not be gone through again for the number of the line.
            self.line();
            self.advance(passed);
            (self.line, self.counted) = (self.line + lines, self.position);
            // Looking for `\.` at a line's start needs the bytes that follow it.
            if (more || !line_start) && !self.fill()? {
                return Ok(CopyRows { rows, ended: false });
            }
        }
    }
}
