//! What a run comes to, in one sentence.

use crate::counted::{agreeing, counted};
use crate::finding::{Finding, Severity};
use crate::rehearsal::Rehearsal;
use crate::report::Report;
use crate::report::labels::Labels;
use crate::report::text::{self, clip, visible};
use crate::verdict::Verdict;

/// What the run comes to, in one sentence.
pub(super) fn of(report: &Report) -> String {
    let labels = Labels::of(report.sources.iter().map(|source| source.path.as_str()));
    let rehearsals = counted(report.targets.len(), labels.noun());
    let named = |is_meant: &dyn Fn(&Rehearsal) -> bool| -> Vec<String> {
        let meant = report.targets.iter().filter(|target| is_meant(target));
        meant.map(|target| clip(&visible(&labels.label(&target.source, &target.target)), 100).into_owned()).collect()
    };
    // One that fails for warnings alone has come back.
    let warned = |target: &Rehearsal| target.fail_on < Severity::Error && !target.shown_findings().any(Finding::fails);
    let failed = named(&|target| target.verdict == Verdict::Fail && !warned(target));
    let failed_on_warnings = named(&|target| target.verdict == Verdict::Fail && warned(target));
    let (total, untested) = (report.targets.len(), named(&|target| target.verdict == Verdict::Untested));
    let took = text::duration(report.elapsed);
    if total == 0 {
        return format!("no target was rehearsed ({took})");
    }
    let mut parts = Vec::new();
    if !failed.is_empty() {
        let verb = agreeing(failed.len(), "does", "do");
        parts.push(format!("{} of {rehearsals} {verb} not come back: {}", failed.len(), failed.join(", ")));
    }
    if !failed_on_warnings.is_empty() {
        let count = failed_on_warnings.len();
        let verb = if count == 1 { "comes back with warnings and fails" } else { "come back with warnings and fail" };
        let names = failed_on_warnings.join(", ");
        parts.push(format!("{count} of {rehearsals} {verb}, as --fail-on warning asks: {names}"));
    }
    if !untested.is_empty() {
        let verb = agreeing(untested.len(), "is", "are");
        parts.push(format!("{} of {rehearsals} {verb} untested: {}", untested.len(), untested.join(", ")));
    }
    if parts.is_empty() {
        let place =
            if total == 1 { visible(&report.targets[0].target).into_owned() } else { format!("all {rehearsals}") };
        parts.push(match report.sources.as_slice() {
            [source] => format!("{} comes back in {place}", visible(&source.path)),
            sources => format!("{} dumps come back in {place}", sources.len()),
        });
    }
    format!("{} ({took})", parts.join("; "))
}
