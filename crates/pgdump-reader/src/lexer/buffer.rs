//! The text that is being taken apart: its buffer, its lines, and what psql puts into it.

use std::io::{self, Read};

use super::limits::{MAX_STATEMENT_BYTES, MAX_TOKEN_BYTES};
use super::{Lexer, MARK};
use crate::digest::MAX_ROW;
use crate::embedding::Embedding;

impl<R: Read> Lexer<R> {
    /// Passes over the mark of UTF-8 at a text's beginning, as psql does (MainLoop in src/bin/psql/mainloop.c). With another
    /// encoding of the client it does not, and the server says so.
    pub(crate) fn skip_mark(&mut self) -> io::Result<()> {
        for (ahead, byte) in MARK.iter().enumerate() {
            if self.peek(ahead)? != Some(*byte) {
                return Ok(());
            }
        }
        self.pass_over(MARK.len());
        Ok(())
    }

    /// Reads what follows in this encoding.
    pub(crate) fn set_encoding(&mut self, encoding: Embedding) {
        if encoding.same_as(&self.encoding) {
            return;
        }
        if self.encoding.is_any() {
            self.buffer[..self.end].copy_from_slice(&self.raw[..self.end]);
        }
        self.raw.clear();
        self.encoding = encoding;
        self.last_insert.bytes.clear();
        if self.encoding.is_any() {
            self.raw = self.buffer.clone();
            let (position, end) = (self.position, self.end);
            self.encoding.mask(&mut self.buffer[position..end]);
        }
    }

    /// The text as it is between two places of the buffer.
    pub(super) fn bytes(&self, start: usize, end: usize) -> &[u8] {
        if self.encoding.is_any() { &self.raw[start..end] } else { &self.buffer[start..end] }
    }

    /// Puts text before what is read next, as if it stood there.
    pub(crate) fn inject(&mut self, text: &[u8]) {
        let line = self.line();
        if self.position < text.len() {
            let at = self.position;
            let room = vec![0; text.len()];
            if self.encoding.is_any() {
                self.raw.splice(at..at, room.iter().copied());
            }
            self.buffer.splice(at..at, room);
            self.position += text.len();
            self.end += text.len();
            self.base = self.base.saturating_sub(text.len() as u64);
        }
        let start = self.position - text.len();
        self.buffer[start..self.position].copy_from_slice(text);
        if self.encoding.is_any() {
            self.raw[start..self.position].copy_from_slice(text);
            self.encoding.at_start().mask(&mut self.buffer[start..start + text.len()]);
        }
        self.position = start;
        self.counted = start;
        self.line = line.saturating_sub(memchr::memchr_iter(b'\n', text).count() as u64);
        self.statement.injected = true;
    }

    /// Bytes of text read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.position as u64
    }

    /// The current line, from 1.
    pub(crate) fn line(&mut self) -> u64 {
        self.line += memchr::memchr_iter(b'\n', &self.buffer[self.counted..self.position]).count() as u64;
        self.counted = self.position;
        self.line
    }

    /// Leaves bytes out of whatever is kept.
    pub(super) fn pass_over(&mut self, length: usize) {
        self.position += length.min(self.end - self.position);
    }

    pub(super) fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) -> io::Result<()> {
        loop {
            let slice = &self.buffer[self.position..self.end];
            let length = slice.iter().position(|byte| !wanted(*byte)).unwrap_or(slice.len());
            let more = length == slice.len();
            self.advance(length);
            if !more || !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Up to the line break, which stays; the text is given if it is wanted.
    pub(super) fn rest_of_line(&mut self, wanted: bool) -> io::Result<String> {
        let line = self.rest_of_line_bytes(wanted)?;
        Ok(self.charset.text(line))
    }

    pub(super) fn rest_of_line_bytes(&mut self, wanted: bool) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let slice = &self.buffer[self.position..self.end];
            let found = memchr::memchr(b'\n', slice);
            let length = found.unwrap_or(slice.len());
            if wanted && line.len() < MAX_TOKEN_BYTES {
                line.extend_from_slice(self.bytes(self.position, self.position + length));
            }
            self.advance(length);
            if found.is_some() || !self.fill()? {
                break;
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }

    #[inline]
    pub(super) fn peek(&mut self, ahead: usize) -> io::Result<Option<u8>> {
        while self.position + ahead >= self.end {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.position + ahead]))
    }

    #[inline]
    pub(super) fn advance(&mut self, length: usize) {
        let length = length.min(self.end - self.position);
        let passed = match self.encoding.is_any() {
            true => &self.raw[self.position..self.position + length],
            false => &self.buffer[self.position..self.position + length],
        };
        if self.statement.whole && self.statement.text.len() < MAX_STATEMENT_BYTES {
            self.statement.text.extend_from_slice(passed);
        }
        if self.keep_inserts && self.statement.is_insert {
            if self.insert.len() + length > MAX_ROW {
                self.insert_too_long = true;
                self.insert = Vec::new();
            }
            if !self.insert_too_long {
                self.insert.extend_from_slice(passed);
            }
        }
        self.position += length;
    }

    /// Reads on; false at the end of the text. What was not passed yet stays.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        if self.position > 0 {
            self.line();
            self.buffer.copy_within(self.position..self.end, 0);
            if self.encoding.is_any() {
                self.raw.copy_within(self.position..self.end, 0);
            }
            self.base += self.position as u64;
            self.end -= self.position;
            (self.position, self.counted) = (0, 0);
        }
        if self.end == self.buffer.len() {
            // Nothing looks ahead further than a dollar quote's tag, so there is always room.
            return Ok(false);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(false);
                }
                Ok(read) => {
                    if self.nul.is_none()
                        && let Some(found) = memchr::memchr(0, &self.buffer[self.end..self.end + read])
                    {
                        self.nul = Some(self.base + (self.end + found) as u64);
                    }
                    if self.encoding.is_any() {
                        let new = self.end..self.end + read;
                        self.raw.resize(self.buffer.len(), 0);
                        self.raw[new.clone()].copy_from_slice(&self.buffer[new.clone()]);
                        self.encoding.mask(&mut self.buffer[new]);
                    }
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
