//! Takes SQL text apart as psql does, in a stream: where statements, meta-commands and COPY data begin and end.
//!
//! The rules are those of src/fe_utils/psqlscan.l and src/bin/psql/copy.c (PostgreSQL 15 to 18). What a statement means
//! is not decided here. Only the words that could matter are kept: a statement can be larger than memory.

use std::io::{self, Read};

use memchr::memmem::Finder;

use crate::charset::Charset;
use crate::digest::MAX_ROW;
use crate::embedding::Embedding;
use crate::psql::{Value, Variables};
use crate::sql::{self, is_word_part};

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

/// A byte order mark in UTF-8, with which some editors begin a text.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

const BUFFER: usize = 256 * 1024;
/// Longer names and strings are cut off: none that matters is.
const LONGEST_TOKEN: usize = 64 * 1024;
/// No more of one statement is kept.
const LONGEST_STATEMENT: usize = 16 << 20;
/// Of a statement that is not read whole.
const FIRST_TOKENS: usize = 48;
/// Of one in which something else can stand far behind its beginning.
const MORE_TOKENS: usize = 20_000;
const MOST_TOKENS: usize = 200_000;
/// No more variables are followed in one line.
const MOST_EXPANDED: u32 = 200;
/// Of an INSERT: `INSERT INTO public.orders VALUES` has as many.
const INSERT_TOKENS: usize = 6;

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

#[derive(Debug, Default)]
struct Beginning {
    bytes: Vec<u8>,
    parentheses: u32,
    tokens: Vec<Token>,
}

#[derive(Default)]
struct Building {
    tokens: Vec<Token>,
    /// How long the tokens' texts are together.
    token_bytes: usize,
    text: Vec<u8>,
    whole: bool,
    /// Whether more than its first tokens are kept.
    long: bool,
    begun: Option<(u64, u64)>,
    parentheses: u32,
    /// Depth of BEGIN ATOMIC … END, and what tells that the statement can have it (psqlscan.l, `begin_depth`).
    begin: u32,
    words: Vec<u8>,
    word_count: u32,
    is_insert: bool,
    /// Begins like the INSERT before it.
    repeated: bool,
    /// Whether the text ends inside a string, a name or a comment of it.
    open: bool,
    /// Whether text was put into it.
    injected: bool,
    unknown: Option<String>,
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

    /// Names and statements that follow are text in this encoding.
    pub(crate) fn set_charset(&mut self, charset: Charset) {
        self.charset = charset;
        self.last_insert.bytes.clear();
    }

