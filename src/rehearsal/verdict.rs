//! What findings and gaps come to.

use super::decision::{self, accepts_in, decide};
use super::draft::Draft;
use super::ledger::Entry;
use super::{Verdict, of_coming};
use crate::check::{ACCEPT, CheckResult, Group, INTEGRITY, LEFT_OUT, Outcome, REQUIREMENTS};
use crate::counted::{counted, counted_as};
use crate::finding::{Finding, Severity};
use crate::profile::Target;
use crate::source::RowMode;

/// The verdict by all that the rehearsal has found and could not find, and by what the profile has decided about it.
/// About the findings of the restore it has decided before the checks looked.
pub fn judge(draft: &mut Draft, target: &Target, rows: RowMode, fail_on: Severity) -> Verdict {
    for result in &mut draft.checks {
        if let Outcome::Looked { findings } = &mut result.outcome {
            decide(findings.iter_mut(), target);
        }
    }
    for result in &draft.checks {
        let whole = match &result.outcome {
            Outcome::CouldNotLook { reason } => Some(reason),
            Outcome::Looked { .. } => None,
        };
        for reason in whole.into_iter().chain(&result.could_not) {
            let place = result.database.as_ref().map(|database| format!(" at database {database:?}"));
            let reason = format!("check {} could not look{}: {reason}", result.check, place.unwrap_or_default());
            if !draft.untested.contains(&reason) {
                draft.untested.push(reason);
            }
        }
    }
    let nothing_looked =
        draft.checks.iter().all(|result| [INTEGRITY, REQUIREMENTS, LEFT_OUT].contains(&result.check.as_str()));
    let restored = draft.has_come();
    if restored && !nothing_looked && draft.untested.is_empty() && accepts_in(target).next().is_some() {
        let accepts = accepts(draft, target, rows);
        draft.checks.push(accepts);
    }
    if draft.failing(fail_on).next().is_some() {
        Verdict::Fail
    } else {
        // What keeps a restore from beginning can be accepted, and there is nothing then that comes back.
        if restored && nothing_looked && draft.untested.is_empty() {
            draft.untested.push("nothing was restored that a check could look at".into());
        }
        let reason = unbalanced(&draft.ledger).filter(|_| draft.untested.is_empty());
        draft.untested.extend(reason);
        // A rehearsal without a restore has tested nothing, whatever else it says.
        if !restored || !draft.untested.is_empty() { Verdict::Untested } else { Verdict::Pass }
    }
}

/// Why the ledger lets nothing pass, where no check has said so: something in it is untested, or nothing at all was compared
/// though the dump holds something.
fn unbalanced(ledger: &[Entry]) -> Option<String> {
    let open = ledger.iter().find_map(|entry| Some((entry.kind, entry.untested.first()?)));
    if let Some((kind, part)) = open {
        let [one, several] = kind.label();
        let items = counted_as(part.count, one, several);
        return Some(format!("{items} of the dump could not be looked at: {}", part.reason));
    }
    let none = !ledger.is_empty() && ledger.iter().all(|entry| entry.compared == 0);
    none.then(|| "nothing that the dump holds was compared".to_owned())
}

/// What the profile accepts, as a check: each `accept` stands for something that is here.
fn accepts(draft: &Draft, target: &Target, rows: RowMode) -> CheckResult {
    let coming = of_coming(draft.restore.as_ref(), draft.recovery.as_ref());
    let seen = decision::Seen {
        findings: draft.findings().collect(),
        restore_failed: coming.into_iter().any(Finding::fails),
        rows_compared: rows == RowMode::Digest,
        not_in_full: draft.checks.iter().flat_map(|result| result.not_in_full.iter().copied()).collect(),
    };
    CheckResult {
        outcome: Outcome::Looked { findings: decision::unused(target, &seen) },
        looked_at: counted(accepts_in(target).count(), "accept"),
        ..CheckResult::new(ACCEPT, Group::Accept)
    }
}
