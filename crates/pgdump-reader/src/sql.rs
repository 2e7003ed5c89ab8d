//! Takes a short SQL text in memory apart: where its words, names, strings and numbers are.
//!
//! For what is shown of a statement. Where a text can be read in two ways, the reading is taken in which more of it is a
//! string, since strings are what is not shown.

/// The first words of SQL commands (PostgreSQL 18's reference, part VI).
pub const COMMANDS: &[&str] = &[
    "abort",
    "alter",
    "analyze",
    "begin",
    "call",
    "checkpoint",
    "close",
    "cluster",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "declare",
    "delete",
    "discard",
    "do",
    "drop",
    "end",
    "execute",
    "explain",
    "fetch",
    "grant",
    "import",
    "insert",
    "listen",
    "load",
    "lock",
    "merge",
    "move",
    "notify",
    "prepare",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "select",
    "set",
    "show",
    "start",
    "table",
    "truncate",
    "unlisten",
    "update",
    "vacuum",
    "values",
    "with",
];

/// An identifier, always quoted, so that no name can be anything else.
///
/// ```
/// assert_eq!(pgdump_reader::sql::identifier(r#"a"; DROP"#), r#""a""; DROP""#);
/// ```
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An identifier as a server keeps it: the first 63 bytes of it, without a part of a character (truncate_identifier in
/// scansup.c; NAMEDATALEN is 64).
///
/// ```
/// assert_eq!(pgdump_reader::sql::kept("n".repeat(70)).len(), 63);
/// ```
pub fn kept(mut name: String) -> String {
    if name.len() > 63 {
        name.truncate(name.floor_char_boundary(63));
        name.shrink_to_fit();
    }
    name
}

/// What stands between the quotes of `U&"…"` or `U&'…'`, with what its escapes stand for: `\0061`, `\+000061` (parser.c).
/// The escape is a backslash, as it is without UESCAPE.
pub(crate) fn of_unicode_escapes(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            value.push('\\');
            rest = after;
            continue;
        }
        let (digits, length) = if rest.starts_with('+') { (rest.get(1..7), 7) } else { (rest.get(..4), 4) };
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => {
                value.push(character);
                rest = &rest[length..];
            }
            // Half of a surrogate pair, or no escape at all, which a server refuses.
            None => value.push('\\'),
        }
    }
    value.push_str(rest);
    value
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    Name,
    /// A string of any form, with its quotes; one that does not end, too.
    Text,
    /// Digits, with point and exponent.
    Number,
    /// One sign: an operator of several is as many pieces.
    Sign,
    /// Blanks and line breaks.
    Space,
    /// To the end of its line, or between `/*` and `*/`.
    Comment,
}

/// One piece of a text, with its first byte and the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: Kind,
    /// Places in bytes.
    pub span: (usize, usize),
}

impl Piece {
    /// The piece as it stands there.
    pub fn text<'t>(&self, sql: &'t str) -> &'t str {
        sql.get(self.span.0..self.span.1).unwrap_or_default()
    }

    /// A word in lower case, as the server takes it; empty for anything else.
    pub fn lower(&self, sql: &str) -> String {
        if self.kind == Kind::Word { self.text(sql).to_ascii_lowercase() } else { String::new() }
    }

    /// A quoted name without its quotes.
    pub fn name(&self, sql: &str) -> String {
        let text = self.text(sql);
        let escaped = text.strip_prefix(['u', 'U']);
        let text = escaped.map_or(text, |rest| rest.trim_start_matches('&'));
        let text = text.strip_prefix('"').unwrap_or(text);
        let name = text.strip_suffix('"').unwrap_or(text).replace("\"\"", "\"");
        kept(if escaped.is_some() { of_unicode_escapes(&name) } else { name })
    }

    /// The name that a word or a quoted name is.
    pub fn identifier(&self, sql: &str) -> Option<String> {
        match self.kind {
            Kind::Word => Some(kept(self.lower(sql))),
            Kind::Name => Some(self.name(sql)),
            _ => None,
        }
    }

    /// The sign that it is.
    pub fn sign(&self, sql: &str) -> Option<char> {
        if self.kind == Kind::Sign { self.text(sql).chars().next() } else { None }
    }

    /// Whether it is white space or a comment.
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// What stands between a string's quotes or dollars, with doubled quotes as they are.
    pub fn text_of_string<'t>(&self, sql: &'t str) -> &'t str {
        let text = self.text(sql);
        if let Some(rest) = text.strip_prefix('$') {
            let tag = rest.find('$').map_or(0, |end| end + 2);
            let inside = text.get(tag..).unwrap_or_default();
            return inside.strip_suffix(&text[..tag]).unwrap_or(inside);
        }
        let start = text.find('\'').map_or(text.len(), |at| at + 1);
        let inside = &text[start..];
        inside.strip_suffix('\'').unwrap_or(inside)
    }
}

