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
