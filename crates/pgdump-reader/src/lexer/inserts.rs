//! INSERT statements, of which a dump can have one for each row.

use std::io::{self, Read};

use super::Lexer;
use super::item::{Item, TokenKind};
use crate::sql::is_word_part;

impl<R: Read> Lexer<R> {
    /// The text of the INSERT that has just ended; `None` where it is longer than is kept.
    pub(crate) fn insert(&self) -> Option<&[u8]> {
        (!self.insert_too_long).then_some(&*self.insert)
    }

    /// A variable of psql in that INSERT whose value is not known; given once.
    pub(crate) fn take_insert_unknown(&mut self) -> Option<String> {
        self.insert_unknown.take()
    }

    pub(super) fn end_insert(&mut self) -> Item {
        let ended = std::mem::take(&mut self.statement);
        self.insert_unknown = ended.unknown;
        Item::Insert
    }

    /// Begins an INSERT that begins like the one before.
    pub(super) fn begin_repeated(&mut self) {
        let beginning = &self.last_insert.bytes;
        if !beginning.is_empty() && self.buffer[self.position..self.end].starts_with(beginning) {
            let (length, parentheses) = (beginning.len(), self.last_insert.parentheses);
            self.begin();
            self.begin_insert(b"");
            self.statement.repeated = true;
            self.statement.parentheses = parentheses;
            self.advance(length);
        }
    }

    /// Begins to keep an INSERT, of which so much has been read.
    pub(super) fn begin_insert(&mut self, read: &[u8]) {
        self.statement.is_insert = true;
        self.insert.clear();
        self.insert_too_long = false;
        self.insert.extend_from_slice(read);
    }

    pub(super) fn keeps_insert(&self) -> bool {
        self.keep_inserts && self.statement.is_insert
    }

    /// Keeps how this INSERT begins, once all of its tokens that are kept have been read.
    pub(super) fn remember_insert(&mut self) {
        self.last_insert.bytes.clear();
        let is_plain = !self.statement.injected
            && self.statement.tokens.iter().all(|token| !matches!(token.kind, TokenKind::Text(_)));
        let start = self.statement.begun.and_then(|(_, offset)| offset.checked_sub(self.base));
        if let Some(start) = start
            && is_plain
            && let Some(bytes) = self.buffer.get(start as usize..self.position)
        {
            self.last_insert.bytes.extend_from_slice(bytes);
            self.last_insert.parentheses = self.statement.parentheses;
            self.last_insert.tokens.clone_from(&self.statement.tokens);
        }
    }

    /// Passes over what cannot matter in a statement whose tokens are no longer kept, up to a byte that could.
    pub(super) fn skip_values(&mut self) -> io::Result<()> {
        loop {
            let slice = &self.buffer[self.position..self.end];
            let Some(found) = slice.iter().position(|byte| STOPS[usize::from(*byte)]) else {
                // The byte before a quote says what kind of string it opens, so the last two stay.
                self.advance(slice.len().saturating_sub(2));
                if !self.fill()? {
                    self.advance(2);
                    return Ok(());
                }
                continue;
            };
            let before = slice[..found].last().copied();
            let before_that = slice[..found.saturating_sub(1)].last().copied();
            let stop = slice[found];
            match stop {
                b'\'' => {
                    let is_escape = matches!(before, Some(b'e' | b'E')) && !before_that.is_some_and(is_word_part);
                    let is_plain = !before.is_some_and(is_word_part) && before != Some(b'&');
                    self.advance(found);
                    self.string(1, is_escape || is_plain && !self.std_strings)?;
                }
                b'"' => {
                    self.advance(found);
                    self.quoted(b'"', 1, false)?;
                }
                b'$' if before.is_some_and(is_word_part) => self.advance(found + 1),
                b'$' => {
                    self.advance(found);
                    self.dollar()?;
                }
                b'(' => {
                    self.statement.parentheses = self.statement.parentheses.saturating_add(1);
                    self.advance(found + 1);
                }
                b')' => {
                    self.statement.parentheses = self.statement.parentheses.saturating_sub(1);
                    self.advance(found + 1);
                }
                _ => {
                    self.advance(found);
                    return Ok(());
                }
            }
        }
    }
}

/// The bytes at which a statement's values could end, or a string or comment begin.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let bytes = b"'\"$();-/\\";
    let mut index = 0;
    while index < bytes.len() {
        stops[bytes[index] as usize] = true;
        index += 1;
    }
    stops
};
