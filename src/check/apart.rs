//! Items of a dump, by kind, and those that a check sets apart from the others.

use serde::{Deserialize, Serialize};

/// What a dump is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A database that it creates or puts something into.
    Database,
    Role,
    Table,
    /// All rows that it holds for one table.
    Rows,
    LargeObject,
    /// Where a sequence stands, by its last `setval`.
    SequenceValue,
    /// A materialized view that it fills.
    MaterializedView,
    /// Any object's definition, privileges, comment or policy.
    Definition,
    /// A file of a base backup, by its manifest.
    BaseFile,
    /// A segment of WAL on the way to the point.
    WalSegment,
}

impl ItemKind {
    /// For people: one of it, and several.
    pub fn label(self) -> [&'static str; 2] {
        match self {
            ItemKind::Database => ["database", "databases"],
            ItemKind::Role => ["role", "roles"],
            ItemKind::Table => ["table", "tables"],
            ItemKind::Rows => ["table with rows", "tables with rows"],
            ItemKind::LargeObject => ["large object", "large objects"],
            ItemKind::SequenceValue => ["sequence value", "sequence values"],
            ItemKind::MaterializedView => ["filled materialized view", "filled materialized views"],
            ItemKind::Definition => ["definition", "definitions"],
            ItemKind::BaseFile => ["file of the base", "files of the base"],
            ItemKind::WalSegment => ["WAL segment", "WAL segments"],
        }
    }
}

/// Why an item was not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApartReason {
    /// It cannot be by its nature, or nobody wants it to be.
    NotCompared(String),
    /// It should have been.
    Untested(String),
}

/// One item of the database that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    pub kind: ItemKind,
    /// Schema and name.
    pub item: (String, String),
    pub why: ApartReason,
}

impl Apart {
    /// One that cannot be compared.
    pub fn not_compared(kind: ItemKind, item: (&str, &str), why: impl Into<String>) -> Self {
        Self { kind, item: (item.0.to_owned(), item.1.to_owned()), why: ApartReason::NotCompared(why.into()) }
    }

    /// One that should have been compared.
    pub fn untested(kind: ItemKind, item: (&str, &str), why: impl Into<String>) -> Self {
        Self { kind, item: (item.0.to_owned(), item.1.to_owned()), why: ApartReason::Untested(why.into()) }
    }
}
