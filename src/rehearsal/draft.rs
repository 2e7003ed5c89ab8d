//! A rehearsal that goes on: what is known of it so far.

use super::ledger;
use super::{
    Judge, RecoverySummary, RestoreSummary, Timings, all_findings_mut, findings_of, of_coming, shown_findings,
};
use crate::check::{CheckResult, Outcome};
use crate::finding::mask::Hider;
use crate::finding::{Finding, Severity};

/// What is known of a rehearsal that goes on. It becomes a [`Rehearsal`](super::Rehearsal) at once and as a whole, when nothing can be
/// added any more.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Why it is untested, or partly so.
    pub untested: Vec<String>,
    pub judge: Option<Judge>,
    pub restore: Option<RestoreSummary>,
    pub recovery: Option<RecoverySummary>,
    pub checks: Vec<CheckResult>,
    pub ledger: Vec<ledger::Entry>,
    pub notices: Vec<String>,
    pub timings: Timings,
}

impl Draft {
    /// Every finding so far: of the restore or the recovery, then of each check in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        of_coming(self.restore.as_ref(), self.recovery.as_ref()).chain(self.checks.iter().flat_map(findings_of))
    }

    /// Whether the source was brought in, however well.
    pub fn has_come(&self) -> bool {
        self.restore.is_some() || self.recovery.is_some()
    }

    /// Every finding that fails the target where those from `fail_on` do.
    pub fn failing(&self, fail_on: Severity) -> impl Iterator<Item = &Finding> {
        let shown = shown_findings(self.restore.as_ref(), self.recovery.as_ref(), &self.checks);
        shown.filter(move |finding| finding.counts_from(fail_on))
    }

    /// Takes out of all that it says what no output may show.
    pub fn hide(&mut self, of_environment: &[String]) {
        let hider = Hider { of_environment };
        let all = all_findings_mut(self.restore.as_mut(), self.recovery.as_mut(), &mut self.checks);
        all.for_each(|finding| hider.finding(finding));
        let texts = self.untested.iter_mut().chain(&mut self.notices);
        texts.for_each(|text| hider.text(text));
        if let Some(restore) = &mut self.restore {
            hider.text(&mut restore.command);
            restore.databases.iter_mut().for_each(|name| hider.text(name));
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.texts_mut().for_each(|text| hider.text(text));
        }
        for part in self.ledger.iter_mut().flat_map(|entry| entry.not_compared.iter_mut().chain(&mut entry.untested)) {
            hider.text(&mut part.reason);
            part.names.iter_mut().for_each(|name| hider.text(name));
        }
        for result in &mut self.checks {
            let texts = result.not_compared.iter_mut().chain(&mut result.could_not).chain([&mut result.looked_at]);
            texts.for_each(|text| hider.text(text));
            result.foreseen.iter_mut().for_each(|foreseen| hider.reference(foreseen));
            if let Outcome::CouldNotLook { reason } = &mut result.outcome {
                hider.text(reason);
            }
        }
    }
}
