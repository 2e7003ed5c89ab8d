//! How a check ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Apart;
use crate::finding::{Finding, Name, Reference};

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
    /// Findings that it looked for with less than all its means: that they are not there shows nothing.
    #[serde(skip)]
    pub not_in_full: Vec<Name>,
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

impl Group {
    /// All columns of checks, in their order.
    pub const ALL: [Group; 12] = [
        Group::Requirements,
        Group::Integrity,
        Group::Rows,
        Group::Objects,
        Group::Permissions,
        Group::Sequences,
        Group::Constraints,
        Group::Encoding,
        Group::Usability,
        Group::Queries,
        Group::Budget,
        Group::Accept,
    ];

    /// What its checks compare, and what a problem there means, in Markdown.
    pub fn explanation(self) -> &'static str {
        match self {
            Group::Requirements => {
                "What the dump needs and the target lacks, known from the dump and the profile before anything starts: roles, \
                 extensions, tablespaces, locales, features of newer versions. A restore has the last word: what it fails on \
                 counts once, as its own finding. `pgrehearse inspect DUMP -p PROFILE` shows this column alone."
            }
            Group::Integrity => {
                "Whether the dump itself is whole: read to its end, every block, every checksum. A problem here means that the \
                 backup is damaged or partial: no target can mend that."
            }
            Group::Rows => {
                "Whether every row that the dump holds came back with the same values, compared by digests. `N lost` counts \
                 tables whose rows did not come back because a statement of the restore failed, or are damaged in the dump."
            }
            Group::Objects => {
                "Whether every object of the dump is there with the same definition, and no other. `N lost` counts objects that \
                 a failed statement would have created."
            }
            Group::Permissions => {
                "Owners, privileges, default privileges, roles and row level security. A problem here opens data to somebody, or \
                 locks an application out, without any error when it connects. `N lost` counts owners, privileges, policies and roles \
                 that a failed statement would have brought."
            }
            Group::Sequences => {
                "Whether each sequence stands where the dump puts it, and past the values that its columns hold. One that is \
                 behind makes the next INSERT fail with a duplicate key. `N lost` counts those that a failed statement would have \
                 created or set."
            }
            Group::Constraints => {
                "Whether constraints are validated, foreign keys hold for every row, indexes are valid, match their tables and \
                 are unique where they should be. `N lost` counts constraints and indexes that a failed statement would have created."
            }
            Group::Encoding => {
                "The database's encoding, whether its text is valid in it, and its locale and collation versions, compared with \
                 the source's. Another locale sorts and compares text in another way."
            }
            Group::Usability => {
                "Whether an application could use what came back: views and functions can be planned, materialized views are \
                 filled, a row can be inserted. `N lost` counts what cannot be used because a statement of the restore failed."
            }
            Group::Queries => "The profile's own queries, tables and pgTAP tests (`checks:`).",
            Group::Budget => "The restore's time and the databases' size, compared with the profile's `checks.budget`.",
            Group::Accept => "Entries of the profile's `accept:` that stand for nothing any more.",
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
            not_in_full: Vec::new(),
        }
    }
}
