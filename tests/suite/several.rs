//! Several databases of one script. A sandbox costs much more than a database in it, so tests that each need a database of
//! their own share a sandbox where they disturb each other in nothing.

use pgrehearse::check::Outcome;

use crate::support::Ran;

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