/// All pieces of a text, in order and without a gap.
pub fn pieces(sql: &str) -> Vec<Piece> {
    each_piece(sql).collect()
}

/// The same one after another: all of those of a long text take many times its length.
pub fn each_piece(sql: &str) -> impl Iterator<Item = Piece> {
    each_piece_of(sql, Strings::Either)
}

/// What a backslash means in a string without a letter before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strings {
    /// It is not known (`standard_conforming_strings`).
    Either,
    /// It begins an escape.
    Escaped,
}

/// The same of a text whose strings are known.
pub(crate) fn each_piece_of(sql: &str, strings: Strings) -> impl Iterator<Item = Piece> {
    let bytes = sql.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let (kind, end) = piece(bytes, at, strings);
        // A character is never cut.
        let end = sql.ceil_char_boundary(end.max(at + 1).min(bytes.len()));
        let span = (at, end);
        at = end;
        Some(Piece { kind, span })
    })
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

pub(crate) fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn while_true(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|byte| !wanted(*byte)).map_or(bytes.len(), |length| from + length)
}

fn piece(bytes: &[u8], at: usize, strings: Strings) -> (Kind, usize) {
    let next = |ahead: usize| bytes.get(at + ahead).copied();
    match bytes[at] {
        byte if byte.is_ascii_whitespace() || byte == 0x0b => {
            (Kind::Space, while_true(bytes, at, |byte| byte.is_ascii_whitespace() || byte == 0x0b))
        }
        b'-' if next(1) == Some(b'-') => (Kind::Comment, while_true(bytes, at, |byte| byte != b'\n')),
        b'/' if next(1) == Some(b'*') => (Kind::Comment, comment(bytes, at)),
        b'\'' => (Kind::Text, string(bytes, at + 1, strings == Strings::Escaped)),
        b'e' | b'E' if next(1) == Some(b'\'') => (Kind::Text, string(bytes, at + 2, true)),
        b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if next(1) == Some(b'\'') => (Kind::Text, string(bytes, at + 2, false)),
        b'u' | b'U' if next(1) == Some(b'&') && next(2) == Some(b'\'') => (Kind::Text, string(bytes, at + 3, false)),
        b'u' | b'U' if next(1) == Some(b'&') && next(2) == Some(b'"') => (Kind::Name, quoted(bytes, at + 3)),
        b'"' => (Kind::Name, quoted(bytes, at + 1)),
        b'$' => dollar(bytes, at),
        byte if is_word_start(byte) => (Kind::Word, while_true(bytes, at, is_word_part)),
        byte if byte.is_ascii_digit() => {
            (Kind::Number, while_true(bytes, at, |byte| is_word_part(byte) || byte == b'.'))
        }
        _ => (Kind::Sign, at + 1),
    }
}

