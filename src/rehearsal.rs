//! The life of one rehearsal, from start to teardown.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::CheckResult;
use crate::finding::Finding;

/// What a rehearsal, or a whole run, comes to. The order is from best to worst, so the worst is the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    Untested,
    Fail,
}

impl Verdict {
    pub fn label(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Untested => "untested",
            Verdict::Fail => "fail",
        }
    }
}

/// A finished rehearsal: all that a report says about one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    pub target: String,
    pub description: String,
    pub verdict: Verdict,
    /// Why it is untested, or partly so: each reason with what to do.
    pub untested: Vec<String>,
    /// The engine that judged it and what it ran; `None` where none could.
    pub judge: Option<Judge>,
    pub restore: Option<RestoreSummary>,
    /// In the order of their columns.
    pub checks: Vec<CheckResult>,
    /// What a person should know that is no finding: options in use, a sandbox that could not be removed.
    pub notices: Vec<String>,
    pub timings: Timings,
}

impl Rehearsal {
    /// Every finding: of the restore, then of each check in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        use crate::check::Outcome;
        let restore = self.restore.iter().flat_map(|restore| &restore.findings);
        let checks = self.checks.iter().flat_map(|result| match &result.outcome {
            Outcome::Looked { findings } => findings.as_slice(),
            Outcome::CouldNotLook { .. } => &[],
        });
        restore.chain(checks)
    }
}

/// What judged a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    /// `docker`, `local` or `local, unconfined`.
    pub engine: String,
    /// As the server gives it: `17.6 (Debian 17.6-1.pgdg13+1)`.
    pub server_version: String,
    /// The image with its id, or the directory of the programs.
    pub source: String,
}

/// What the client did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreSummary {
    /// As a shell would take it, for people.
    pub command: String,
    pub client_version: String,
    pub exit_code: i64,
    /// Failed statements and client errors, each of which one finding explains.
    pub errors: u64,
    pub findings: Vec<Finding>,
    /// The databases that the restore went into or made, by name.
    pub databases: Vec<String>,
}

/// How long each part took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// From the beginning until the server accepted connections.
    #[serde(with = "crate::report::seconds")]
    pub ready: Duration,
    #[serde(with = "crate::report::seconds")]
    pub restore: Duration,
    #[serde(with = "crate::report::seconds")]
    pub checks: Duration,
    #[serde(with = "crate::report::seconds")]
    pub teardown: Duration,
    #[serde(with = "crate::report::seconds")]
    pub total: Duration,
}
