//! How a check ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Apart;
use crate::finding::{Finding, Reference};

/// What one check found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name.
    pub check: String,
    /// The group that it belongs to, which is its column in the grid.
    pub group: Group,
    /// The database that it looked at, where the restore brought several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    pub outcome: Outcome,
    /// How many objects it compared, for people who doubt that it looked: `12 sequences`.
    pub looked_at: String,
    /// The objects that it compared, as counts by kind: `"sequence": 12`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub compared: BTreeMap<String, u64>,
    /// How many it did not find as the dump has them, which findings of the restore explain: they stand there.
    #[serde(default, skip_serializing_if = "is_none")]
    pub lost: u64,
    /// Findings of the restore or of other checks that this one had foreseen. They stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<Reference>,
    /// What cannot be compared by its nature, and why. It is never counted as equal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
    /// What it could not look at, and why. The target cannot pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub could_not: Vec<String>,
    /// Items of the dump that it did not compare as the others of their kind: the ledger has them.
    #[serde(skip)]
    pub apart: Vec<Apart>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It looked; no finding means that all is well.
    Looked { findings: Vec<Finding> },
    /// It could not look, and why. The target cannot pass.
    CouldNotLook { reason: String },
}

/// What checks that belong together are about: a column of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What the dump needs and the target has, reported before anything starts.
    #[serde(alias = "needs")]
    Requirements,
    /// The dump itself: whether it is whole.
    #[serde(alias = "dump")]
    Integrity,
    /// What tables hold.
    Rows,
    /// What there is, and how it is defined.
    Objects,
    /// Owners, privileges and row level security.
    #[serde(alias = "access")]
    Permissions,
    Sequences,
    /// Constraints and indexes.
    Constraints,
    /// Encoding and collation.
    #[serde(alias = "text")]
    Encoding,
    /// Whether an application can read and write.
    #[serde(alias = "use")]
    Usability,
    /// What the profile asks.
    Queries,
    /// Time and size.
    Budget,
    /// What the profile accepts.
    Accept,
}

impl Group {
    pub fn label(self) -> &'static str {
        match self {
            Group::Requirements => "requirements",
            Group::Integrity => "integrity",
            Group::Rows => "rows",
            Group::Objects => "objects",
            Group::Permissions => "permissions",
            Group::Sequences => "sequences",
            Group::Constraints => "constraints",
            Group::Encoding => "encoding",
            Group::Usability => "usability",
            Group::Queries => "queries",
            Group::Budget => "budget",
            Group::Accept => "accept",
        }
    }
}

impl CheckResult {
    /// Nothing found, nothing looked at yet.
    pub fn new(check: impl Into<String>, group: Group) -> Self {
        Self {
            check: check.into(),
            group,
            database: None,
            outcome: Outcome::Looked { findings: Vec::new() },
            looked_at: String::new(),
            compared: BTreeMap::new(),
            lost: 0,
            foreseen: Vec::new(),
            not_compared: Vec::new(),
            could_not: Vec::new(),
            apart: Vec::new(),
        }
    }
}