    pub(crate) fn charset(&self) -> Charset {
        self.charset
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
    fn bytes(&self, start: usize, end: usize) -> &[u8] {
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

    /// The text of the INSERT that has just ended; `None` where it is longer than is kept.
    pub(crate) fn insert(&self) -> Option<&[u8]> {
        (!self.insert_too_long).then_some(&*self.insert)
    }

    /// A variable of psql in that INSERT whose value is not known; given once.
    pub(crate) fn take_insert_unknown(&mut self) -> Option<String> {
        self.insert_unknown.take()
    }

    fn end_insert(&mut self) -> Item {
        let ended = std::mem::take(&mut self.statement);
        self.insert_unknown = ended.unknown;
        Item::Insert
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

    fn has_variables(&self) -> bool {
        self.variables.as_ref().is_some_and(Variables::has_own)
    }

    /// A colon, and what psql puts in place of `:name`, `:'name'`, `:"name"` and `:{?name}` (psqlscan.l).
    fn colon(&mut self) -> io::Result<()> {
        let (form, opening) = match self.peek(1)? {
            Some(b':') => {
                self.sign(b':');
                self.sign(b':');
                return Ok(());
            }
            Some(quote @ (b'\'' | b'"')) => (quote, 2),
            Some(b'{') if self.peek(2)? == Some(b'?') => (b'?', 3),
            _ => (b' ', 1),
        };
        let mut length = opening;
        while self.peek(length)?.is_some_and(Variables::is_name_part) && length < 256 {
            length += 1;
        }
        let closed = match form {
            b' ' => true,
            b'?' => self.peek(length)? == Some(b'}'),
            quote => self.peek(length)? == Some(quote),
        };
        let name = String::from_utf8_lossy(self.bytes(self.position + opening, self.position + length)).into_owned();
        let known = self.variables.as_ref().and_then(|variables| variables.get(&name));
        let Some(value) = known.filter(|_| closed && !name.is_empty()) else {
            let is_question = form == b'?' && closed && !name.is_empty();
            if is_question && self.variables.as_ref().is_some_and(|variables| !variables.is_unsure()) {
                self.pass_over(length + 1);
                self.inject(b"FALSE");
            } else {
                if closed && !name.is_empty() && self.variables.as_ref().is_some_and(Variables::is_unsure) {
                    self.statement.unknown.get_or_insert(name);
                }
                self.sign(b':');
            }
            return Ok(());
        };
        let text = match (form, value) {
            (b'?', _) => "TRUE".to_owned(),
            (_, Value::Unknown | Value::Own) => {
                self.statement.unknown.get_or_insert_with(|| name.clone());
                "0".to_owned()
            }
            (b'\'', Value::Known(text)) if text.contains('\\') => {
                format!(" E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
            }
            (b'\'', Value::Known(text)) => format!("'{}'", text.replace('\'', "''")),
            (b'"', Value::Known(text)) => sql::identifier(text),
            (_, Value::Known(text)) => text.clone(),
        };
        self.pass_over(length + usize::from(form != b' '));
        // A value that names itself is not put in again by psql; here it comes to an end with its line.
        let line = self.line();
        self.expanded = if self.expanded.0 == line { (line, self.expanded.1 + 1) } else { (line, 1) };
        if self.expanded.1 > MOST_EXPANDED || text.len() > LONGEST_TOKEN {
            self.statement.unknown.get_or_insert(name);
        } else {
            self.inject(text.as_bytes());
        }
        Ok(())
    }

    fn sign(&mut self, sign: u8) {
        let start = self.statement.text.len();
        self.advance(1);
        self.push(TokenKind::Sign(sign), start);
    }

    /// Leaves bytes out of whatever is kept.
    fn pass_over(&mut self, length: usize) {
        self.position += length.min(self.end - self.position);
    }

    fn begin(&mut self) {
        if self.statement.begun.is_none() {
            self.statement.begun = Some((self.line(), self.offset()));
        }
    }

    /// Begins an INSERT that begins like the one before.
    fn begin_repeated(&mut self) {
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
    fn begin_insert(&mut self, read: &[u8]) {
        self.statement.is_insert = true;
        self.insert.clear();
        self.insert_too_long = false;
        self.insert.extend_from_slice(read);
    }

    fn keeps_insert(&self) -> bool {
        self.keep_inserts && self.statement.is_insert
    }

    /// Keeps how this INSERT begins, once all of its tokens that are kept have been read.
    fn remember_insert(&mut self) {
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
    fn skip_values(&mut self) -> io::Result<()> {
        loop {
            let slice = &self.buffer[self.position..self.end];
            let Some(found) = slice.iter().position(|byte| STOPS[usize::from(*byte)]) else {
                // The byte before a quote tells what kind of string it opens, so the last two stay.
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

    fn take_statement(&mut self) -> Statement {
        let mut building = std::mem::take(&mut self.statement);
        if building.repeated {
            building.tokens.clone_from(&self.last_insert.tokens);
        } else if !building.is_insert {
            // It may have changed what the same name means.
            self.last_insert.bytes.clear();
        }
        let (line, offset) = building.begun.unwrap_or((self.line, self.base));
        let cut = building.whole && building.tokens.len() >= MOST_TOKENS
            || building.long && building.tokens.len() >= MORE_TOKENS;
        let mut text = building.text;
        if text.last() == Some(&b';') {
            text.pop();
        }
        let spans = building.tokens.iter_mut().flat_map(|token| [&mut token.span.0, &mut token.span.1]);
        let text = self.charset.text_with(text, &mut spans.collect::<Vec<_>>());
        Statement { tokens: building.tokens, text, line, offset, cut, more: false, unknown: building.unknown }
    }

    fn token(&mut self, byte: u8) -> io::Result<()> {
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

    fn wants_tokens(&self) -> bool {
        let most = match (self.statement.whole, self.statement.is_insert) {
            (true, _) => MOST_TOKENS,
            (false, true) => INSERT_TOKENS,
            (false, false) if self.statement.long => MORE_TOKENS,
            (false, false) => FIRST_TOKENS,
        };
        self.statement.tokens.len() < most && self.statement.token_bytes < LONGEST_STATEMENT && !self.statement.repeated
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
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

    fn word(&mut self) -> io::Result<()> {
        let start = self.statement.text.len();
        let first = self.statement.word_count == 0 && self.statement.tokens.is_empty();
        let wanted = self.wants_tokens() || self.statement.word_count < 8 || self.statement.begin_possible();
        let mut word = Vec::new();
        loop {
            let slice = &self.buffer[self.position..self.end];
            let length = slice.iter().position(|byte| !is_word_part(*byte)).unwrap_or(slice.len());
            let more = length == slice.len();
            if wanted && word.len() < LONGEST_TOKEN {
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

    fn string(&mut self, opening: usize, escapes: bool) -> io::Result<()> {
        self.quoted(b'\'', opening, escapes)
    }

    /// A name or a string up to its closing quote, with doubled quotes and, if wanted, backslash escapes inside.
    fn quoted(&mut self, quote: u8, opening: usize, escapes: bool) -> io::Result<()> {
        let start = self.statement.text.len();
        let wanted = self.wants_tokens();
        let (mut value, mut escaped) = (Vec::new(), false);
        self.advance(opening);
        loop {
            let slice = &self.buffer[self.position..self.end];
            let found = if escapes { memchr::memchr2(quote, b'\\', slice) } else { memchr::memchr(quote, slice) };
            let length = found.unwrap_or(slice.len());
            if wanted && value.len() < LONGEST_TOKEN {
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
                    && value.len() < LONGEST_TOKEN
                    && let Some(next) = next
                {
                    value.push(next);
                }
                self.advance(if next.is_some() { 2 } else { 1 });
            } else if next == Some(quote) {
                if wanted && value.len() < LONGEST_TOKEN {
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
    fn dollar(&mut self) -> io::Result<()> {
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
    fn block_comment(&mut self) -> io::Result<bool> {
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

    /// Up to the line break, which stays; the text is given if it is wanted.
    fn rest_of_line(&mut self, wanted: bool) -> io::Result<String> {
        let line = self.rest_of_line_bytes(wanted)?;
        Ok(self.charset.text(line))
    }

    fn rest_of_line_bytes(&mut self, wanted: bool) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let slice = &self.buffer[self.position..self.end];
            let found = memchr::memchr(b'\n', slice);
            let length = found.unwrap_or(slice.len());
            if wanted && line.len() < LONGEST_TOKEN {
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

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) -> io::Result<()> {
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

    fn peek(&mut self, ahead: usize) -> io::Result<Option<u8>> {
        while self.position + ahead >= self.end {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.position + ahead]))
    }

    fn advance(&mut self, length: usize) {
        let length = length.min(self.end - self.position);
        let passed = match self.encoding.is_any() {
            true => &self.raw[self.position..self.position + length],
            false => &self.buffer[self.position..self.position + length],
        };
        if self.statement.whole && self.statement.text.len() < LONGEST_STATEMENT {
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
    fn fill(&mut self) -> io::Result<bool> {
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

impl Building {
    /// Whether BEGIN ATOMIC could stand in it.
    fn begin_possible(&self) -> bool {
        matches!(self.words.as_slice(), [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p', ..])
    }

    fn see_word(&mut self, word: &[u8]) {
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

/// Statements whose end matters as much as their beginning.
fn is_read_whole(first: &[u8]) -> bool {
    matches!(first, b"alter" | b"create" | b"grant" | b"revoke" | b"copy" | b"comment" | b"security")
}

/// Statements in which others can stand, or functions; `INTO` is an INSERT without its first word.
fn is_looked_through(first: &[u8]) -> bool {
    matches!(
        first,
        b"select" | b"with" | b"values" | b"table" | b"prepare" | b"explain" | b"drop" | b"truncate" | b"into"
    )
}

impl Meta {
    /// Takes a line apart that begins after the backslash: the name ends at a blank or another backslash.
    fn of(line: u64, text: &[u8], within: bool) -> Self {
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b || *byte == b'\\';
        // psql takes one sign at least: `\\` is a command without a name that ends where it began.
        let length = text.iter().position(is_end).unwrap_or(text.len());
        let (name, rest) = text.split_at(length);
        Self { line, name: crate::charset::Charset::default().text(name.to_vec()), rest: rest.to_vec(), within }
    }
}
