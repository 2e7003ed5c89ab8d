//! Takes SQL text apart as psql does, in a stream: where statements, meta-commands and COPY data begin and end.
//!
//! The rules are those of src/fe_utils/psqlscan.l and src/bin/psql/copy.c (PostgreSQL 15 to 18). What a statement means
//! is not decided here. Only the words that could matter are kept: a statement can be larger than memory.

mod buffer;
mod building;
mod copy_rows;
mod inserts;
mod item;
mod limits;
mod tokens;
mod variables;

use std::io::{self, Read};

use crate::charset::Charset;
use crate::embedding::Embedding;
use crate::psql::Variables;
use building::{Beginning, Building};
use limits::{LONG_TOKENS, WHOLE_TOKENS};

pub(crate) use item::{Item, Meta, Statement, Token, TokenKind};

/// A byte order mark in UTF-8, with which some editors begin a text.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

const BUFFER: usize = 256 * 1024;
pub(crate) struct Lexer<R> {
    source: R,
    buffer: Vec<u8>,
    position: usize,
    end: usize,
    at_end: bool,
    /// Of `buffer[0]` in the text.
    base: u64,
    /// The line of `buffer[counted]`, from 1.
    line: u64,
    counted: usize,
    /// Whether `'…'` takes backslashes literally.
    pub(crate) std_strings: bool,
    /// Where the first NUL byte is; no text that pg_dump writes has one.
    pub(crate) nul: Option<u64>,
    /// Whether the text of INSERT statements is kept.
    pub(crate) keep_inserts: bool,
    insert: Vec<u8>,
    insert_too_long: bool,
    /// A variable of psql in that INSERT whose value is not known.
    insert_unknown: Option<String>,
    statement: Building,
    /// What psql puts in place of `:name`; `None` where it does not.
    pub(crate) variables: Option<Variables>,
    /// The encoding of the text, where a byte of a character can be a sign.
    encoding: Embedding,
    charset: Charset,
    /// Where the encoding is such: the text of `buffer` as it is. There the later bytes of characters are 0xFF, as psql has
    /// them while it reads (prepare_buffer in psqlscan.l).
    raw: Vec<u8>,
    /// A line, and how many variables psql has put their values in place of there.
    expanded: (u64, u32),
    /// Whether what has been read goes to the server together with what follows (`\;`).
    pub(crate) joined: bool,
    /// How the last INSERT begins. A dump with `--inserts` has one for each row; those that begin like the one before
    /// say nothing new and are passed over.
    last_insert: Beginning,
}

impl<'a> Lexer<&'a [u8]> {
    /// Takes a text in memory apart, with a buffer no larger than it needs: an archive has thousands of short ones.
    pub(crate) fn of_text(text: &'a str) -> Self {
        let buffer = vec![0; text.len().clamp(1024, BUFFER)];
        Self { buffer, ..Self::new_empty(text.as_bytes()) }
    }
}

