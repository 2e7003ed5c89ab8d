//! What the profile has decided about findings: what they count as, and which are accepted.
//!
//! Nothing is ever taken out by it. What a profile accepts is marked, with the reason; where it names objects, the finding
//! stays open as long as one object is left that nothing accepts.

use std::collections::BTreeSet;

use pgdump_reader::{split_label, tag};

use crate::finding::{AcceptedObjects, Finding, Name, Severity, Subject};
use crate::profile::{Accept, Acceptable, Target};

/// Applies what the target's profile decides to findings that nothing has been decided about yet.
pub fn decide<'a>(findings: impl Iterator<Item = &'a mut Finding>, target: &Target) {
    for finding in findings {
        set_severity(finding, target);
        accept(finding, target);
    }
}

/// A severity that is above the usual one only raises, and one below it only lowers: a note that the profile makes a
/// warning is still an error where more than usual was lost.
fn set_severity(finding: &mut Finding, target: &Target) {
    let Some(wanted) = target.severity.get(finding.name.as_str()).copied() else { return };
    let own = finding.severity;
    let set = if wanted < finding.name.severity() { own.min(wanted) } else { own.max(wanted) };
    // Made milder, it would explain what failed only because of it.
    let explains_more = set < own && !finding.consequences.is_empty();
    if set != own && !explains_more {
        finding.severity = set;
        finding.own_severity = Some(own);
    }
}

fn accept(finding: &mut Finding, target: &Target) {
    let accepts: Vec<&Accept> = accepts_in(target).filter(|accept| accept.finding == finding.name.as_str()).collect();
    if let Some(whole) = accepts.iter().find(|accept| accept.object.is_none()) {
        finding.accepted = Some(reason(whole));
        return;
    }
    let mut parts: Vec<AcceptedObjects> = Vec::new();
    let mut open: Vec<String> = finding.hit().cloned().collect();
    for accept in accepts {
        let (objects, others): (Vec<String>, Vec<String>) = open.into_iter().partition(|label| covers(accept, label));
        open = others;
        if !objects.is_empty() {
            parts.push(AcceptedObjects { objects, reason: reason(accept) });
        }
    }
    // Of errors that nobody has named there may be more than there are objects: one of them is another matter.
    let sure = finding.name.acceptable() != Acceptable::ByName || finding.count <= finding.hit().count() as u64;
    if open.is_empty() && !parts.is_empty() && sure {
        let reasons: Vec<String> = parts.into_iter().map(|part| part.reason).collect();
        finding.accepted = Some(reasons.join("; "));
    } else {
        finding.accepted_objects = parts;
    }
}

/// The reason, as reports give it.
fn reason(accept: &Accept) -> String {
    format!("{} (until {})", accept.reason, accept.until)
}

/// What the profile accepts in this target.
pub fn accepts_in(target: &Target) -> impl Iterator<Item = &Accept> {
    let is_meant = |accept: &&Accept| accept.target.as_ref().is_none_or(|pattern| pattern.matches(&target.name));
    target.accept.iter().filter(is_meant)
}

/// Whether an object that a finding names is one that is accepted: by its whole label, or by its label without the kind.
fn covers(accept: &Accept, label: &str) -> bool {
    accept
        .object
        .as_ref()
        .is_none_or(|object| object.matches(label) || without_kind(label).is_some_and(|name| object.matches(name)))
}

/// `public.orders` of `TABLE public.orders` and of `ACL TABLE public.orders`; the statement of `line 7: CREATE …`. Only
/// what is known for a kind, or the first word, is left out: names can hold spaces too.
fn without_kind(label: &str) -> Option<&str> {
    if let Some((number, statement)) = label.strip_prefix("line ").and_then(|rest| rest.split_once(": "))
        && number.bytes().all(|digit| digit.is_ascii_digit())
    {
        return Some(statement);
    }
    let label = match split_label(label) {
        Some((tag::ACL | tag::COMMENT | tag::SECURITY_LABEL, of)) => of,
        _ => label,
    };
    split_label(label).map(|(_, name)| name).or_else(|| {
        let (kind, name) = label.split_once(' ')?;
        kind.bytes().all(|letter| letter.is_ascii_uppercase()).then_some(name)
    })
}

