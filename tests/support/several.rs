//! Several databases in one script, so that one sandbox answers what otherwise takes one for each.
//!
//! They are as good as scripts of their own where what each holds does not reach the others: no role, no option, no script's end.

use pgrehearse::check::{CheckResult, Outcome};
use pgrehearse::finding::Finding;
use pgrehearse::rehearsal::Rehearsal;

use super::Ran;

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

/// A script of several databases, as pg_dumpall writes it: each with what a plain dump of one database holds. Every major reads
/// the statements that make them.
pub fn databases<'a>(each: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut script = "--\n-- PostgreSQL database cluster dump\n--\n\nSET default_transaction_read_only = off;\n\n\
        SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n--\n-- Databases\n--\n\n"
        .to_owned();
    for (name, text) in each {
        script += &format!(
            "--\n-- Database \"{name}\" dump\n--\n\nCREATE DATABASE {name} WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = \
             'C.UTF-8';\n\n\nALTER DATABASE {name} OWNER TO postgres;\n\n\\connect {name}\n\n{text}\n"
        );
    }
    script + "--\n-- PostgreSQL database cluster dump complete\n--\n\n"
}

/// What a run with one target says of one of several databases, in the words that it has for an only one. What it says of no
/// database, it says of each. The exit code and the texts are those of the whole run.
#[track_caller]
pub fn of_database(ran: &Ran, database: &str) -> Ran {
    ran.only();
    let mut report = ran.report().clone();
    let target = &mut report.targets[0];
    assert!(target.checks.iter().any(|check| check.database.is_some()), "the dump has one database");
    target.checks.retain(|check| check.database.as_deref().is_none_or(|of| of == database));
    let mut looked = target.checks.iter_mut().filter(|check| check.database.is_some()).peekable();
    assert!(looked.peek().is_some(), "no check looked at {database}");
    for check in looked {
        let Outcome::Looked { findings } = &mut check.outcome else { continue };
        for finding in findings {
            let title = finding.title.strip_suffix(&format!(" (database {database:?})"));
            finding.title = title.unwrap_or_else(|| panic!("no word of its database: {finding:?}")).to_owned();
        }
    }
    let (stdout, stderr, json) = (ran.stdout.clone(), ran.stderr.clone(), ran.json.clone());
    Ran { code: ran.code, stdout, stderr, report: Some(report), json }
}

/// What a run says of one of its targets. The exit code and the texts are those of the whole run.
#[track_caller]
pub fn of_target(ran: &Ran, target: &str) -> Ran {
    let mut report = ran.report().clone();
    report.targets.retain(|of| of.target == target);
    assert_eq!(report.targets.len(), 1, "targets called {target}");
    let (stdout, stderr, json) = (ran.stdout.clone(), ran.stderr.clone(), ran.json.clone());
    Ran { code: ran.code, stdout, stderr, report: Some(report), json }
}

/// Whether anything that was found fails the run.
#[track_caller]
pub fn fails(ran: &Ran) -> bool {
    ran.only().failing().next().is_some()
}
