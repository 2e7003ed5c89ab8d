//! Findings: one root cause each, with a stable name, the objects it hit, evidence, and a fix.

mod acting;
mod consequences;
mod database_facts;
mod decidable;
mod diagnose;
mod failure;
mod kind;
mod kinds;
mod lost;
pub mod mask;
mod origin;
mod orphans;
pub mod outside;
#[cfg(test)]
mod pages;
mod qualified;
mod recognise;
mod reference;
mod refine;
mod remedy;
mod rule;
mod situation;
mod subject;

pub use crate::profile::Severity;
pub use consequences::{CLIENT, OTHER_TEXT, OWNER};
pub use database_facts::{DatabaseFacts, Questions};
pub use decidable::profile_rules;
pub use diagnose::diagnose;
pub use failure::Failure;
pub use kind::{Cause, Context, Kind};
pub use kinds::Name;
pub use kinds::dump_truncated::TITLE as DUMP_TRUNCATED;
pub use lost::{Lost, transactions_lost};
pub use origin::Origin;
pub use reference::Reference;
pub use remedy::{After, AfterKind, Remedy};
pub use rule::Because;
pub use situation::Situation;
pub use subject::Subject;

use serde::{Deserialize, Serialize};

/// One root cause.
///
/// Row values never stand in it unless `--show-data` is given: whoever makes one masks them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub name: Name,
    pub severity: Severity,
    /// Whose fault it is.
    #[serde(default)]
    pub origin: Origin,
    /// One line that stands alone: `role "shop_app" does not exist in this target`.
    pub title: String,
    /// What the cause is about, where one name distinguishes findings of a kind: a role, an extension, a schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// How many failed statements or objects this one cause explains, its consequences among them.
    pub count: u64,
    /// The objects it hit itself, by name, in order; renderers show the first few.
    pub objects: Vec<String>,
    /// What failed only because of it, by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<Consequence>,
    /// The finding of the restore that it follows from, where one explains all of it: it ends with that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Reference>,
    /// What was seen: the server's words, the values compared.
    pub evidence: Vec<String>,
    /// Every difference in full, where definitions or values were compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What to do, in words; a sentence or two.
    pub fix: String,
    /// What to run or write, line by line, ready to paste; empty where there is nothing to run.
    pub commands: Vec<String>,
    /// The files with fixes that are about it, by name, where some were written (`--write-fixes`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fix_files: Vec<String>,
    /// What mends it, whole.
    #[serde(skip)]
    pub remedy: Remedy,
    /// Transactions that its failures took back.
    #[serde(skip)]
    pub takes_back: Vec<Lost>,
    /// Why it was accepted, where the profile accepts it; it does not fail the target then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// Those of its objects that the profile accepts, where it does not accept all; the others stay open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_objects: Vec<AcceptedObjects>,
    /// The severity that it would have, where the profile has given it another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_severity: Option<Severity>,
}

/// Objects that one `accept` of the profile names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedObjects {
    /// As in [`Finding::objects`].
    pub objects: Vec<String>,
    /// Why, and until when.
    pub reason: String,
}

/// Statements of one kind that failed only because another had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// The type of the archive's entry, or what the statement creates: `TABLE DATA`, `INDEX`.
    pub kind: String,
    /// How many statements.
    pub count: u64,
    /// What they are about, each once, in order.
    pub objects: Vec<String>,
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
            origin: name.origin(),
            title: title.into(),
            subject: None,
            count: 1,
            objects: Vec::new(),
            consequences: Vec::new(),
            follows: None,
            evidence: Vec::new(),
            differences: Vec::new(),
            fix: name.kind().fix.to_owned(),
            commands: Vec::new(),
            fix_files: Vec::new(),
            remedy: Remedy::default(),
            takes_back: Vec::new(),
            accepted: None,
            accepted_objects: Vec::new(),
            own_severity: None,
        }
    }

    /// The same as a defect that the source has too, as the dump itself proves: a warning, since the restore is faithful.
    pub fn of_source(mut self) -> Self {
        self.origin = Origin::Source;
        self.severity = self.severity.min(Severity::Warning);
        self
    }

    /// What it is about, as a report has it.
    pub fn subject_text(&self) -> Option<String> {
        self.subject.as_ref().map(Subject::to_string)
    }

    /// All objects that it hit, those of its consequences last.
    pub fn hit(&self) -> impl Iterator<Item = &String> {
        self.objects.iter().chain(self.consequences.iter().flat_map(|consequence| &consequence.objects))
    }

    /// How many failures are the cause's own.
    pub fn own_count(&self) -> u64 {
        self.count - self.consequences.iter().map(|consequence| consequence.count).sum::<u64>().min(self.count)
    }

    /// Whether it fails its target, as long as warnings do not.
    pub fn fails(&self) -> bool {
        self.counts_from(Severity::Error)
    }

    /// Whether it is open and at least as bad as this.
    pub fn counts_from(&self, least: Severity) -> bool {
        self.accepted.is_none() && self.severity >= least
    }
}