/// What a restore and its checks have found, as far as it shows whether an `accept` is still of use.
pub struct Seen<'a> {
    pub findings: Vec<&'a Finding>,
    /// Whether the restore has failed with errors that are open: they can hide what checks would have found.
    pub restore_failed: bool,
    /// Whether every row was compared.
    pub rows_compared: bool,
    /// Findings that checks looked for with less than all their means.
    pub not_in_full: BTreeSet<Name>,
}

/// A finding for each `accept` of the profile that has matched nothing in this target: what it stood for is gone, and it
/// would let the next one pass unseen.
pub fn unused(target: &Target, seen: &Seen<'_>) -> Vec<Finding> {
    let of_rows = [Name::RowsMissing, Name::RowsChanged, Name::RowsExtra, Name::LargeObjectsChanged];
    let unused = accepts_in(target).filter(|accept| {
        let name = |finding: &&&Finding| accept.finding == finding.name.as_str();
        let matched = seen.findings.iter().filter(name).any(|finding| match accept.object {
            None => true,
            Some(_) => finding.hit().any(|label| covers(accept, label)),
        });
        let is_one = |name: &Name| accept.finding == name.as_str();
        let looked_for = (seen.rows_compared || !of_rows.iter().any(is_one)) && !seen.not_in_full.iter().any(is_one);
        !matched && looked_for
    });
    let mut findings: Vec<Finding> = unused.map(|accept| unused_finding(accept, seen)).collect();
    findings.sort_by(|a, b| a.subject.cmp(&b.subject));
    for finding in &mut findings {
        set_severity(finding, target);
    }
    findings
}

