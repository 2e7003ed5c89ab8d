//! Words, strings, names and signs of a statement.

use std::io::{self, Read};

use memchr::memmem::Finder;

use super::Lexer;
use super::building::{is_looked_through, is_read_whole};
use super::item::{Token, TokenKind};
use super::limits::{FIRST_TOKENS, INSERT_TOKENS, LONG_TOKENS, MAX_STATEMENT_BYTES, MAX_TOKEN_BYTES, WHOLE_TOKENS};
use crate::sql::{self, is_word_part};

impl<R: Read> Lexer<R> {
    pub(super) fn token(&mut self, byte: u8) -> io::Result<()> {
        let next = self.peek(1)?;
        match byte {
            b'\'' => self.string(1, !self.std_strings),
            b'e' | b'E' if next == Some(b'\'') => self.string(2, true),
            b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if next == Some(b'\'') => self.string(2, false),
            b'u' | b'U' if next == Some(b'&') && self.peek(2)? == Some(b'\'') => self.string(3, false),
            b'u' | b'U' if next == Some(b'&') && self.peek(2)? == Some(b'"') => self.quoted(b'"', 3, false),
            b'"' => self.quoted(b'"', 1, false),
            b'$' => self.dollar(),
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            _ => {
                match byte {
                    b'(' => self.statement.parentheses = self.statement.parentheses.saturating_add(1),
                    b')' => self.statement.parentheses = self.statement.parentheses.saturating_sub(1),
                    _ => {}
                }
                let start = self.statement.text.len();
                self.advance(1);
                self.push(TokenKind::Sign(byte), start);
                Ok(())
            }
        }
    }

    pub(super) fn sign(&mut self, sign: u8) {
        let start = self.statement.text.len();
        self.advance(1);
        self.push(TokenKind::Sign(sign), start);
    }

    pub(super) fn wants_tokens(&self) -> bool {
        let most = match (self.statement.whole, self.statement.is_insert) {
            (true, _) => WHOLE_TOKENS,
            (false, true) => INSERT_TOKENS,
            (false, false) if self.statement.long => LONG_TOKENS,
            (false, false) => FIRST_TOKENS,
        };
        self.statement.tokens.len() < most
            && self.statement.token_bytes < MAX_STATEMENT_BYTES
            && !self.statement.repeated
    }

    pub(super) fn push(&mut self, kind: TokenKind, start: usize) {
        if self.wants_tokens() {
            let span = (start, self.statement.text.len());
            self.statement.token_bytes += match &kind {
                TokenKind::Word(text) | TokenKind::Name(text) | TokenKind::Text(text) => text.len(),
                TokenKind::Sign(_) => 0,
            };
            self.statement.tokens.push(Token { kind, span });
            if self.statement.is_insert && !self.wants_tokens() {
                self.remember_insert();
            }
        }
    }

    pub(super) fn word(&mut self) -> io::Result<()> {
        let start = self.statement.text.len();
        let first = self.statement.word_count == 0 && self.statement.tokens.is_empty();
        let wanted = self.wants_tokens() || self.statement.word_count < 8 || self.statement.begin_possible();
        let mut word = Vec::new();
        loop {
            let slice = &self.buffer[self.position..self.end];
            let length = slice.iter().position(|byte| !is_word_part(*byte)).unwrap_or(slice.len());
            let more = length == slice.len();
            if wanted && word.len() < MAX_TOKEN_BYTES {
                // In lower case, but for bytes that are part of a character.
                let raw = self.bytes(self.position, self.position + length);
                let masked = slice[..length].iter().zip(raw);
                word.extend(masked.map(|(byte, raw)| if byte == raw { raw.to_ascii_lowercase() } else { *raw }));
            }
            self.advance(length);
            if !more || !self.fill()? {
                break;
            }
        }
        if !wanted {
            return Ok(());
        }
        self.statement.see_word(&word);
        let mut begins = start;
        if first && word == b"insert" {
            self.begin_insert(&word);
        }
        self.statement.long |= first && is_looked_through(&word);
        if first && is_read_whole(&word) {
            self.statement.whole = true;
            self.statement.text.extend_from_slice(&word.to_ascii_uppercase());
            begins = 0;
        }
        // A number can be longer.
        let is_name = !word.first().is_some_and(u8::is_ascii_digit);
        let word = self.charset.text(word);
        self.push(TokenKind::Word(if is_name { sql::kept(word) } else { word }), begins);
        Ok(())
    }

