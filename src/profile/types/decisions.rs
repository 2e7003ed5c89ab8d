//! What the findings of a target count as.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::glob::Glob;

/// The severity of a finding. Only errors fail a target, unless the run says `--fail-on warning`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
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

/// A known finding that does not fail the target until a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The name of the finding.
    pub finding: String,
    /// The objects, as reports name them, with or without their kind; `*` and `?` are wildcards. Default: every object.
    #[serde(default)]
    pub object: Option<Glob>,
    /// The targets, by name; `*` and `?` are wildcards. Default: every target of the profile.
    #[serde(default)]
    pub target: Option<Glob>,
    /// Why it is accepted.
    #[schemars(regex(pattern = r"\S"))]
    pub reason: String,
    /// The last day (UTC) on which it is accepted, such as `2027-01-31`.
    #[serde(deserialize_with = "crate::profile::scalars::date")]
    #[schemars(schema_with = "crate::profile::schema::date")]
    pub until: jiff::civil::Date,
}
