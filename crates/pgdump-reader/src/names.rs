//! The names that a dump says itself: of its objects, of what they are made of, and of what they need.
//!
//! What a server says of a failed restore names objects, and quotes values of rows too; nothing in a message distinguishes
//! one from the other. The dump's own statements do: a word outside of strings in a definition is a name, and rows are
//! never read for one, even where psql takes them for statements.

use std::collections::HashSet;

use crate::archive::Archive;
use crate::charset::Charset;
use crate::lexer::{Statement, TokenKind};
use crate::sql::{self, Kind, Piece, each_piece};

/// Most bytes of names that are kept; beyond it a name is not known, and so not shown.
const MAX_NAME_BYTES: usize = 64 << 20;
/// Most words and signs of one statement that are looked at; what follows them is not known.
const MAX_PIECES: usize = 200_000;
/// Longer ones are no names (NAMEDATALEN is 64 bytes as a rule).
const LONGEST: usize = 256;

/// Names that are known to be names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    known: HashSet<Box<str>>,
    bytes: usize,
    /// How the last INSERT began: a dump has one for each row, and most begin alike.
    beginning: Vec<u8>,
}

impl Names {
    /// All that an archive's table of contents says.
    pub(crate) fn of_archive(archive: &Archive) -> Self {
        let mut names = Self::default();
        names.add(&archive.database);
        for entry in &archive.entries {
            for text in [&entry.defn, &entry.drop_stmt].into_iter().chain(&entry.copy_stmt) {
                names.take(text);
            }
            names.add(&entry.tag);
            names.body(&entry.tag);
            names.add(&entry.owner);
            for name in [&entry.schema, &entry.tablespace, &entry.table_access_method].into_iter().flatten() {
                names.add(name);
            }
        }
        names
    }