    pub(super) fn string(&mut self, opening: usize, escapes: bool) -> io::Result<()> {
        self.quoted(b'\'', opening, escapes)
    }

    /// A name or a string up to its closing quote, with doubled quotes and, if wanted, backslash escapes inside.
    pub(super) fn quoted(&mut self, quote: u8, opening: usize, escapes: bool) -> io::Result<()> {
        let start = self.statement.text.len();
        let wanted = self.wants_tokens();
        let (mut value, mut escaped) = (Vec::new(), false);
        self.advance(opening);
        loop {
            let slice = &self.buffer[self.position..self.end];
            let found = if escapes { memchr::memchr2(quote, b'\\', slice) } else { memchr::memchr(quote, slice) };
            let length = found.unwrap_or(slice.len());
            if wanted && value.len() < MAX_TOKEN_BYTES {
                value.extend_from_slice(self.bytes(self.position, self.position + length));
            }
            self.advance(length);
            if found.is_none() {
                if self.fill()? {
                    continue;
                }
                // The statement stays open: the text ends inside.
                self.statement.open = true;
                return Ok(());
            }
            let escape = self.peek(0)? == Some(b'\\');
            let next = self.peek(1)?;
            if escape {
                escaped = true;
                if wanted
                    && value.len() < MAX_TOKEN_BYTES
                    && let Some(next) = next
                {
                    value.push(next);
                }
                self.advance(if next.is_some() { 2 } else { 1 });
            } else if next == Some(quote) {
                if wanted && value.len() < MAX_TOKEN_BYTES {
                    value.push(quote);
                }
                self.advance(2);
            } else {
                self.advance(1);
                break;
            }
        }
        if escaped && opening == 1 && self.statement.text.len() > start {
            self.statement.text.insert(start, b'E');
            if start.checked_sub(1).is_some_and(|before| is_word_part(self.statement.text[before])) {
                self.statement.text.insert(start, b' ');
            }
        }
        let value = self.charset.text(value);
        // Nothing else opens with three: `U&"`, `U&'`.
        let value = if opening == 3 { sql::of_unicode_escapes(&value) } else { value };
        self.push(if quote == b'"' { TokenKind::Name(sql::kept(value)) } else { TokenKind::Text(value) }, start);
        Ok(())
    }

    /// `$tag$ … $tag$`, or a sign where it is none.
    pub(super) fn dollar(&mut self) -> io::Result<()> {
        let start = self.statement.text.len();
        let mut length = 1;
        let tag_ends = loop {
            match self.peek(length)? {
                Some(b'$') => break true,
                Some(b'0'..=b'9') if length == 1 => break false,
                Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => length += 1,
                _ => break false,
            }
            if length > 256 {
                break false;
            }
        };
        if !tag_ends {
            self.advance(1);
            self.push(TokenKind::Sign(b'$'), start);
            return Ok(());
        }
        let tag = self.buffer[self.position..=self.position + length].to_vec();
        self.advance(tag.len());
        let finder = Finder::new(&tag);
        loop {
            let slice = &self.buffer[self.position..self.end];
            if let Some(found) = finder.find(slice) {
                self.advance(found + tag.len());
                break;
            }
            let keep = slice.len().min(tag.len() - 1);
            self.advance(slice.len() - keep);
            if !self.fill()? {
                self.advance(self.end - self.position);
                // Left open: the text ends inside.
                self.statement.open = true;
                return Ok(());
            }
        }
        self.push(TokenKind::Text(String::new()), start);
        Ok(())
    }

    /// False where the text ends inside.
    pub(super) fn block_comment(&mut self) -> io::Result<bool> {
        let mut depth = 0_u64;
        loop {
            let (first, second) = (self.peek(0)?, self.peek(1)?);
            match (first, second) {
                (None, _) => return Ok(false),
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.advance(2);
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.advance(2);
                    if depth == 0 {
                        return Ok(true);
                    }
                }
                _ => {
                    let slice = &self.buffer[self.position + 1..self.end];
                    let length = memchr::memchr2(b'/', b'*', slice).unwrap_or(slice.len());
                    self.advance(1 + length);
                }
            }
        }
    }
}