fn comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0_u32, at);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth.saturating_add(1), at + 2),
            [b'*', b'/', ..] => {
                (depth, at) = (depth.saturating_sub(1), at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// The end of a string whose quote has been passed. A backslash before a quote ends the string or not, as the session has it:
/// all that follows is taken for the string.
fn string(bytes: &[u8], from: usize, escapes: bool) -> usize {
    let mut at = from;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'\'')) if !escapes => return bytes.len(),
            (b'\\', Some(_)) if escapes => at += 2,
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn quoted(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn dollar(bytes: &[u8], at: usize) -> (Kind, usize) {
    let tag_end = match bytes.get(at + 1) {
        Some(b'$') => at + 1,
        Some(byte) if is_word_start(*byte) => while_true(bytes, at + 1, |byte| is_word_part(byte) && byte != b'$'),
        _ => return (Kind::Sign, at + 1),
    };
    if bytes.get(tag_end) != Some(&b'$') {
        return (Kind::Sign, at + 1);
    }
    let tag = &bytes[at..=tag_end];
    let end = memchr::memmem::find(&bytes[tag_end + 1..], tag).map(|found| tag_end + 1 + found + tag.len());
    (Kind::Text, end.unwrap_or(bytes.len()))
}

/// A boolean as the server reads it in settings and in texts of type boolean: the beginning of a word is enough
/// (`parse_bool_with_len` in src/backend/utils/adt/bool.c), and psql reads its variables by the same rule
/// (`ParseVariableBool` in src/bin/psql/variables.c). Options of statements are read by another one, `defGetBoolean`.
pub fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |whole: &str, least: usize| text.len() >= least && whole.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_boolean_is_one() {
        for (text, wanted) in [("t", Some(true)), ("YES", Some(true)), ("on", Some(true)), ("o", None), ("", None)] {
            assert_eq!(boolean(text), wanted, "{text}");
        }
        for (text, wanted) in
            [("f", Some(false)), ("of", Some(false)), ("n", Some(false)), ("0", Some(false)), ("2", None)]
        {
            assert_eq!(boolean(text), wanted, "{text}");
        }
    }

    fn kinds(sql: &str) -> Vec<(Kind, &str)> {
        pieces(sql).iter().filter(|piece| !piece.is_blank()).map(|piece| (piece.kind, piece.text(sql))).collect()
    }

    #[test]
    fn pieces_are_what_they_are() {
        use Kind::{Name, Number, Sign, Text, Word};
        assert_eq!(
            kinds("select e'a\\'b', \"x\"\"y\", $q$ it's $q$ -- 'c'\n,1.5,N'z''y' /* ' /* */ */ $1"),
            [
                (Word, "select"),
                (Text, "e'a\\'b'"),
                (Sign, ","),
                (Name, "\"x\"\"y\""),
                (Sign, ","),
                (Text, "$q$ it's $q$"),
                (Sign, ","),
                (Number, "1.5"),
                (Sign, ","),
                (Text, "N'z''y'"),
                (Sign, "$"),
                (Number, "1"),
            ]
        );
    }

    #[test]
    fn names_are_those_that_a_server_keeps() {
        let name = |sql: &str| pieces(sql)[0].identifier(sql).unwrap();
        assert_eq!(name(r#"U&"d\0061t\+000061 \\""#), r"data \");
        assert_eq!(name(r#"u&"\d83d\xx""#), r"\d83d\xx");
        assert_eq!(name(&format!("\"{}ö\"", "n".repeat(62))), "n".repeat(62));
        assert_eq!(name(&"N".repeat(64)), "n".repeat(63));
        assert_eq!(name("\"U&\""), "U&");
    }

    #[test]
    fn what_may_be_a_string_is_one() {
        assert_eq!(kinds(r"a 'b\' c").last(), Some(&(Kind::Text, r"'b\' c")));
        assert_eq!(kinds("a 'never ends").last(), Some(&(Kind::Text, "'never ends")));
        assert_eq!(kinds("a $$never ends").last(), Some(&(Kind::Text, "$$never ends")));
    }

    #[test]
    fn every_text_is_taken_apart_without_a_gap() {
        for text in ["", "ä'ö", "$ü$x$ü$", "\"", "u&\"é", "e'\\", "/*", "1é", "—x"] {
            let all: String = pieces(text).iter().map(|piece| piece.text(text)).collect();
            assert_eq!(all, text);
        }
    }
}