fn unused_finding(accept: &Accept, seen: &Seen<'_>) -> Finding {
    let name = &accept.finding;
    let of = accept.object.as_ref().map(|object| format!(" for {:?}", object.as_str())).unwrap_or_default();
    let subject = Subject::Words(format!("{name}{of}"));
    let mut finding = Finding::new(Name::AcceptUnused, format!("nothing here matches `accept` of {subject}"));
    finding.subject = Some(subject);
    finding.evidence.push(format!("accepted: {}", reason(accept)));
    let others: BTreeSet<&String> = seen
        .findings
        .iter()
        .filter(|finding| finding.name.as_str() == name)
        .flat_map(|finding| &finding.objects)
        .collect();
    if !others.is_empty() {
        const NAMED: usize = 5;
        let mut named: Vec<&str> = others.iter().take(NAMED).map(|label| label.as_str()).collect();
        if others.len() > NAMED {
            named.push("…");
        }
        finding.evidence.push(format!("{name} is here for other objects: {}", named.join(", ")));
    }
    if seen.restore_failed {
        finding.severity = Severity::Note;
        finding.evidence.push("the restore has failed with errors, which can hide it".into());
    }
    if !others.is_empty() {
        finding.fix = "Correct its `object`, or remove it from the profile.".into();
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Consequence;
    use crate::profile;

    fn target(decisions: &str) -> Target {
        let text = format!("name: rds-like\npostgres: 17\n{decisions}");
        profile::parse_with(&text, "x.yaml", &crate::finding::profile_rules()).unwrap()
    }

    fn finding(name: Name, objects: &[&str]) -> Finding {
        let mut finding = Finding::new(name, "it");
        finding.objects = objects.iter().map(|object| (*object).to_owned()).collect();
        finding.count = objects.len() as u64;
        finding
    }

    fn decided(decisions: &str, mut finding: Finding) -> Finding {
        decide(std::iter::once(&mut finding), &target(decisions));
        finding
    }

    fn accept(finding: &str, object: &str) -> String {
        let object = object.replace('\'', "''");
        format!("accept: [{{finding: {finding}, object: '{object}', reason: known, until: 2999-01-01}}]\n")
    }

    #[test]
    fn an_object_is_meant_by_its_label_with_or_without_its_kind() {
        for (object, label) in [
            ("public.orders", "TABLE public.orders"),
            ("public.orders", "TABLE DATA public.orders"),
            ("public.orders", "ACL TABLE public.orders"),
            ("TABLE public.audit_*", "TABLE public.audit_2026"),
            ("public.audit_*", "SEQUENCE SET public.audit_id_seq"),
            ("plpgsql", "EXTENSION plpgsql"),
            ("* public.orders", "MATERIALIZED VIEW public.orders"),
            ("CREATE TRIGGER audit *", "line 1204: CREATE TRIGGER audit BEFORE INSERT"),
            ("line *: CREATE TRIGGER *", "line 1204: CREATE TRIGGER audit BEFORE INSERT"),
            ("no orphan", "no orphan"),
            (r#"public."; DROP TABLE x; --"#, r#"TABLE public."; DROP TABLE x; --"#),
        ] {
            let decided = decided(&accept("object-missing", object), finding(Name::ObjectMissing, &[label]));
            assert_eq!(decided.accepted.as_deref(), Some("known (until 2999-01-01)"), "{object} and {label}");
            assert!(!decided.fails());
        }
    }

    #[test]
    fn the_end_of_a_name_or_another_kind_is_another_object() {
        for (object, label) in [
            ("orders", "TABLE public.old orders"),
            ("orders", "TABLE public.orders"),
            ("stuff", "SCHEMA OLD stuff"),
            ("TABLE public.orders", "TABLE DATA public.orders"),
            ("TABLE public.audit_*", "VIEW public.audit_2026"),
            ("public.audit_*", "TABLE public.x public.audit_2026"),
            ("public.orders", "TABLE Public.orders"),
            ("public.orders", "line 7: public.orders and more"),
        ] {
            let decided = decided(&accept("object-missing", object), finding(Name::ObjectMissing, &[label]));
            assert_eq!(decided.accepted, None, "{object} and {label}");
            assert!(decided.fails() && decided.accepted_objects.is_empty());
        }
    }

    #[test]
    fn one_object_that_nothing_accepts_keeps_the_finding_open() {
        let both = finding(Name::RowsMissing, &["TABLE public.audit_1", "TABLE public.orders"]);
        let decided = decided(&accept("rows-missing", "public.audit_*"), both.clone());
        assert!(decided.fails());
        assert_eq!(decided.accepted_objects[0].objects, ["TABLE public.audit_1"]);
        let more = "accept:\n  - {finding: rows-missing, object: public.audit_*, reason: archived, until: 2999-01-01}\n  \
                    - {finding: rows-missing, object: public.orders, reason: moved, until: 2998-01-01}\n";
        let decided = self::decided(more, both);
        assert_eq!(decided.accepted.as_deref(), Some("archived (until 2999-01-01); moved (until 2998-01-01)"));
        assert!(decided.accepted_objects.is_empty());
    }

    #[test]
    fn a_finding_without_objects_is_only_accepted_as_a_whole() {
        let nothing = finding(Name::NothingRestored, &[]);
        assert!(decided(&accept("nothing-restored", "*"), nothing.clone()).fails());
        let whole = "accept: [{finding: nothing-restored, reason: known, until: 2999-01-01}]\n";
        assert!(!decided(whole, nothing).fails());
    }

    #[test]
    fn an_unclassified_error_without_an_object_of_its_own_stays_open() {
        let mut errors = finding(Name::UnclassifiedError, &["FUNCTION public.f()"]);
        let accept = accept("unclassified-error", "FUNCTION public.f()");
        assert!(!decided(&accept, errors.clone()).fails());
        errors.count = 2;
        assert!(decided(&accept, errors).fails());
    }

    #[test]
    fn an_accept_for_other_targets_is_none_here() {
        let of = |pattern: &str| {
            format!("accept: [{{finding: role-missing, target: '{pattern}', reason: known, until: 2999-01-01}}]\n")
        };
        for (pattern, fails) in [("rds-*", false), ("rds-like", false), ("debian-*", true), ("rds", true)] {
            assert_eq!(decided(&of(pattern), finding(Name::RoleMissing, &["TABLE a"])).fails(), fails, "{pattern}");
        }
        let seen = Seen { findings: vec![], restore_failed: false, rows_compared: true, not_in_full: BTreeSet::new() };
        assert!(unused(&target(&of("debian-*")), &seen).is_empty());
    }

    #[test]
    fn a_severity_above_the_usual_raises_and_one_below_it_lowers() {
        let set = |name: Name, own: Severity, wanted: &str| {
            let finding = Finding { severity: own, ..finding(name, &["TABLE a"]) };
            let decided = decided(&format!("severity: {{{name}: {wanted}}}\n"), finding);
            (decided.severity, decided.own_severity)
        };
        use Severity::{Error, Note, Warning};
        assert_eq!(set(Name::RoleMissing, Error, "warning"), (Warning, Some(Error)));
        assert_eq!(set(Name::RoleMissing, Warning, "note"), (Note, Some(Warning)));
        assert_eq!(set(Name::CollationVersionDiffers, Warning, "error"), (Error, Some(Warning)));
        assert_eq!(set(Name::SettingUnknown, Note, "warning"), (Warning, Some(Note)));
        // A function was lost with it: the profile has not asked for that to be milder.
        assert_eq!(set(Name::SettingUnknown, Error, "warning"), (Error, None));
        assert_eq!(set(Name::RoleMissing, Error, "error"), (Error, None));
    }

    #[test]
    fn what_failed_only_because_of_it_keeps_an_error_from_being_milder() {
        let lost = Consequence { kind: "VIEW".into(), count: 1, objects: vec!["VIEW w".into()] };
        let mut found = finding(Name::ObjectExists, &["TABLE t"]);
        let milder = "severity: {object-exists: warning}\n";
        assert!(!decided(milder, found.clone()).fails());
        found.consequences.push(lost);
        assert!(decided(milder, found).fails());
    }

    #[test]
    fn an_accept_that_has_matched_nothing_is_reported() {
        let other = finding(Name::RowsMissing, &["TABLE public.orders"]);
        let seen = |restore_failed, rows_compared| Seen {
            findings: vec![&other],
            restore_failed,
            rows_compared,
            not_in_full: BTreeSet::from([Name::FunctionBroken]),
        };
        let findings = unused(&target(&accept("rows-missing", "public.audit_*")), &seen(false, true));
        assert_eq!(findings[0].title, "nothing here matches `accept` of rows-missing for \"public.audit_*\"");
        assert_eq!(findings[0].severity, Severity::Warning);
        assert!(findings[0].evidence[1].contains("TABLE public.orders"), "{:?}", findings[0]);
        assert!(unused(&target(&accept("rows-missing", "public.orders")), &seen(false, true)).is_empty());
        assert!(unused(&target(&accept("rows-missing", "public.audit_*")), &seen(false, false)).is_empty());
        // Nobody could have found it.
        assert!(unused(&target(&accept("function-broken", "public.f()")), &seen(false, true)).is_empty());
        let hidden = unused(&target(&accept("role-missing", "public.audit_*")), &seen(true, true));
        assert_eq!(hidden[0].severity, Severity::Note);
        let strict = format!("severity: {{accept-unused: error}}\n{}", accept("role-missing", "x"));
        assert!(unused(&target(&strict), &seen(false, true))[0].fails());
    }
}
