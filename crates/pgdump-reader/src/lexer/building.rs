//! A statement while it is read.

use super::item::Token;

#[derive(Debug, Default)]
pub(super) struct Beginning {
    pub(super) bytes: Vec<u8>,
    pub(super) parentheses: u32,
    pub(super) tokens: Vec<Token>,
}

#[derive(Default)]
pub(super) struct Building {
    pub(super) tokens: Vec<Token>,
    /// How long the tokens' texts are together.
    pub(super) token_bytes: usize,
    pub(super) text: Vec<u8>,
    pub(super) whole: bool,
    /// Whether more than its first tokens are kept.
    pub(super) long: bool,
    pub(super) begun: Option<(u64, u64)>,
    pub(super) parentheses: u32,
    /// Depth of BEGIN ATOMIC … END, and the words by which a statement can have it (psqlscan.l, `begin_depth`).
    pub(super) begin: u32,
    pub(super) words: Vec<u8>,
    pub(super) word_count: u32,
    pub(super) is_insert: bool,
    /// Begins like the INSERT before it.
    pub(super) repeated: bool,
    /// Whether the text ends inside a string, a name or a comment of it.
    pub(super) open: bool,
    /// Whether text was put into it.
    pub(super) injected: bool,
    pub(super) unknown: Option<String>,
}

impl Building {
    /// Whether BEGIN ATOMIC could stand in it.
    pub(super) fn begin_possible(&self) -> bool {
        matches!(self.words.as_slice(), [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p', ..])
    }

    pub(super) fn see_word(&mut self, word: &[u8]) {
        if self.words.len() < 4 && matches!(word, b"create" | b"function" | b"procedure" | b"or" | b"replace") {
            // Their place counts, so a word between them ends the pattern.
            if self.words.len() as u32 == self.word_count {
                self.words.push(word[0]);
            }
        }
        self.word_count = self.word_count.saturating_add(1);
        if self.begin_possible() && self.parentheses == 0 {
            match word {
                b"begin" => self.begin = self.begin.saturating_add(1),
                b"case" if self.begin > 0 => self.begin = self.begin.saturating_add(1),
                b"end" => self.begin = self.begin.saturating_sub(1),
                _ => {}
            }
        }
    }
}

/// Statements whose end matters as much as their beginning.
pub(super) fn is_read_whole(first: &[u8]) -> bool {
    matches!(first, b"alter" | b"create" | b"grant" | b"revoke" | b"copy" | b"comment" | b"security")
}

/// Statements in which others can stand, or functions; `INTO` is an INSERT without its first word.
pub(super) fn is_looked_through(first: &[u8]) -> bool {
    matches!(
        first,
        b"select" | b"with" | b"values" | b"table" | b"prepare" | b"explain" | b"drop" | b"truncate" | b"into"
    )
}
