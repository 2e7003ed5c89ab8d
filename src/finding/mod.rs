//! Findings: one root cause each, with a stable name, the objects it hit, evidence, and a fix.

mod catalogue;
mod diagnose;
mod failure;
mod fixes;
pub mod mask;
#[cfg(test)]
mod pages;
mod recognise;

pub use catalogue::Name;
pub use diagnose::{Situation, diagnose};
pub use failure::Failure;
pub use fixes::{ROLE_MISSING_FIX, feature_missing_fix, feature_missing_title, restoring};

use serde::{Deserialize, Serialize};

/// How bad a finding is. Only an error fails a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn label(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One root cause.
///
/// Row values never stand in it unless `--show-data` is given: whoever makes one masks them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub name: Name,
    pub severity: Severity,
    /// One line that stands alone: `role "shop_app" does not exist in this target`.
    pub title: String,
    /// How many failed statements or objects this one cause explains.
    pub count: u64,
    /// The objects it hit, by name, in order; renderers show the first few.
    pub objects: Vec<String>,
    /// What was seen: the server's words, the values compared.
    pub evidence: Vec<String>,
    /// Every difference in full, where definitions or values were compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What to do, in words; a sentence or two.
    pub fix: String,
    /// What to run or write, line by line, ready to paste; empty where there is nothing to run.
    pub commands: Vec<String>,
    /// Why it was accepted, where the profile accepts it; it does not fail the target then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// How one object came back otherwise than the dump has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// `VIEW public.open_orders`, as in [`Finding::objects`].
    pub object: String,
    /// What the dump says; `None` where the dump does not have it.
    pub dump: Option<String>,
    /// What the restored database says; `None` where it does not have it.
    pub restored: Option<String>,
    /// From the dump's to the database's, as a unified diff; empty where one of them is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diff: String,
}

impl Finding {
    /// A finding of the name's usual severity.
    pub fn new(name: Name, title: impl Into<String>) -> Self {
        Self {
            name,
            severity: name.severity(),
            title: title.into(),
            count: 1,
            objects: Vec::new(),
            evidence: Vec::new(),
            differences: Vec::new(),
            fix: String::new(),
            commands: Vec::new(),
            accepted: None,
        }
    }

    /// Whether it fails its target.
    pub fn fails(&self) -> bool {
        self.severity == Severity::Error && self.accepted.is_none()
    }
}
