//! What the checks made of a mutation.

use std::time::Duration;

use pgrehearse::finding::{Finding, Severity};
use pgrehearse::rehearsal::{Rehearsal, Verdict};

use crate::mutations::Mutation;
use crate::sources::Form;

/// What became of one mutation in one form.
pub struct Result {
    pub mutation: String,
    pub form: Form,
    pub seen: Seen,
    pub took: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// By a finding that is right: its name, its severity.
    Found(String, Severity),
    /// By findings that are none of the right ones, or name something else.
    Misnamed(Vec<String>),
    /// A check could not look.
    Untested(String),
    /// Nothing says so.
    Silent,
    /// The mutation itself is wrong.
    Refused(String),
}

impl Seen {
    /// What a rehearsal says of a mutation, beside what it said before.
    pub fn of(mutation: &Mutation, before: &Rehearsal, after: &Rehearsal) -> Self {
        let known: Vec<String> = before.findings().map(key).collect();
        let new: Vec<&Finding> = after.findings().filter(|finding| !known.contains(&key(finding))).collect();
        let right = new.iter().find(|finding| {
            mutation.right.contains(&finding.name)
                && mutation.object.as_ref().is_none_or(|object| names(finding, object))
        });
        if let Some(right) = right {
            return Seen::Found(right.name.to_string(), right.severity);
        }
        if !new.is_empty() {
            let mut names: Vec<String> =
                new.iter().map(|finding| format!("{} {:?}", finding.name, finding.objects)).collect();
            names.dedup();
            return Seen::Misnamed(names);
        }
        let untested = after.untested.iter().find(|reason| !before.untested.contains(reason));
        match untested {
            Some(reason) => Seen::Untested(reason.clone()),
            None if after.verdict != Verdict::Pass && before.verdict == Verdict::Pass => {
                Seen::Untested("no reason is given".into())
            }
            None => Seen::Silent,
        }
    }

    pub fn is_silent(&self) -> bool {
        matches!(self, Seen::Silent)
    }
}

fn key(finding: &Finding) -> String {
    format!("{} {:?} {} {:?} {:?}", finding.name, finding.severity, finding.title, finding.objects, finding.evidence)
}

fn names(finding: &Finding, object: &str) -> bool {
    let subject = finding.subject_text();
    let mut all = finding.hit().chain(&subject).chain([&finding.title]).chain(&finding.evidence);
    all.any(|text| text.contains(object))
}
