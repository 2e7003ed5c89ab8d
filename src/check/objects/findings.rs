//! What the comparison of objects comes to, for people.

use std::collections::BTreeMap;

use pgdump_reader::{Declared, tag};
use similar::TextDiff;

use super::compare::Comparison;
use crate::check::catalog::first_few;
use crate::check::scope::{self, in_database, is_of_end, unsaid};
use crate::check::{Apart, ItemKind, Looked, Restored};
use crate::counted::{agreeing, counted, counted_as};
use crate::finding::mask::secrets;
use crate::finding::{AfterKind, Difference, Finding, Name, Severity};
use crate::postgres::Tool;

/// Lines around each change.
const CONTEXT: usize = 2;

/// Lines of each object's difference that stand as evidence.
const EVIDENCE_LINES: usize = 4;

pub(super) fn looked(restored: &Restored<'_>, comparison: &Comparison) -> Looked {
    let mut findings = Vec::new();
    let options = &restored.target.restore.options;
    let (left_out, by) = restored.left_out;
    let is_left_out = |object: &&Declared| object.id.is_some_and(|id| left_out.contains(&id));
    let (left_out, lost): (Vec<&Declared>, Vec<&Declared>) = comparison.missing.iter().partition(is_left_out);
    let by_end = is_of_end(restored);
    findings.extend(missing(&lost, None, unsaid(restored), by_end));
    findings.extend(missing(&left_out, Some(by), unsaid(restored), by_end));
    findings.extend(changed(comparison, unsaid(restored)));
    let added = in_database(&restored.scan.added, restored, |added| &added.database);
    let added =
        added.filter(|added| added.statement.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"))).count();
    let mut not_compared = Vec::new();
    if added == 0 {
        findings.extend(extra(comparison));
    } else if !comparison.extra.is_empty() {
        let labels: Vec<String> = comparison.extra.iter().map(Declared::label).collect();
        not_compared.push(format!(
            "{}: the script creates objects by statements that pg_dump has not written",
            labels.join(", ")
        ));
    }
    let objects: u64 = comparison.compared.values().sum();
    let mut looked_at = format!("{objects} objects");
    if comparison.failed > 0 {
        looked_at.push_str(&format!(", {} left out that the restore has failed on", comparison.failed));
    }
    if restored.scan.abridged {
        not_compared.push("definitions that are too long in all to be kept: only that the objects exist".to_owned());
    }
    if Tool::PgRestore.has(options, "--no-tablespaces") {
        not_compared.push("tablespaces: --no-tablespaces leaves them out".to_owned());
    }
    let (could_not, apart) = undecided(comparison);
    let (compared, lost) = (comparison.compared.clone(), comparison.failed);
    Looked { findings, looked_at, compared, lost, not_compared, could_not, apart, ..Looked::default() }
}

/// The objects that read otherwise than in the dump, and of which it is not known whether they are the same; one line for each
/// reason.
pub fn undecided(comparison: &Comparison) -> (Vec<String>, Vec<Apart>) {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (object, why) in &comparison.undecided {
        by_reason.entry(why).or_default().push(object.label());
    }
    let line = |(why, labels): (&str, Vec<String>)| {
        let what = counted(labels.len(), "definition");
        format!("{what}: {why}: {}", first_few(labels).join(", "))
    };
    let apart =
        |(object, why): &(Declared, String)| Apart::untested(ItemKind::Definition, ("", &object.label()), why.as_str());
    (by_reason.into_iter().map(line).collect(), comparison.undecided.iter().map(apart).collect())
}

/// Comments change nothing that an application does.
fn is_remark(object: &Declared) -> bool {
    object.desc == tag::COMMENT
}

/// What is not there; `left_out` is what has left it out, where something has.
fn missing(missing: &[&Declared], left_out: Option<&str>, unsaid: &str, by_end: bool) -> Vec<Finding> {
    let (remarks, objects): (Vec<&Declared>, Vec<&Declared>) = missing.iter().partition(|object| is_remark(object));
    let mut findings = Vec::new();
    for (name, lost) in [(Name::ObjectMissing, objects), (Name::CommentLost, remarks)] {
        if lost.is_empty() {
            continue;
        }
        let what =
            if name == Name::CommentLost { "of the dump is not there" } else { "that the dump creates is not there" };
        let what = if lost.len() == 1 { what.to_owned() } else { what.replace(" is ", " are ") };
        let noun = counted(lost.len(), if name == Name::CommentLost { "comment" } else { "object" });
        let end = left_out.map_or_else(|| unsaid.to_owned(), |by| format!("left out by {by}"));
        let mut finding = Finding::new(name, format!("{noun} {what}, {end}"));
        finding.count = lost.len() as u64;
        finding.objects = lost.iter().map(|object| object.label()).collect();
        finding.differences = lost
            .iter()
            .map(|object| Difference {
                object: object.label(),
                dump: Some(object.definition.trim().to_owned()),
                restored: None,
                diff: String::new(),
            })
            .collect();
        if let Some(option) = left_out {
            finding.severity = finding.severity.min(Severity::Warning);
            finding.evidence.push(format!("{option} restores a part of the dump"));
            finding.fix = format!("Restore without {option}, or run the statements below.");
        } else if by_end {
            finding.fix = scope::BY_END.into();
        } else {
            finding.fix =
                "Find out what has removed them or left them out: a statement after the dump, an event trigger, an \
                 edited list for pg_restore -L. The statements below create them."
                    .into();
        }
        let statements = lost.iter().map(|object| object.definition.trim().to_owned()).collect();
        let kind = if name == Name::CommentLost { AfterKind::Comments } else { AfterKind::Objects };
        finding.mend(kind, statements);
        findings.push(finding);
    }
    findings
}

/// Definitions that differ; that of a comment is a warning.
fn changed(comparison: &Comparison, unsaid: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (switched, changed): (Vec<_>, Vec<_>) =
        comparison.changed.iter().partition(|(dump, restored)| is_switched(dump, restored));
    let (remarks, objects): (Vec<_>, Vec<_>) = changed.into_iter().partition(|(dump, _)| is_remark(dump));
    if !switched.is_empty() {
        let title = format!(
            "{} fire differently than in the dump",
            counted_as(switched.len(), "trigger or rule", "triggers or rules")
        );
        let mut finding = with_differences(Name::TriggerStateChanged, title, switched, EVIDENCE_LINES);
        finding.fix =
            "Enable or disable them as in the dump, before the application writes: ALTER TABLE … ENABLE TRIGGER."
                .into();
        findings.push(finding);
    }
    if !objects.is_empty() {
        let title = format!("{} came back with a different definition, {unsaid}", counted(objects.len(), "object"));
        let mut finding = with_differences(Name::DefinitionChanged, title, objects, EVIDENCE_LINES);
        finding.fix = "Compare what was seen (all of it: --all), and find out what has changed the definitions.".into();
        findings.push(finding);
    }
    if !remarks.is_empty() {
        let title =
            format!("{} other words than in the dump", counted_as(remarks.len(), "comment has", "comments have"));
        let mut finding = with_differences(Name::DefinitionChanged, title, remarks, EVIDENCE_LINES);
        finding.severity = Severity::Warning;
        finding.fix = "Compare the comments (all of them: --all).".into();
        findings.push(finding);
    }
    findings
}

/// Whether all that differs is whether a trigger or a rule fires.
fn is_switched(dump: &Declared, restored: &Declared) -> bool {
    if !matches!(dump.desc.as_str(), tag::TRIGGER | tag::RULE | tag::EVENT_TRIGGER) {
        return false;
    }
    let create = |object: &Declared| {
        object
            .definition
            .split(";\n")
            .map(str::trim)
            .find(|statement| statement.starts_with("CREATE"))
            .map(str::to_owned)
    };
    create(dump).is_some() && create(dump) == create(restored)
}

/// A finding of objects that are not as in the dump: how each differs, with at most `lines` of it as evidence.
pub fn with_differences<'a>(
    name: Name,
    title: String,
    changed: impl IntoIterator<Item = &'a (Declared, Declared)>,
    lines: usize,
) -> Finding {
    let mut finding = Finding::new(name, title);
    for (dump, restored) in changed {
        let difference = difference(dump, restored);
        let differing = difference.diff.lines().filter(|line| {
            (line.starts_with('-') && !line.starts_with("---")) || (line.starts_with('+') && !line.starts_with("+++"))
        });
        finding.evidence.extend(differing.take(lines).map(|line| format!("{}: {line}", difference.object)));
        finding.objects.push(difference.object.clone());
        finding.differences.push(difference);
    }
    finding.count = finding.objects.len() as u64;
    finding
}

