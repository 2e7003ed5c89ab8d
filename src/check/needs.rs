//! What was foreseen before anything started, beside what the restore and the checks have found.

use pgdump_reader::Facts;

use super::{CheckResult, Group, Outcome, REQUIREMENTS};
use crate::finding::{Finding, Reference};
use crate::preflight::PreflightFinding;

/// What was foreseen, as a check's result: where the target could not be tested it is all that is known. `met` is what the
/// restore and the checks have found, where they ran: what they found stands there and is not reported twice, and what they
/// did not find has been proved wrong. A rule of the profile holds all the same.
pub fn judge(foreseen: &[PreflightFinding], met: Option<&[&Finding]>, facts: &Facts) -> CheckResult {
    let mut result = CheckResult { looked_at: looked_at(facts), ..CheckResult::new(REQUIREMENTS, Group::Requirements) };
    let mut findings = Vec::new();
    for expected in foreseen {
        let found: Vec<&&Finding> = met.unwrap_or_default().iter().filter(|met| expected.is_met_by(met)).collect();
        for found in found.iter().map(|found| Reference::of(found)) {
            if !result.foreseen.contains(&found) {
                result.foreseen.push(found);
            }
        }
        if found.is_empty() && (met.is_none() || expected.is_rule) {
            findings.push(expected.finding.clone());
        }
    }
    result.outcome = Outcome::Looked { findings };
    result
}

fn looked_at(facts: &Facts) -> String {
    let (roles, extensions) = (facts.roles().len(), facts.extensions.len());
    format!("{roles} roles, {extensions} extensions, {} tables declared", facts.tables.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Name, Subject};
    use crate::{preflight, profile};

    /// What is foreseen of the demo's archive in this target.
    fn of_shop(yaml: &str) -> (Vec<PreflightFinding>, Facts) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let dump = pgdump_reader::open(&path).unwrap();
        let facts = dump.glance().unwrap();
        let target = profile::parse(&format!("name: a\n{yaml}"), "a").unwrap();
        (preflight::run(&dump, &facts, &target), facts)
    }

    #[test]
    fn what_the_restore_met_stands_there_and_what_it_did_not_is_dropped() {
        let (foreseen, facts) = of_shop("postgres: 17\nextensions: {allowed: []}\n");
        assert_eq!(foreseen.len(), 5);
        let missing = |role: &str| Finding {
            subject: Some(Subject::Role(role.into())),
            ..Finding::new(Name::RoleMissing, format!("role {role:?} does not exist in this target"))
        };
        let (met, other) = (missing("shop_app"), missing("app"));
        let result = judge(&foreseen, Some(&[&met, &other]), &facts);
        assert_eq!(result.foreseen, [Reference::of(&met)]);
        // The profile's rule holds although the sandbox could create it.
        let Outcome::Looked { findings } = result.outcome else { panic!() };
        let names: Vec<Name> = findings.iter().map(|finding| finding.name).collect();
        assert_eq!(names, [Name::ExtensionNotAllowed]);
    }

    #[test]
    fn without_a_restore_all_that_was_foreseen_is_reported() {
        let (foreseen, facts) = of_shop("postgres: 17\n");
        let Outcome::Looked { findings } = judge(&foreseen, None, &facts).outcome else { panic!() };
        assert_eq!(findings.len(), 4);
    }
}
