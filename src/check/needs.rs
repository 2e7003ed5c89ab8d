//! What was foreseen before anything started, beside what the restore and the checks have found.

use pgdump_reader::Facts;

use super::{CheckResult, Group, Outcome, REQUIREMENTS};
use crate::finding::{Finding, Name, Reference};
use crate::preflight::PreflightFinding;

/// What was foreseen, as a check's result: where the target could not be tested it is all that is known. `met` is what the
/// restore and the checks have found, where they ran: what they found stands there and is not reported twice, and what they
/// did not find has been proved wrong. A rule of the profile holds all the same, and so does a missing role that no statement
/// has come to: all that names it had failed before, and would fail for the role once that is mended.
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
        if !found.is_empty() {
            continue;
        }
        match met {
            None => findings.push(expected.finding.clone()),
            Some(_) if expected.is_rule => findings.push(expected.finding.clone()),
            Some(met) if was_kept_from(&expected.finding, met) => {
                let mut finding = expected.finding.clone();
                finding.evidence.push(NOT_TRIED.to_owned());
                findings.push(finding);
            }
            Some(_) => {}
        }
    }
    result.outcome = Outcome::Looked { findings };
    result
}

/// What is said of a role that nothing has put to the test.
const NOT_TRIED: &str = "what names it failed for another cause first, so the restore did not come to it";

/// Whether a role is named by nothing but objects that have failed for other causes.
fn was_kept_from(expected: &Finding, met: &[&Finding]) -> bool {
    if expected.name != Name::RoleMissing || expected.objects.is_empty() {
        return false;
    }
    let failed = met.iter().filter(|found| found.fails() && found.name != Name::RoleMissing);
    let failed: Vec<&String> = failed
        .flat_map(|found| {
            let followers = found.consequences.iter().flat_map(|consequence| &consequence.objects);
            found.objects.iter().chain(followers)
        })
        .collect();
    expected.objects.iter().all(|object| failed.iter().any(|label| holds(label, name_in(object))))
}

/// A label without the words of its kind: of `ACL TABLE public.orders` the name.
fn name_in(label: &str) -> &str {
    let is_kind = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase());
    let mut rest = label;
    while let Some((_, after)) = rest.split_once(' ').filter(|(word, _)| is_kind(word)) {
        rest = after;
    }
    rest
}

/// Whether a label has this name in it, and not as a part of a longer one.
fn holds(label: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
    label.match_indices(name).any(|(at, _)| {
        let (before, after) = (&label[..at], &label[at + name.len()..]);
        !before.chars().next_back().is_some_and(is_part) && !after.chars().next().is_some_and(is_part)
    })
}

fn looked_at(facts: &Facts) -> String {
    let (roles, extensions) = (facts.roles().len(), facts.extensions.len());
    format!("{roles} roles, {extensions} extensions, {} tables declared", facts.tables.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Consequence, Subject};
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

    #[test]
    fn a_role_that_only_lost_objects_name_is_still_missing() {
        let (foreseen, facts) = of_shop("postgres: 17\n");
        let role = foreseen.iter().find(|expected| expected.finding.name == Name::RoleMissing).unwrap();
        let consequence = |objects: &[String]| Finding {
            consequences: vec![Consequence {
                kind: "TABLE".to_owned(),
                count: objects.len() as u64,
                objects: objects.to_vec(),
            }],
            ..Finding::new(Name::ExtensionUnavailable, "extension \"postgis\" is not installed")
        };
        let roles_with = |met: &Finding| {
            let Outcome::Looked { findings } = judge(&foreseen, Some(&[met]), &facts).outcome else { panic!() };
            findings.iter().filter(|finding| finding.subject == role.finding.subject).count()
        };
        let all = &role.finding.objects;
        assert!(all.len() > 1, "{all:?}");
        assert_eq!(roles_with(&consequence(all)), 1);
        // One that came back, and whose owner or privileges did not fail, has put it to the test.
        assert_eq!(roles_with(&consequence(&all[1..])), usize::from(holds(&all[1], name_in(&all[0]))));
        assert!(holds("TABLE public.orders", name_in("ACL TABLE public.orders")));
        assert!(!holds("TABLE public.orders_old", name_in("TABLE public.orders")));
    }
}
