//! What all that was found comes to.

use super::draft::Draft;
use super::{Context, Rehearsal, verdict};
use crate::check;
use crate::finding::Finding;
use crate::profile::Target;

/// Puts what was foreseen beside what was found, and says what all of it comes to.
pub(super) async fn conclude(context: &Context, mut draft: Draft, target: &Target, interrupted: bool) -> Rehearsal {
    let source = &context.source;
    // A text says what it needs only at its end, and whoever interrupts does not wait for that.
    let needs = tokio::select! {
        biased;
        needs = source.foreseen(target, interrupted) => needs,
        () = context.interrupt.cancelled() => source.foreseen(target, true).await,
    };
    if let Some((foreseen, facts)) = needs {
        let met: Option<Vec<&Finding>> = draft.has_come().then(|| draft.findings().collect());
        let needs = check::judge_needs(&foreseen, met.as_deref(), &facts);
        draft.checks.insert(0, needs);
    }
    draft.hide(&target.secrets);
    let verdict = verdict::judge(&mut draft, target, context.rows, context.fail_on);
    let Draft { untested, judge, restore, recovery, checks, ledger, notices, timings } = draft;
    Rehearsal {
        source: context.source.name().to_owned(),
        target: target.name.clone(),
        description: target.description.clone(),
        verdict,
        fail_on: context.fail_on,
        untested,
        judge,
        restore,
        recovery,
        checks,
        ledger,
        notices,
        fixes: None,
        nothing_to_write: false,
        timings,
    }
}
