//! Plain SQL dumps, and what their first lines say.

use crate::collector::{Collector, Effect};
use crate::lexer::{Item, Lexer, MARK, Statement, TokenKind};
use crate::sql::COMMANDS;
use compressed::Compression;

/// A dump as SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// How the file is compressed; `None` where it is not.
    pub compression: Option<Compression>,
    /// Whether it begins as pg_dump and pg_dumpall begin their text. Only then has it to end as they end it. It is a
    /// comment that anyone can edit, so it may lie.
    pub from_pg_dump: bool,
    /// Whether it is of pg_dumpall.
    pub cluster: bool,
    /// From the header comment; pg_dumpall writes none before its first database.
    pub pg_dump_version: Option<String>,
    /// From the header comment.
    pub server_version: Option<String>,
    /// The databases that it creates, as far as its first block says; `pg_dump --create` begins with it.
    pub creates_databases: Vec<String>,
    /// Whether it begins with `\restrict`, which older versions of psql do not know.
    pub restricted: bool,
}

/// TEXT_DUMP_HEADER and TEXT_DUMPALL_HEADER in src/bin/pg_dump/pg_backup_archiver.h, without the lines around them.
pub(crate) const HEADER: &str = " PostgreSQL database dump";
pub(crate) const CLUSTER_HEADER: &str = " PostgreSQL database cluster dump";
/// RestoreArchive in pg_backup_archiver.c and main in pg_dumpall.c (PostgreSQL 15 to 18).
pub(crate) const TRAILER: &str = " PostgreSQL database dump complete";
pub(crate) const CLUSTER_TRAILER: &str = " PostgreSQL database cluster dump complete";

/// Takes a text for SQL, or not, by its beginning.
pub(crate) fn recognise(head: &[u8], compression: Option<Compression>) -> Option<Plain> {
    let head = head.strip_prefix(MARK).unwrap_or(head);
    let mut plain = Plain {
        compression,
        from_pg_dump: false,
        cluster: false,
        pg_dump_version: None,
        server_version: None,
        creates_databases: Vec::new(),
        restricted: false,
    };
    let mut lexer = Lexer::new(head);
    let mut collector = Collector::default();
    let mut is_sql = None;
    // A program's messages can stand before it, and take its first statement with them.
    let has_header = head.windows(HEADER.len()).any(|window| window == HEADER.as_bytes());
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        match item {
            Item::Comment { text, .. } => {
                plain.cluster |= text == CLUSTER_HEADER;
                plain.from_pg_dump |= text == HEADER || text == CLUSTER_HEADER;
                if let Some(version) = text.strip_prefix(" Dumped from database version ") {
                    plain.server_version.get_or_insert_with(|| version.to_owned());
                } else if let Some(version) = text.strip_prefix(" Dumped by pg_dump version ") {
                    plain.pg_dump_version.get_or_insert_with(|| version.to_owned());
                }
            }
            Item::Meta(meta) => plain.restricted |= meta.name == "restrict",
            Item::Insert => {}
            Item::Statement(statement) | Item::Unfinished(statement) => {
                // The first one decides.
                if !*is_sql.get_or_insert_with(|| plain.from_pg_dump || has_header || begins_like_sql(&statement)) {
                    return None;
                }
                if let Effect::Copy(_) = collector.statement(&statement) {
                    break;
                }
            }
        }
    }
    let created = collector.into_facts().creates_database;
    plain.creates_databases = created.into_iter().map(|created| created.name).collect();
    // Text has no NUL and hardly any other control character; a dump with a header and lost blocks is still a dump.
    let odd = |byte: &&u8| byte.is_ascii_control() && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b | 8);
    let is_binary = head.contains(&0) || head.iter().filter(odd).count() * 100 > head.len();
    (plain.from_pg_dump || has_header || !is_binary).then_some(plain)
}

/// Whether a text begins as a command of SQL does, behind comments and white space.
pub fn begins_with_command(text: &str) -> bool {
    let mut lexer = Lexer::of_text(text);
    loop {
        match lexer.next() {
            Ok(Some(Item::Comment { .. })) => {}
            Ok(Some(Item::Statement(statement) | Item::Unfinished(statement))) => return begins_like_sql(&statement),
            // Nothing, or rows of an INSERT, which begin with its word.
            Ok(Some(Item::Insert) | None) => return true,
            Ok(Some(Item::Meta(_))) | Err(_) => return false,
        }
    }
}

fn begins_like_sql(statement: &Statement) -> bool {
    match statement.tokens.first().map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => COMMANDS.contains(&word.as_str()),
        Some(TokenKind::Sign(b'(')) => true,
        _ => false,
    }
}
