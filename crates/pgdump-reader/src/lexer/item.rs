//! What a text is taken apart into: statements with their tokens, commands of psql, comments.

use crate::charset::Charset;

/// One word or sign of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Where it begins and ends in [`Statement::text`], where that is kept.
    pub(crate) span: (usize, usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, a name without quotes (in lower case) or a number.
    Word(String),
    /// A name in double quotes, without them.
    Name(String),
    /// A string constant's value.
    Text(String),
    Sign(u8),
}

impl TokenKind {
    /// Whether it is this keyword, or a name that is written like it without quotes.
    pub(crate) fn is_word(&self, wanted: &str) -> bool {
        matches!(self, TokenKind::Word(word) if word == wanted)
    }
}

/// One statement, without its semicolon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The first tokens; all of them where the statement is of a kind that is read whole.
    pub(crate) tokens: Vec<Token>,
    /// The statement as it stands there, with its strings as [`in_standard_form`](crate::in_standard_form) has them; only for
    /// the kinds that are read whole.
    pub(crate) text: String,
    pub(crate) line: u64,
    pub(crate) offset: u64,
    /// Whether it is longer than what is kept of a statement that is read whole.
    pub(crate) cut: bool,
    /// Whether it goes to the server together with the next one (`\;`).
    pub(crate) more: bool,
    /// A variable of psql that stands in it and whose value is not known.
    pub(crate) unknown: Option<String>,
}

impl Statement {
    /// Whether this is its first word.
    pub(crate) fn begins_with(&self, word: &str) -> bool {
        self.tokens.first().is_some_and(|token| token.kind.is_word(word))
    }
}

#[derive(Debug)]
pub(crate) enum Item {
    Statement(Statement),
    /// An INSERT, where those are kept ([`Lexer::keep_inserts`]); its text is [`Lexer::insert`].
    Insert,
    /// The text ends inside this statement.
    Unfinished(Statement),
    /// A comment to the end of the line, without the dashes; only those between statements.
    Comment {
        text: String,
        line: u64,
    },
    /// A backslash command of psql, which may stand inside a statement; what was read of that stays.
    Meta(Meta),
}

/// A backslash command as it stands there, to the end of its line: how far it goes is for [`crate::psql`] to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) line: u64,
    /// Without the backslash.
    pub(crate) name: String,
    /// What follows the name, and may be arguments, further commands or SQL.
    pub(crate) rest: Vec<u8>,
    /// Whether a statement is being read.
    pub(crate) within: bool,
}

/// The rows after `COPY … FROM stdin;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyRows {
    pub(crate) rows: u64,
    /// Whether the line `\.` was there.
    pub(crate) ended: bool,
}

impl Meta {
    /// Takes a line apart that begins after the backslash: the name ends at a blank or another backslash.
    pub(super) fn of(line: u64, text: &[u8], within: bool) -> Self {
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b || *byte == b'\\';
        // psql takes one sign at least: `\\` is a command without a name that ends where it began.
        let length = text.iter().position(is_end).unwrap_or(text.len());
        let (name, rest) = text.split_at(length);
        Self { line, name: Charset::default().text(name.to_vec()), rest: rest.to_vec(), within }
    }
}