    /// Whether this is a name, as the server writes it: without quotes, and in the case that it has.
    pub fn holds(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// Adds one name.
    pub fn add(&mut self, name: &str) {
        if !name.is_empty() && name.len() <= LONGEST && self.bytes < MAX_NAME_BYTES && !self.known.contains(name) {
            self.bytes += name.len() + size_of::<Box<str>>();
            self.known.insert(name.into());
        }
    }

    /// Adds the names in these statements.
    pub fn take(&mut self, sql: &str) {
        let mut pieces = Vec::new();
        let mut depth = 0_usize;
        for piece in each_piece(sql).filter(|piece| !piece.is_blank()) {
            match piece.sign(sql) {
                Some('(') => depth += 1,
                Some(')') => depth = depth.saturating_sub(1),
                Some(';') if depth == 0 => {
                    self.statement(sql, &pieces);
                    pieces.clear();
                    continue;
                }
                _ => {}
            }
            if pieces.len() < MAX_PIECES {
                pieces.push(piece);
            }
        }
        self.statement(sql, &pieces);
    }

    /// Adds those of a statement of a plain dump, as far as it was kept.
    pub(crate) fn take_statement(&mut self, statement: &Statement) {
        if !statement.text.is_empty() {
            self.take(&statement.text);
            return;
        }
        let mut text = String::new();
        for token in &statement.tokens {
            match &token.kind {
                TokenKind::Word(word) => text.push_str(word),
                TokenKind::Name(name) => text.push_str(&sql::identifier(name)),
                TokenKind::Text(value) => text.push_str(&format!("'{}'", value.replace('\'', "''"))),
                TokenKind::Sign(sign) => text.push(char::from(*sign)),
            }
            text.push(' ');
        }
        self.take(&text);
    }

    /// Adds those of an INSERT: of its table and columns, and where it takes its rows from.
    pub(crate) fn take_insert(&mut self, text: &[u8], charset: Charset) {
        if !self.beginning.is_empty() && text.starts_with(&self.beginning) {
            return;
        }
        let values = memchr::memmem::find(&text[..text.len().min(64 * 1024)], b"VALUES");
        let (head, more) = text.split_at(values.unwrap_or(text.len()));
        self.beginning = if more.is_empty() { Vec::new() } else { text[..head.len() + 6].to_vec() };
        self.take(&charset.text(head.to_vec()));
    }

    /// Takes the pieces of one statement, without white space and comments.
    fn statement(&mut self, sql: &str, pieces: &[Piece]) {
        let mut words = pieces.iter().filter(|piece| piece.kind == Kind::Word).map(|piece| piece.lower(sql));
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match first.as_str() {
            "set" if !is_of_session(&second) => self.setting(sql, pieces),
            _ if DEFINES.contains(&first.as_str()) => {
                self.all_of(sql, pieces);
                let third = words.next().unwrap_or_default();
                let runs = |word: &str| matches!(word, "function" | "procedure");
                let is_routine = runs(&second) || runs(&third) || words.next().is_some_and(|word| runs(&word));
                let strings = pieces.iter().filter(|piece| piece.kind == Kind::Text);
                for string in strings {
                    let text = string.text_of_string(sql);
                    match second.as_str() {
                        // Files of the server, and what a routine does.
                        _ if text.starts_with("$libdir/") => self.add(&text["$libdir/".len()..]),
                        _ if is_routine => self.body(text),
                        // Locales, encodings, versions.
                        "database" | "collation" | "extension" if first == "create" => self.add(text),
                        _ => {}
                    }
                }
            }
            "insert" | "update" | "delete" | "merge" | "select" | "with" | "values" | "table" | "call" | "execute"
            | "prepare" | "declare" | "explain" => self.sources(sql, pieces),
            "do" => {
                for string in pieces.iter().filter(|piece| piece.kind == Kind::Text) {
                    self.body(string.text_of_string(sql));
                }
            }
            _ => {}
        }
    }

    /// Every name and word outside of strings. What follows PASSWORD is none, whatever it looks like, nor is what a setting
    /// with a dot in its name is set to.
    fn all_of(&mut self, sql: &str, pieces: &[Piece]) {
        let lower = |index: usize| pieces.get(index).map(|piece| piece.lower(sql)).unwrap_or_default();
        let sign = |index: usize| pieces.get(index).and_then(|piece| piece.sign(sql));
        let mut index = 0;
        while let Some(piece) = pieces.get(index) {
            let word = lower(index);
            if let Some(name) = piece.identifier(sql) {
                self.add(&name);
            }
            index += 1;
            if word == "password" {
                // `PASSWORD = x` is no SQL, and a secret all the same.
                index += if sign(index) == Some('=') { 2 } else { 1 };
            } else if word == "set" && sign(index + 1) == Some('.') {
                let is_set_to = sign(index + 3) == Some('=') || lower(index + 3) == "to";
                for name in [index, index + 2].iter().filter_map(|at| pieces.get(*at)?.identifier(sql)) {
                    self.add(&name);
                }
                index += if is_set_to { 5 } else { 3 };
            }
        }
    }

    /// What a routine does: its words are names, and its strings are not looked into.
    fn body(&mut self, text: &str) {
        let pieces = each_piece(text).filter(|piece| !piece.is_blank());
        self.all_of(text, &pieces.take(MAX_PIECES).collect::<Vec<_>>());
    }

    /// `SET name = value`: of a setting of PostgreSQL's own the value is a word of its grammar, of others it can be anything.
    fn setting(&mut self, sql: &str, all: &[Piece]) {
        let end = all.iter().position(|piece| piece.sign(sql) == Some('=') || piece.lower(sql) == "to");
        let (name, value) = all.split_at(end.unwrap_or(all.len()));
        self.all_of(sql, name);
        if name.iter().any(|piece| piece.sign(sql) == Some('.')) {
            return;
        }
        self.all_of(sql, value);
        for string in all.iter().filter(|piece| piece.kind == Kind::Text) {
            self.add(string.text_of_string(sql));
        }
    }

    /// Tables and functions of a query: what follows FROM and its like, and what stands before a parenthesis. Anything else
    /// can be a value in the wrong quotes.
    fn sources(&mut self, sql: &str, pieces: &[Piece]) {
        let named = |index: usize| pieces.get(index).and_then(|piece| piece.identifier(sql));
        let sign = |index: usize| pieces.get(index).and_then(|piece| piece.sign(sql));
        let mut index = 0;
        while index < pieces.len() {
            let word = pieces[index].lower(sql);
            let is_source = pieces[index].kind == Kind::Word && SOURCES.contains(&word.as_str());
            let is_insert = word == "into";
            index += 1;
            let (mut next, mut parts) = (if is_source { index } else { index - 1 }, Vec::new());
            while let Some(name) = named(next) {
                parts.push(name);
                next += 1;
                if sign(next) != Some('.') {
                    break;
                }
                next += 1;
            }
            let is_call =
                !is_source && sign(next) == Some('(') && !parts.is_empty() && word != "values" && word != "in";
            if is_source || is_call {
                parts.iter().for_each(|part| self.add(part));
                index = index.max(next);
            }
            // The columns of an INSERT.
            if is_insert && sign(next) == Some('(') {
                while let Some(name) = named(next + 1) {
                    self.add(&name);
                    next += 2;
                    if sign(next) != Some(',') {
                        break;
                    }
                }
                index = next;
            }
        }
    }
}

/// The first words of statements in which every word outside of strings is a name or a keyword.
const DEFINES: [&str; 28] = [
    "alter",
    "analyze",
    "begin",
    "checkpoint",
    "close",
    "cluster",
    "comment",
    "commit",
    "copy",
    "create",
    "discard",
    "drop",
    "end",
    "grant",
    "import",
    "listen",
    "load",
    "lock",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "reset",
    "revoke",
    "savepoint",
    "security",
    "set",
    "truncate",
];

/// Words before the name of a table.
const SOURCES: [&str; 8] = ["from", "into", "join", "update", "only", "table", "using", "call"];

/// `SET ROLE x`, `SET SESSION AUTHORIZATION x` and the like, which set no setting by its name.
fn is_of_session(second: &str) -> bool {
    matches!(second, "role" | "constraints" | "transaction")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Names {
        let mut names = Names::default();
        names.take(sql);
        names
    }

    #[test]
    fn names_of_definitions_are_known_and_strings_are_not() {
        let names = names(
            "CREATE TABLE public.\"Odd one\" (id integer DEFAULT 'value-1', CONSTRAINT k CHECK (a <> 'value2'));\
             COMMENT ON TABLE public.t IS 'value3'; ALTER ROLE r PASSWORD value4; SET a.b = value5; ALTER ROLE r SET a.b TO value8; SET x TO fast;
             CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ begin perform value6x('value7'); end $$;",
        );
        for known in ["public", "Odd one", "id", "k", "r", "t", "x", "fast", "f", "value6x"] {
            assert!(names.holds(known), "{known}");
        }
        for value in ["value-1", "value2", "value3", "value4", "value5", "value7", "value8"] {
            assert!(!names.holds(value), "{value}");
        }
    }

    #[test]
    fn of_a_query_only_its_sources_are_names() {
        let names = names(
            "INSERT INTO public.t (a, \"B\") SELECT 'v1', \"v2\", v3 FROM x.y JOIN z ON true WHERE f.g(1) = v4;\
             INSERT INTO u VALUES (\"v5\", v6); UPDATE w SET a = \"v7\"; v8 v9; DO $$ drop table q; $$",
        );
        for known in ["public", "t", "a", "B", "x", "y", "z", "f", "g", "u", "w", "q"] {
            assert!(names.holds(known), "{known}");
        }
        for value in ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"] {
            assert!(!names.holds(value), "{value}");
        }
    }

    #[test]
    fn of_many_inserts_each_beginning_is_read_once() {
        let mut names = Names::default();
        for text in ["INSERT INTO t VALUES (1, \"v1\")", "INSERT INTO t VALUES (v2)", "INSERT INTO u (c) VALUES (3)"] {
            names.take_insert(text.as_bytes(), Charset::default());
        }
        for (name, known) in [("t", true), ("u", true), ("c", true), ("v1", false), ("v2", false)] {
            assert_eq!(names.holds(name), known, "{name}");
        }
    }
}
