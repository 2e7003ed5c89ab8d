//! Which columns hold moments, from the CREATE TABLE statements of a dump.
//!
//! It need not be complete: a domain over a time, or a column that is inherited, is not seen here. Rows that then differ
//! are read again with what the restored database says of its columns.

use std::collections::HashMap;

use crate::archive::Archive;
use crate::digest::Treatment;
use crate::lexer::{Item, Lexer, Statement, Token, TokenKind};
use crate::rows::{Columns, Destination};
use crate::tag;

/// The columns of tables that have at least one that holds moments.
#[derive(Debug, Default)]
pub(crate) struct ZonedColumns {
    tables: HashMap<Name, Vec<(String, bool)>>,
}

/// Database, schema and name.
type Name = (Option<String>, Option<String>, String);

impl ZonedColumns {
    /// Of an archive's table of contents.
    pub(crate) fn of_archive(archive: &Archive) -> Self {
        let mut zoned = Self::default();
        let finder = memchr::memmem::Finder::new("time zone");
        let range = memchr::memmem::Finder::new("tstz");
        for entry in archive.entries.iter().filter(|entry| entry.desc == tag::TABLE) {
            let text = entry.defn.as_str();
            if finder.find(text.as_bytes()).is_none() && range.find(text.as_bytes()).is_none() {
                continue;
            }
            let mut lexer = Lexer::of_text(text);
            // Reading from memory cannot fail.
            while let Ok(Some(item)) = lexer.next() {
                if let Item::Statement(statement) = item {
                    zoned.statement(&statement, None, entry.schema.as_deref());
                }
            }
        }
        zoned
    }

    /// Takes a statement; `schema` is that of names without one.
    pub(crate) fn statement(&mut self, statement: &Statement, database: Option<&str>, schema: Option<&str>) {
        if let Some((own_schema, table, columns)) = read(&statement.tokens)
            && columns.iter().any(|(_, zoned)| *zoned)
        {
            let schema = own_schema.or_else(|| schema.map(str::to_owned));
            self.tables.insert((database.map(str::to_owned), schema, table), columns);
        }
    }
}

impl Columns for ZonedColumns {
    fn treatments(&self, destination: &Destination) -> Vec<Treatment> {
        let key = (destination.database.clone(), destination.schema.clone(), destination.table.clone());
        let Some(columns) = self.tables.get(&key) else { return Vec::new() };
        let treatment = |zoned: bool| if zoned { Treatment::Zoned } else { Treatment::AsIs };
        match &destination.columns {
            None => columns.iter().map(|(_, zoned)| treatment(*zoned)).collect(),
            Some(named) => named
                .iter()
                .map(|name| treatment(columns.iter().any(|(column, zoned)| column == name && *zoned)))
                .collect(),
        }
    }
}

type Table = (Option<String>, String, Vec<(String, bool)>);

/// `CREATE TABLE public.orders ( id integer NOT NULL, at timestamp with time zone )`
fn read(tokens: &[Token]) -> Option<Table> {
    let mut tokens = tokens.iter().map(|token| &token.kind).peekable();
    tokens.next().filter(|kind| is_word(kind, "create"))?;
    let _ = tokens.next_if(|kind| is_word(kind, "unlogged"));
    tokens.next().filter(|kind| is_word(kind, "table"))?;
    if tokens.next_if(|kind| is_word(kind, "if")).is_some() {
        tokens.next()?;
        tokens.next()?;
    }
    let mut name = name_of(tokens.next()?)?;
    let mut schema = None;
    while tokens.next_if(|kind| **kind == TokenKind::Sign(b'.')).is_some() {
        schema = Some(std::mem::replace(&mut name, name_of(tokens.next()?)?));
    }
    tokens.next().filter(|kind| **kind == TokenKind::Sign(b'('))?;
    let mut columns = Vec::new();
    let (mut depth, mut item) = (0, Vec::new());
    for kind in tokens {
        match kind {
            TokenKind::Sign(b'(') => depth += 1,
            TokenKind::Sign(b')') if depth == 0 => {
                columns.extend(column(&item));
                break;
            }
            TokenKind::Sign(b')') => depth -= 1,
            TokenKind::Sign(b',') if depth == 0 => {
                columns.extend(column(&item));
                item.clear();
            }
            _ if depth == 0 => item.push(kind),
            _ => {}
        }
    }
    Some((schema, name, columns))
}

/// `at timestamp(3) with time zone DEFAULT now()`, without what stands in parentheses; a table's constraint is none.
fn column(item: &[&TokenKind]) -> Option<(String, bool)> {
    let (name, mut kind) = item.split_first()?;
    if let TokenKind::Word(word) = name
        && matches!(word.as_str(), "constraint" | "primary" | "unique" | "check" | "foreign" | "exclude" | "like")
    {
        return None;
    }
    if let [TokenKind::Word(schema), TokenKind::Sign(b'.'), rest @ ..] = kind
        && schema == "pg_catalog"
    {
        kind = rest;
    }
    let zoned = match kind {
        [first, with, time, zone, ..] if is_word(first, "timestamp") => {
            is_word(with, "with") && is_word(time, "time") && is_word(zone, "zone")
        }
        [TokenKind::Word(word), ..] => matches!(word.as_str(), "timestamptz" | "tstzrange" | "tstzmultirange"),
        _ => false,
    };
    Some((name_of(name)?, zoned))
}

fn is_word(kind: &TokenKind, wanted: &str) -> bool {
    matches!(kind, TokenKind::Word(word) if word == wanted)
}

fn name_of(kind: &TokenKind) -> Option<String> {
    match kind {
        TokenKind::Word(name) | TokenKind::Name(name) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoned(sql: &str, columns: Option<&[&str]>) -> Vec<Treatment> {
        let mut zoned = ZonedColumns::default();
        let mut lexer = Lexer::new(sql.as_bytes());
        while let Ok(Some(Item::Statement(statement))) = lexer.next() {
            zoned.statement(&statement, None, Some("public"));
        }
        zoned.treatments(&Destination {
            database: None,
            schema: Some("public".into()),
            table: "t".into(),
            columns: columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        })
    }

    #[test]
    fn columns_that_hold_moments_are_known() {
        use Treatment::{AsIs, Zoned};
        let sql =
            "CREATE UNLOGGED TABLE public.t (id integer DEFAULT f(1, 2) NOT NULL, \"At\" timestamp(3) with time zone,
            plain timestamp without time zone, many timestamp with time zone[], r tstzrange, t time with time zone,
            CONSTRAINT c CHECK ((\"At\" > now()))) PARTITION BY RANGE (\"At\");";
        assert_eq!(zoned(sql, None), [AsIs, Zoned, AsIs, Zoned, Zoned, AsIs]);
        assert_eq!(zoned(sql, Some(&["r", "id", "At"])), [Zoned, AsIs, Zoned]);
        assert_eq!(zoned("CREATE TABLE t (id integer, at date);", None), []);
        assert_eq!(zoned("CREATE TABLE t (at timestamptz);", None), [Zoned]);
    }

    #[test]
    fn a_long_table_is_read_to_its_end() {
        let columns: String = (0..300).map(|number| format!("c{number} integer NOT NULL,\n")).collect();
        let sql = format!("CREATE TABLE public.t ({columns} at timestamp with time zone);");
        assert_eq!(zoned(&sql, Some(&["at"])), [Treatment::Zoned]);
    }
}