/// How one object differs.
fn difference(dump: &Declared, restored: &Declared) -> Difference {
    let with_place = |object: &Declared| {
        let mut text = format!("{}\n", secrets(object.definition.trim()));
        if let Some(tablespace) = object.tablespace.as_ref().filter(|tablespace| !tablespace.is_empty()) {
            text.push_str(&format!("-- tablespace {tablespace}\n"));
        }
        if let Some(method) = object.access_method.as_ref().filter(|_| dump.access_method != restored.access_method) {
            text.push_str(&format!("-- access method {method}\n"));
        }
        text
    };
    let (old, new) = (with_place(dump), with_place(restored));
    let diff =
        TextDiff::from_lines(&old, &new).unified_diff().context_radius(CONTEXT).header("dump", "restored").to_string();
    Difference { object: dump.label(), dump: Some(old), restored: Some(new), diff }
}

fn extra(comparison: &Comparison) -> Option<Finding> {
    if comparison.extra.is_empty() {
        return None;
    }
    let there = agreeing(comparison.extra.len(), "is", "are");
    let title =
        format!("{} {there} in the database that the dump does not have", counted(comparison.extra.len(), "object"));
    let mut finding = Finding::new(Name::ObjectExtra, title);
    finding.count = comparison.extra.len() as u64;
    finding.objects = comparison.extra.iter().map(Declared::label).collect();
    finding.differences = comparison
        .extra
        .iter()
        .map(|object| Difference {
            object: object.label(),
            dump: None,
            restored: Some(object.definition.trim().to_owned()),
            diff: String::new(),
        })
        .collect();
    finding.fix =
        "Find out what created them: a statement after the dump, an event trigger, the database's template.".into();
    Some(finding)
}
