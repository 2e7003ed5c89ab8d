//! What findings and gaps come to.

use super::{Rehearsal, Verdict};
use crate::check::Outcome;
use crate::finding::Finding;
use crate::profile::Target;

/// Sets the verdict by all that the rehearsal has found and could not find.
pub fn judge(rehearsal: &mut Rehearsal, target: &Target) {
    accept(rehearsal, target);
    for result in &rehearsal.checks {
        let whole = match &result.outcome {
            Outcome::CouldNotLook { reason } => Some(reason),
            Outcome::Looked { .. } => None,
        };
        for reason in whole.into_iter().chain(&result.could_not) {
            let reason = format!("check {} could not look: {reason}", result.check);
            if !rehearsal.untested.contains(&reason) {
                rehearsal.untested.push(reason);
            }
        }
    }
    rehearsal.verdict = if rehearsal.shown_findings().any(Finding::fails) {
        Verdict::Fail
    } else if !rehearsal.untested.is_empty() || rehearsal.restore.is_none() {
        // A rehearsal without a restore has tested nothing, whatever else it says.
        Verdict::Untested
    } else {
        Verdict::Pass
    };
}

/// Marks the findings that the profile accepts. Expired ones were refused with the profile.
fn accept(rehearsal: &mut Rehearsal, target: &Target) {
    let restore = rehearsal.restore.iter_mut().flat_map(|restore| &mut restore.findings);
    let checks = rehearsal.checks.iter_mut().flat_map(|result| match &mut result.outcome {
        Outcome::Looked { findings } => findings.as_mut_slice(),
        Outcome::CouldNotLook { .. } => &mut [],
    });
    accept_findings(restore.chain(checks), target);
}

/// Marks those of these findings that the profile accepts.
pub fn accept_findings<'a>(findings: impl Iterator<Item = &'a mut Finding>, target: &Target) {
    for finding in findings {
        let accepted = target.accept.iter().find(|accept| {
            accept.finding == finding.name.as_str()
                // All that it hit must be what is accepted: one object more is another matter.
                && accept.object.as_ref().is_none_or(|object| {
                    !finding.objects.is_empty() && finding.objects.iter().all(|hit| is_object(hit, object))
                })
        });
        finding.accepted = accepted.map(|accept| format!("{} (until {})", accept.reason, accept.until));
    }
}

/// Whether a label such as `TABLE public.orders` is meant by `public.orders`, or by the whole label.
fn is_object(label: &str, object: &str) -> bool {
    label == object || label.strip_suffix(object).is_some_and(|kind| kind.ends_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_meant_by_its_name_and_not_by_its_end() {
        assert!(is_object("TABLE public.orders", "public.orders"));
        assert!(is_object("EXTENSION plpgsql", "plpgsql"));
        assert!(!is_object("TABLE public.old_orders", "orders"));
    }
}
