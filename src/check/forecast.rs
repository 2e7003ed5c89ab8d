//! What a restore will fail on, told before anything starts: what the dump asks for against what the profile says that
//! the target has.
//!
//! It must be right rather than many. What is certain is of the finding's usual severity; what is likely, or hangs on
//! something that a profile does not say (what an image has installed, what the rows hold), is a warning and says "may".
//! The titles are those that the restore's own findings have, so that one cause is told once.

mod database;
mod has;
mod objects;
mod roles;
#[cfg(test)]
mod tests;

use super::{CheckResult, Group, NEEDS, Outcome};
pub use objects::comes_with_postgresql;

use crate::finding::{Cause, Context, Finding, Name, Severity, Subject};
use crate::profile::Target;
use has::Has;
use pgdump_reader::{Dump, Facts, Requirements};

/// One thing that is expected to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    pub finding: Finding,
    /// What it is about (a role, an extension); nothing where there is only one cause of its name in a target.
    subject: Subject,
    /// It breaks a rule of the profile, which holds whatever the sandbox can do.
    is_rule: bool,
}

impl Forecast {
    /// One in words of its own: it is not certain, or known by other signs than the restore's.
    fn new(name: Name, subject: Subject, title: String) -> Self {
        let mut finding = Finding::new(name, title);
        finding.subject = Some(subject.clone()).filter(|subject| !subject.is_empty());
        Self { finding, subject, is_rule: false }
    }

    /// One in the words that the restore's own finding has.
    fn of(cause: &Cause, asked: &Asked<'_>) -> Self {
        let finding = Finding::of(cause, &asked.context);
        Self { finding, subject: cause.subject.clone(), is_rule: false }
    }

    /// It may not come so.
    fn may(mut self) -> Self {
        self.finding.severity = self.finding.severity.min(Severity::Warning);
        self
    }

    /// The restore tells it of another subject, or of none.
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
    fn is_met_by(&self, met: &Finding) -> bool {
        let is_its_subject = self.subject.is_empty() || met.subject.as_ref() == Some(&self.subject);
        self.finding.name == met.name && is_its_subject
    }
}

/// All that is expected to go wrong with this dump in this target, worst first, then by name.
pub fn forecast(dump: &Dump, facts: &Facts, target: &Target) -> Vec<Forecast> {
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
    let asked = Asked { dump, facts, requirements: &requirements, context };
    // A client that cannot read the archive restores nothing, so nothing else can go wrong.
    if let Some(forecast) = objects::client(&asked, &has) {
        return vec![forecast];
    }
    let mut forecasts = Vec::new();
    objects::older_server(&asked, &has, &mut forecasts);
    roles::missing(&asked, &has, &mut forecasts);
    roles::reserved(&asked, &mut forecasts);
    roles::permissions(&asked, &has, &mut forecasts);
    objects::extensions(&asked, &has, &mut forecasts);
    objects::tablespaces(&asked, &has, &mut forecasts);
    objects::features(&asked, &has, &mut forecasts);
    objects::settings(&asked, &has, &mut forecasts);
    database::encoding(&asked, &has, &mut forecasts);
    database::locale(&asked, &has, &mut forecasts);
    if let Some(option) = has.selects {
        for forecast in &mut forecasts {
            let finding = &mut forecast.finding;
            if finding.severity == Severity::Error && !forecast.is_rule {
                finding.severity = Severity::Warning;
                finding.evidence.push(format!("{option} restores a part of the dump, which may not need it"));
            }
        }
    }
    forecasts.sort_by(|a, b| {
        let key = |forecast: &Forecast| (std::cmp::Reverse(forecast.finding.severity), forecast.finding.name.as_str());
        key(a).cmp(&key(b)).then_with(|| a.finding.title.cmp(&b.finding.title))
    });
    forecasts
}

/// The forecast as a check's result: where the target could not be tested it is all that is known. `met` is what the
/// restore and the checks have found, where they ran: what they found stands there and is not told twice, and what they
/// did not find has been proved wrong. A rule of the profile holds all the same.
pub fn judge(forecasts: &[Forecast], met: Option<&[&Finding]>, facts: &Facts) -> CheckResult {
    let mut result = CheckResult { looked_at: looked_at(facts), ..CheckResult::new(NEEDS, Group::Needs) };
    let mut findings = Vec::new();
    for forecast in forecasts {
        let found: Vec<&&Finding> = met.unwrap_or_default().iter().filter(|met| forecast.is_met_by(met)).collect();
        for found in &found {
            if !result.foreseen.contains(&found.title) {
                result.foreseen.push(found.title.clone());
            }
        }
        if found.is_empty() && (met.is_none() || forecast.is_rule) {
            findings.push(forecast.finding.clone());
        }
    }
    result.outcome = Outcome::Looked { findings };
    result
}

fn looked_at(facts: &Facts) -> String {
    let (roles, extensions) = (facts.roles().len(), facts.extensions.len());
    format!("{roles} roles, {extensions} extensions, {} tables declared", facts.tables.len())
}

/// What the dump asks for.
struct Asked<'a> {
    dump: &'a Dump,
    facts: &'a Facts,
    requirements: &'a Requirements,
    /// What the words of findings rest on.
    context: Context<'a>,
}
