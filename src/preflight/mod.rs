//! What a restore will fail on, found before anything starts: what the dump asks for against what the profile says that
//! the target has.
//!
//! It must be right rather than many. What is certain is of the finding's usual severity; what is likely, or hangs on
//! something that a profile does not say (what an image has installed, what the rows hold), is a warning and says "may".
//! A finding of the restore that has the same name and subject is of the same cause, which is reported once.

mod database;
mod has;
mod locale;
mod objects;
mod roles;
#[cfg(test)]
mod tests;

pub use locale::{Locale, other_locale};

use has::Has;
use pgdump_reader::{Dump, Facts, Requirements};

use crate::finding::{Cause, Context, Finding, Name, Severity, Subject};
use crate::profile::Target;

/// One thing that is expected to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightFinding {
    pub finding: Finding,
    /// What it is about (a role, an extension); nothing where there is only one cause of its name in a target.
    subject: Subject,
    /// It breaks a rule of the profile, which holds whatever the sandbox can do.
    pub is_rule: bool,
}

impl PreflightFinding {
    /// One in words of its own: it is not certain, or known by other signs than the restore's.
    fn new(name: Name, subject: Subject, title: String) -> Self {
        let mut finding = Finding::new(name, title);
        finding.subject = Some(subject.clone()).filter(|subject| !subject.is_empty());
        Self { finding, subject, is_rule: false }
    }

    /// One in the words that the restore's own finding has.
    fn of(cause: &Cause, request: &Request<'_>) -> Self {
        let finding = Finding::of(cause, &request.context);
        Self { finding, subject: cause.subject.clone(), is_rule: false }
    }

    /// It may not come so.
    fn may(mut self) -> Self {
        self.finding.severity = self.finding.severity.min(Severity::Warning);
        self
    }

    /// The restore reports it of another subject, or of none.
    fn of_any_subject(mut self) -> Self {
        (self.subject, self.finding.subject) = (Subject::None, None);
        self
    }

    fn objects(mut self, objects: Vec<String>) -> Self {
        self.finding.count = (objects.len() as u64).max(1);
        self.finding.objects = objects;
        self
    }

    fn seen(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.finding.evidence.extend(evidence);
        self
    }

    fn fix(mut self, fix: impl Into<String>, commands: Vec<String>) -> Self {
        self.finding.fix = fix.into();
        self.finding.commands = commands;
        self
    }

    /// Whether this finding, of the restore or of a check, is about the same cause.
    pub fn is_met_by(&self, met: &Finding) -> bool {
        let is_its_subject = self.subject.is_empty() || met.subject.as_ref() == Some(&self.subject);
        self.finding.name == met.name && is_its_subject
    }
}

/// All that is expected to go wrong with this dump in this target, worst first, then by name.
pub fn run(dump: &Dump, facts: &Facts, target: &Target) -> Vec<PreflightFinding> {
    let requirements = Requirements::of(dump, facts);
    let has = Has::of(target, dump);
    let context = Context {
        dump,
        target,
        facts,
        declared: &[],
        client: has.client.map(|client| client.to_string()).unwrap_or_default().into(),
        server: has.server,
        has_own: false,
    };
    let request = Request { dump, facts, requirements: &requirements, context };
    // A client that cannot read the archive restores nothing, so nothing else can go wrong.
    if let Some(expected) = objects::client(&request, &has) {
        return vec![expected];
    }
    let mut foreseen = Vec::new();
    objects::older_server(&request, &has, &mut foreseen);
    roles::missing(&request, &has, &mut foreseen);
    roles::reserved(&request, &mut foreseen);
    roles::permissions(&request, &has, &mut foreseen);
    objects::extensions(&request, &has, &mut foreseen);
    objects::tablespaces(&request, &has, &mut foreseen);
    objects::features(&request, &has, &mut foreseen);
    objects::settings(&request, &has, &mut foreseen);
    database::encoding(&request, &has, &mut foreseen);
    database::locale(&request, &has, &mut foreseen);
    if let Some(option) = has.selects {
        for expected in &mut foreseen {
            let finding = &mut expected.finding;
            if finding.severity == Severity::Error && !expected.is_rule {
                finding.severity = Severity::Warning;
                finding.evidence.push(format!("{option} restores a part of the dump, which may not need it"));
            }
        }
    }
    foreseen.sort_by(|a, b| {
        let key = |expected: &PreflightFinding| {
            (std::cmp::Reverse(expected.finding.severity), expected.finding.name.as_str())
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.subject.cmp(&b.subject))
            .then_with(|| a.finding.objects.cmp(&b.finding.objects))
    });
    foreseen
}

/// What the dump asks for.
struct Request<'a> {
    dump: &'a Dump,
    facts: &'a Facts,
    requirements: &'a Requirements,
    /// What the words of findings rest on.
    context: Context<'a>,
}