impl<R: Read> Lexer<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { buffer: vec![0; BUFFER], ..Self::new_empty(source) }
    }

    fn new_empty(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            position: 0,
            end: 0,
            at_end: false,
            base: 0,
            line: 1,
            counted: 0,
            std_strings: true,
            nul: None,
            keep_inserts: false,
            insert: Vec::new(),
            insert_too_long: false,
            insert_unknown: None,
            statement: Building::default(),
            variables: None,
            encoding: Embedding::default(),
            charset: Charset::default(),
            raw: Vec::new(),
            expanded: (0, 0),
            joined: false,
            last_insert: Beginning::default(),
        }
    }

    /// Names and statements that follow are text in this encoding.
    pub(crate) fn set_charset(&mut self, charset: Charset) {
        self.charset = charset;
        self.last_insert.bytes.clear();
    }

    pub(crate) fn charset(&self) -> Charset {
        self.charset
    }

    /// Ends the statement that is being read, as `\g` does; `None` where there is none.
    pub(crate) fn send(&mut self) -> Option<Item> {
        self.statement.begun?;
        self.joined = false;
        if self.keeps_insert() {
            return Some(self.end_insert());
        }
        Some(Item::Statement(self.take_statement()))
    }

    /// Forgets the statement that is being read, as `\r` does.
    pub(crate) fn discard(&mut self) {
        self.joined = false;
        self.statement = Building::default();
    }

    /// Whether the text has ended inside a string, a name, a comment or parentheses, so that no statement can end there.
    pub(crate) fn is_open(&self) -> bool {
        self.statement.open || self.statement.parentheses > 0 || self.statement.begin > 0
    }

    /// The statement that an error has interrupted.
    pub(crate) fn interrupted(&mut self) -> Option<Statement> {
        let statement = self.take_statement();
        (!statement.tokens.is_empty()).then_some(statement)
    }

    /// The next item, or `None` at the end of the text.
    pub(crate) fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            if self.statement.begun.is_none() {
                self.begin_repeated();
            } else if !self.wants_tokens() && !self.statement.begin_possible() && !self.has_variables() {
                self.skip_values()?;
            }
            let Some(byte) = self.peek(0)? else {
                if self.statement.begun.is_none() {
                    return Ok(None);
                }
                let open = self.is_open();
                if self.keeps_insert() {
                    self.insert_unknown.clone_from(&self.statement.unknown);
                }
                let unfinished = self.take_statement();
                self.statement.open = open;
                return Ok(Some(Item::Unfinished(unfinished)));
            };
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                    self.skip_while(|byte| byte.is_ascii_whitespace() || byte == 0x0b)?
                }
                b'-' if self.peek(1)? == Some(b'-') => {
                    let between = self.statement.begun.is_none();
                    let line = if between { self.line() } else { 0 };
                    let text = self.rest_of_line(between)?;
                    if between {
                        return Ok(Some(Item::Comment { text: text.get(2..).unwrap_or_default().to_owned(), line }));
                    }
                }
                b'/' if self.peek(1)? == Some(b'*') => {
                    if !self.block_comment()? {
                        self.begin();
                        self.statement.open = true;
                    }
                }
                b'\\' if self.peek(1)? == Some(b';') => {
                    self.pass_over(2);
                    if let Some(item) = self.send() {
                        self.joined = true;
                        return Ok(Some(match item {
                            Item::Statement(statement) => Item::Statement(Statement { more: true, ..statement }),
                            other => other,
                        }));
                    }
                }
                b'\\' if self.peek(1)? == Some(b':') => {
                    self.begin();
                    self.pass_over(1);
                    self.sign(b':');
                }
                b'\\' => {
                    let within = self.statement.begun.is_some();
                    let line = self.line();
                    let building = std::mem::take(&mut self.statement);
                    let text = self.rest_of_line_bytes(true);
                    self.statement = building;
                    let text = text?;
                    if !within {
                        self.last_insert.bytes.clear();
                    }
                    return Ok(Some(Item::Meta(Meta::of(line, text.get(1..).unwrap_or_default(), within))));
                }
                b':' if self.variables.is_some() => {
                    self.begin();
                    self.colon()?;
                }
                b';' if self.statement.parentheses == 0 && self.statement.begin == 0 => {
                    self.advance(1);
                    let joined = std::mem::take(&mut self.joined);
                    if joined && self.statement.begun.is_none() {
                        // What stands before it goes to the server now.
                        let (line, offset) = (self.line(), self.offset());
                        return Ok(Some(Item::Statement(Statement { line, offset, ..Statement::default() })));
                    }
                    if self.keeps_insert() {
                        return Ok(Some(self.end_insert()));
                    }
                    if self.statement.repeated {
                        self.statement = Building::default();
                    } else if self.statement.begun.is_some() {
                        return Ok(Some(Item::Statement(self.take_statement())));
                    }
                }
                _ => {
                    self.begin();
                    self.token(byte)?;
                }
            }
        }
    }

    fn begin(&mut self) {
        if self.statement.begun.is_none() {
            self.statement.begun = Some((self.line(), self.offset()));
        }
    }

    fn take_statement(&mut self) -> Statement {
        let mut building = std::mem::take(&mut self.statement);
        if building.repeated {
            building.tokens.clone_from(&self.last_insert.tokens);
        } else if !building.is_insert {
            // It may have changed what the same name means.
            self.last_insert.bytes.clear();
        }
        let (line, offset) = building.begun.unwrap_or((self.line, self.base));
        let cut = building.whole && building.tokens.len() >= WHOLE_TOKENS
            || building.long && building.tokens.len() >= LONG_TOKENS;
        let mut text = building.text;
        if text.last() == Some(&b';') {
            text.pop();
        }
        let spans = building.tokens.iter_mut().flat_map(|token| [&mut token.span.0, &mut token.span.1]);
        let text = self.charset.text_with(text, &mut spans.collect::<Vec<_>>());
        Statement { tokens: building.tokens, text, line, offset, cut, more: false, unknown: building.unknown }
    }
}
