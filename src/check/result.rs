//! How a check ended.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// What one check found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name, which is also its column in the grid.
    pub check: String,
    pub outcome: Outcome,
    /// How many objects it compared, for people who doubt that it looked: `12 sequences`.
    pub looked_at: String,
    /// Titles of findings of the restore or of other checks that this one had foreseen. They stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<String>,
    /// What cannot be compared by its nature, and why. It is never counted as equal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
    /// What it could not look at, and why. The target cannot pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub could_not: Vec<String>,
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
