//! What is asked of what came back.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::pattern::Pattern;
use super::super::units::{ByteSize, HumanDuration};

/// Your own checks, which run after the restore.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Checks {
    /// Queries, each with the result that it must have.
    pub queries: Vec<Query>,
    /// How many rows tables must have, by name: `shop.customers` as reports write it, or `customers` as the database's
    /// `search_path` finds it. A value alone, such as `100` or `">= 100"`, is the number of rows.
    pub tables: BTreeMap<String, TableAsk>,
    /// The longest time that the restore may take, and the largest size of its result.
    pub budget: Option<Budget>,
    /// The role that inserts test rows, usually that of the application. Default: the superuser.
    pub write_as: Option<String>,
    /// pgTAP test files: paths or patterns, relative to the profile's folder.
    pub pgtap: Vec<String>,
    /// What those files hold, read with the profile.
    #[serde(skip)]
    pub pgtap_files: Vec<TestFile>,
    /// The longest time that one check may take in one database. Default: half of `limits.timeout`.
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

/// How many rows one table must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = crate::profile::schema::or_rows)]
pub struct TableAsk {
    /// The number of rows: `empty`, `not empty`, an exact number, or a comparison such as `">= 1000"`.
    #[schemars(schema_with = "crate::profile::schema::rows")]
    pub rows: Expect,
}

/// The longest time and the largest size of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct Budget {
    /// The longest time from the client's start to its end.
    pub restore: Option<HumanDuration>,
    /// The largest size of all restored databases together, as `pg_database_size` counts them.
    pub size: Option<ByteSize>,
}

/// A query and the result that it must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The name that reports show.
    pub name: String,
    /// The SQL of the query. It is rolled back.
    pub sql: String,
    /// The database to query, if a dump restores several. Default: the target's own.
    #[serde(default)]
    pub database: Option<String>,
    /// The result that the query must have: `empty`, `not empty`, a comparison in quotes such as `">= 1"`, a pattern such
    /// as `"~ '^v[0-9]+$'"`, a value, or a list of rows.
    pub expect: Expect,
    /// The longest time that it may take.
    #[serde(default = "Query::default_timeout")]
    pub timeout: HumanDuration,
    /// The role that runs the query, from the profile or the dump. Default: the superuser.
    #[serde(default, rename = "as")]
    pub as_role: Option<String>,
    /// Whether another result fails the target or is only a warning.
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
