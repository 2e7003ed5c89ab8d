//! What PostgreSQL itself says: words of its messages, keywords, names that every cluster has, and what SQLSTATEs are called
//! (versions 13 to 18).

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::postgres::names_of_settings;

/// Words that its messages are made of, in lower case.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("words.txt").split_whitespace().collect());

/// Keywords of its grammar (`pg_get_keywords()`).
static KEYWORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("keywords.txt").split_whitespace().collect());

/// Types, catalogs, settings, roles, encodings, languages, access methods and text search configurations of its own, and types
/// of contrib.
static NAMES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("names.txt").split_whitespace().chain(names_of_settings()).collect());

/// Conditions by SQLSTATE (appendix A of the manual).
static CONDITIONS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| include_str!("conditions.txt").lines().filter_map(|line| line.split_once(' ')).collect());

/// Whether a word of a message is one of PostgreSQL's own, as it stands in the middle of a sentence.
pub fn is_word(word: &str) -> bool {
    WORDS.contains(word) || is_keyword_in_capitals(word)
}

/// Whether a word is of the grammar, in whatever case.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(word.to_ascii_lowercase().as_str())
}

fn is_keyword_in_capitals(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') && is_keyword(word)
}

/// Whether every cluster has something of this name.
pub fn is_name(name: &str) -> bool {
    NAMES.contains(name)
}

/// What a SQLSTATE is called: `undefined_table`.
pub fn condition(sqlstate: &str) -> Option<&'static str> {
    CONDITIONS.get(sqlstate).copied()
}

/// What an operating system says of a failed call (`strerror` of glibc and musl, in English).
pub const SYSTEM: [&str; 20] = [
    "No such file or directory",
    "Permission denied",
    "No space left on device",
    "Is a directory",
    "Not a directory",
    "File exists",
    "File too large",
    "Input/output error",
    "I/O error",
    "Read-only file system",
    "Cannot allocate memory",
    "Out of memory",
    "Resource temporarily unavailable",
    "Too many open files",
    "Broken pipe",
    "Connection refused",
    "Connection reset by peer",
    "Invalid argument",
    "Operation not permitted",
    "Disk quota exceeded",
];

/// What kinds of objects are called in messages; longer ones before those that they begin with.
pub const OBJECTS: [&str; 50] = [
    "access method",
    "aggregate",
    "cast",
    "collation",
    "column",
    "constraint",
    "conversion",
    "cursor",
    "database",
    "domain",
    "event trigger",
    "extension",
    "foreign server",
    "foreign table",
    "foreign-data wrapper",
    "function",
    "group",
    "index",
    "language",
    "large object",
    "materialized view",
    "operator class",
    "operator family",
    "operator",
    "parameter ACL",
    "parameter",
    "partitioned table",
    "policy",
    "prepared statement",
    "procedure",
    "publication",
    "relation",
    "replication origin",
    "role",
    "routine",
    "rule",
    "savepoint",
    "schema",
    "sequence",
    "server",
    "statistics object",
    "subscription",
    "table",
    "tablespace",
    "text search configuration",
    "text search dictionary",
    "text search parser",
    "text search template",
    "type",
    "view",
];
