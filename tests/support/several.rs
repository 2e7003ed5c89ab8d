//! Several databases in one script, so that one sandbox answers what otherwise takes one for each.
//!
//! They are as good as scripts of their own where what each holds does not reach the others: no role, no option, no script's end.

use pgrehearse::check::{CheckResult, Outcome};
use pgrehearse::finding::Finding;
use pgrehearse::rehearsal::Rehearsal;

/// A script that makes databases, and runs in each the text that belongs to it.
pub fn script<'a, T: AsRef<[u8]>>(parts: impl IntoIterator<Item = (&'a str, T)>) -> Vec<u8> {
    let mut script = Vec::new();
    for (database, text) in parts {
        script.extend(format!("CREATE DATABASE {database};\n\\connect {database}\n").bytes());
        script.extend(text.as_ref());
        script.push(b'\n');
    }
    script
}

/// Why the target is untested for this database.
pub fn untested<'a>(target: &'a Rehearsal, database: &str) -> Vec<&'a str> {
    let named = format!("database {database:?}");
    target.untested.iter().map(String::as_str).filter(|reason| reason.contains(&named)).collect()
}

/// What the checks found in this database.
pub fn findings<'a>(target: &'a Rehearsal, database: &str) -> Vec<&'a Finding> {
    let looked = results(target, database).filter_map(|result| match &result.outcome {
        Outcome::Looked { findings } => Some(findings),
        Outcome::CouldNotLook { .. } => None,
    });
    looked.flatten().collect()
}

/// What a check says of this database.
#[track_caller]
pub fn check<'a>(target: &'a Rehearsal, database: &str, check: &str) -> &'a CheckResult {
    let found = results(target, database).find(|result| result.check == check);
    found.unwrap_or_else(|| panic!("no check {check} has looked at {database}: {:#?}", target.checks))
}

fn results<'a>(target: &'a Rehearsal, database: &str) -> impl Iterator<Item = &'a CheckResult> {
    target.checks.iter().filter(move |result| result.database.as_deref() == Some(database))
}

/// The restore's findings whose first place is in the part of a script that belongs to this database, in order.
pub fn causes<'a>(target: &'a Rehearsal, script: &[u8], database: &str) -> Vec<&'a Finding> {
    let script = String::from_utf8_lossy(script);
    let connects = format!("\\connect {database}");
    let before = script.lines().take_while(|line| *line != connects).count();
    let held = script.lines().skip(before + 1).take_while(|line| !line.starts_with("CREATE DATABASE ")).count();
    let is_in = |finding: &&Finding| {
        let place = finding.objects.first().and_then(|object| object.strip_prefix("line ")?.split_once(':'));
        place.is_some_and(|(line, _)| (before + 1..=before + 1 + held).contains(&line.parse().unwrap()))
    };
    target.restore.iter().flat_map(|restore| &restore.findings).filter(is_in).collect()
}
