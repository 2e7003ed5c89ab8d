//! What is asked of what came back.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::pattern::Pattern;
use super::super::units::{ByteSize, HumanDuration};

/// What must hold after the restore.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Checks {
    /// Diagnostic queries and what must come back.
    pub queries: Vec<Query>,
    /// What tables must hold, by name: `shop.customers` as reports write it, or `customers` as the database's
    /// `search_path` finds it.
    pub tables: BTreeMap<String, TableAsk>,
    /// How long the restore may take and how large the result may be.
    pub budget: Option<Budget>,
    /// The role as which rows are written to see whether they can be; the superuser where left out.
    pub write_as: Option<String>,
    /// Files of tests in pgTAP: paths or patterns, from the folder of the profile's file.
    pub pgtap: Vec<String>,
    /// What those files hold, read with the profile.
    #[serde(skip)]
    pub pgtap_files: Vec<TestFile>,
    /// How long one check may take in one database; half of `limits.timeout` where left out.
    pub timeout: Option<HumanDuration>,
}

impl Checks {
    /// Whether the profile itself asks what the tables hold.
    pub fn ask(&self) -> bool {
        !self.queries.is_empty() || !self.tables.is_empty()
    }
}

/// A file of tests in pgTAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// Its path from the folder of the profile's file.
    pub name: String,
    /// What it holds.
    pub text: Vec<u8>,
}

/// What one table must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableAsk {
    /// How many rows: `empty`, `not empty`, a number, or a comparison with one.
    pub rows: Expect,
}

/// What a restore may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct Budget {
    /// From the client's start to its end.
    pub restore: Option<HumanDuration>,
    /// All restored databases together, as `pg_database_size` counts them.
    pub size: Option<ByteSize>,
}

/// One diagnostic query and what must come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// How reports call it.
    pub name: String,
    /// What is asked.
    pub sql: String,
    /// The database to ask, where a dump restores several; the target's own where left out.
    #[serde(default)]
    pub database: Option<String>,
    /// What must come back.
    pub expect: Expect,
    /// How long it may take.
    #[serde(default = "Query::default_timeout")]
    pub timeout: HumanDuration,
    /// The role that asks, of the profile or of the dump; the superuser where left out.
    #[serde(default, rename = "as")]
    pub as_role: Option<String>,
    /// Whether a query that does not hold fails the target.
    #[serde(default)]
    pub severity: QuerySeverity,
}

impl Query {
    /// How long a query may take that says nothing of it.
    pub fn default_timeout() -> HumanDuration {
        HumanDuration(Duration::from_secs(60))
    }
}

/// What a query comes to that does not give what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuerySeverity {
    /// It fails the target.
    #[default]
    Error,
    /// It is reported.
    Warning,
}

/// What a query's result must be.
///
/// In YAML: `empty`, `not empty`, a comparison such as `">= 1"`, `"= 'x'"` or `"!= 0"`, a regular expression such as
/// `"~ '^1[0-9]$'"` or `"!~ 'error'"`, a list of rows (each a list of values, order does not matter; or each a plain
/// value, for one column), or any other scalar, which is the exact value of a single row and column. Values are compared
/// as PostgreSQL prints them, so `true` stands for `t`.
///
/// A comparison is numeric and exact where both sides are decimal numbers, and by the bytes of the text otherwise. A text
/// that looks like one of these forms is quoted inside: `"= 'empty'"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// No row.
    Empty,
    /// At least one row.
    NotEmpty,
    /// One row and column that compares so with the operand.
    Compare { operator: Operator, operand: String },
    /// One row and column that matches the pattern somewhere, or with `negated` nowhere.
    Matches { pattern: Pattern, negated: bool },
    /// One row and column with this text; `None` is SQL NULL.
    Exactly(Option<String>),
    /// These rows in any order, each value as text; `None` is SQL NULL.
    Rows(Vec<Vec<Option<String>>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    /// `!=` or `<>`.
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
