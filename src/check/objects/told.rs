//! What the comparison of objects comes to, for people.

use similar::TextDiff;

use super::compare::Comparison;
use super::rules::{self, Majors};
use crate::check::scope::{in_database, unsaid};
use crate::check::{Looked, Restored};
use crate::dump::Declared;
use crate::finding::{AfterKind, Difference, Finding, Name, Severity};
use crate::restore::{has_option, selecting_option};

/// Lines around each change.
const CONTEXT: usize = 2;

pub(super) fn told(restored: &Restored<'_>, comparison: &Comparison, majors: Majors) -> Looked {
    let mut findings = Vec::new();
    let options = &restored.target.restore.options;
    let leaving = ["--no-comments", "--no-security-labels"];
    let leaving = leaving.into_iter().find(|option| has_option(options, option, '\0'));
    let selects = selecting_option(&restored.target.restore, restored.dump).or(leaving);
    findings.extend(missing(comparison, selects, unsaid(restored)));
    findings.extend(changed(comparison, majors, unsaid(restored)));
    let added = in_database(&restored.scan.added, restored, |added| &added.database);
    let added =
        added.filter(|added| added.statement.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"))).count();
    let mut not_compared = Vec::new();
    if added == 0 {
        findings.extend(extra(comparison));
    } else if !comparison.extra.is_empty() {
        let labels: Vec<String> = comparison.extra.iter().map(Declared::label).collect();
        not_compared.push(format!(
            "{}: the script makes objects by statements that pg_dump has not written",
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
    if has_option(options, "--no-tablespaces", '\0') {
        not_compared.push("tablespaces: --no-tablespaces leaves them out".to_owned());
    }
    Looked { findings, looked_at, compared: comparison.compared.clone(), not_compared, ..Looked::default() }
}

fn many(objects: usize) -> String {
    if objects == 1 { "1 object".to_owned() } else { format!("{objects} objects") }
}

/// Comments change nothing that an application does.
fn is_remark(object: &Declared) -> bool {
    object.desc == "COMMENT"
}

fn missing(comparison: &Comparison, selects: Option<&str>, unsaid: &str) -> Vec<Finding> {
    let (remarks, objects): (Vec<&Declared>, Vec<&Declared>) =
        comparison.missing.iter().partition(|object| is_remark(object));
    let mut findings = Vec::new();
    for (name, lost) in [(Name::ObjectMissing, objects), (Name::CommentLost, remarks)] {
        if lost.is_empty() {
            continue;
        }
        let what =
            if name == Name::CommentLost { "of the dump is not there" } else { "that the dump creates is not there" };
        let what = if lost.len() == 1 { what.to_owned() } else { what.replace(" is ", " are ") };
        let noun = match (name, lost.len()) {
            (Name::CommentLost, 1) => "1 comment".to_owned(),
            (Name::CommentLost, count) => format!("{count} comments"),
            (_, count) => many(count),
        };
        let mut finding = Finding::new(name, format!("{noun} {what}, {unsaid}"));
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
        if let Some(option) = selects {
            finding.severity = finding.severity.min(Severity::Warning);
            finding.evidence.push(format!("{option} restores a part of the dump"));
            finding.fix = format!("Restore without {option}, or run the statements below.");
        } else {
            finding.fix =
                "Find out what has removed them or left them out: a statement after the dump, an event trigger, \
                           an edited list for pg_restore -L. The statements below make them."
                    .into();
        }
        const STATEMENTS: usize = 5;
        let statements = lost.iter().map(|object| object.definition.trim().to_owned()).collect();
        let kind = if name == Name::CommentLost { AfterKind::Comments } else { AfterKind::Objects };
        finding.mend(kind, statements, STATEMENTS);
        findings.push(finding);
    }
    findings
}

/// Definitions that differ. Where another major wrote the expressions in them, the words alone may differ.
fn changed(comparison: &Comparison, majors: Majors, unsaid: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_sure = |object: &Declared| !majors.differ() || !rules::has_expressions(&object.desc);
    let (switched, changed): (Vec<_>, Vec<_>) =
        comparison.changed.iter().partition(|(dump, restored)| is_switched(dump, restored));
    let (sure, maybe): (Vec<_>, Vec<_>) = changed.into_iter().partition(|(dump, _)| is_sure(dump) && !is_remark(dump));
    if !switched.is_empty() {
        let title = format!(
            "{} fire otherwise than in the dump",
            many_of(switched.len(), "trigger or rule", "triggers or rules")
        );
        let mut finding = with_differences(Name::TriggerStateChanged, title, &switched);
        finding.fix =
            "Switch them as the dump has them, before the application writes: ALTER TABLE … ENABLE TRIGGER.".into();
        findings.push(finding);
    }
    if !sure.is_empty() {
        let title = format!("{} came back with another definition, {unsaid}", many(sure.len()));
        let mut finding = with_differences(Name::DefinitionChanged, title, &sure);
        finding.fix = "Compare the definitions below (all of them: --all), and find out what has changed them.".into();
        findings.push(finding);
    }
    if !maybe.is_empty() {
        let title = format!("{} read otherwise than in the dump", many(maybe.len()));
        let mut finding = with_differences(Name::DefinitionChanged, title, &maybe);
        finding.severity = Severity::Warning;
        if majors.differ() {
            let why = format!(
                "PostgreSQL {} may only write what {} wrote in other words: pgrehearse knows no rule for it",
                majors.target, majors.source
            );
            finding.evidence.insert(0, why);
        }
        finding.fix = "Compare the definitions below (all of them: --all).".into();
        findings.push(finding);
    }
    findings
}

fn many_of(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// Whether all that differs is whether a trigger or a rule fires.
fn is_switched(dump: &Declared, restored: &Declared) -> bool {
    if !matches!(dump.desc.as_str(), "TRIGGER" | "RULE" | "EVENT TRIGGER") {
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

fn with_differences(name: Name, title: String, changed: &[&(Declared, Declared)]) -> Finding {
    let mut finding = Finding::new(name, title);
    finding.count = changed.len() as u64;
    for (dump, restored) in changed {
        let difference = difference(dump, restored);
        let lines = difference.diff.lines().filter(|line| {
            (line.starts_with('-') && !line.starts_with("---")) || (line.starts_with('+') && !line.starts_with("+++"))
        });
        finding.evidence.extend(lines.take(4).map(|line| format!("{}: {line}", difference.object)));
        finding.objects.push(difference.object.clone());
        finding.differences.push(difference);
    }
    finding
}

/// How one object differs.
pub fn difference(dump: &Declared, restored: &Declared) -> Difference {
    let with_tablespace = |object: &Declared| match &object.tablespace {
        Some(tablespace) if !tablespace.is_empty() => {
            format!("{}\n-- tablespace {tablespace}\n", object.definition.trim())
        }
        _ => format!("{}\n", object.definition.trim()),
    };
    let (old, new) = (with_tablespace(dump), with_tablespace(restored));
    let diff =
        TextDiff::from_lines(&old, &new).unified_diff().context_radius(CONTEXT).header("dump", "restored").to_string();
    Difference { object: dump.label(), dump: Some(old), restored: Some(new), diff }
}

fn extra(comparison: &Comparison) -> Option<Finding> {
    if comparison.extra.is_empty() {
        return None;
    }
    let there = if comparison.extra.len() == 1 { "is" } else { "are" };
    let title = format!("{} {there} in the database that the dump does not have", many(comparison.extra.len()));
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
        "Find out what made them: a statement after the dump, an event trigger, the database's template.".into();
    Some(finding)
}
