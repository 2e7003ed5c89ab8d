//! How a script came to its end: what psql itself says, beside what reading the script says.

use pgdump_reader::Scan;

use crate::cluster::MAINTENANCE_DATABASE;
use crate::finding::{CLIENT, Failure, Finding, Name, OTHER_TEXT, Origin};
use crate::profile::Target;
use crate::restore::{Outcome, Transaction};

/// What the end of a script comes to.
#[derive(Debug, Default)]
pub struct Ended {
    pub findings: Vec<Finding>,
    pub untested: Vec<String>,
    /// Why psql's word is missing, which matters where nothing else has failed.
    pub no_word: Option<&'static str>,
}

/// Judges the end of a restore; `makes_own` says whether psql began in the maintenance database, `findings` what the restore
/// is known to have failed on.
pub fn judge(outcome: &Outcome, scan: &Scan, target: &Target, makes_own: bool, findings: &[Finding]) -> Ended {
    let mut ended = Ended::default();
    let Some(end) = &outcome.end else { return ended };
    if let Some(error) = &end.read_error {
        ended.untested.push(format!("psql got only a part of the dump, because reading it failed: {error}"));
    }
    match outcome.not_connected {
        // Where the script has one database, and that could not be made, all that is lost is what is missing with it.
        Some(_) if scan.facts.databases.len() == 1 && cause_of_client(findings).is_some() => {}
        Some(line) => ended.findings.push(unread_from(line, findings)),
        None if swallowed(&outcome.failures).is_some() => {
            ended.findings.extend(swallowed(&outcome.failures).map(|failure| of_rows(failure, findings)));
        }
        None => ended.findings.extend(unread(scan, end.unread && outcome.ran_to_end && end.read_error.is_none())),
    }
    match end.transaction {
        Some(Transaction::Open) => ended.findings.push(open(scan, false)),
        Some(Transaction::Failed) => ended.findings.push(open(scan, true)),
        Some(Transaction::None) => {
            let begun = if makes_own { MAINTENANCE_DATABASE } else { &target.database.name };
            let read = scan.end.database.as_ref().map(|database| database.as_deref().unwrap_or(begun));
            let read = read.map(|name| scan.facts.renamed.last(name));
            if let (Some(read), Some(there)) = (read, end.database.as_deref())
                && read != there
            {
                ended.untested.push(format!(
                    "psql ended in database {there:?} where reading the script leads to {read:?}: what the script holds may \
                     have gone elsewhere than it was looked for"
                ));
            }
        }
        // Where it ended early, that is reported.
        None if end.asked && (outcome.ran_to_end || outcome.exit_code == 1) => ended.no_word = Some(NO_WORD),
        None => {}
    }
    ended
}

const NO_WORD: &str =
    "psql did not report its end (it had no connection then, or the script has switched the server's log off)";

/// Text that psql did not read: by the script's own `\\q`, or because psql has ended before.
fn unread(scan: &Scan, seen: bool) -> Option<Finding> {
    let title = match scan.end.quits {
        Some(line) => format!("psql stops reading in line {line} (\\q), and the script goes on after it"),
        None if seen => "psql ended before all of the script was given to it".to_owned(),
        None => return None,
    };
    let mut finding = Finding::new(Name::InputUnread, title);
    finding.fix = "Take the \\q out, or what follows it, and restore again.".into();
    Some(finding)
}

/// What came after a database that psql could not connect to. It is lost for the same cause.
fn unread_from(line: u64, findings: &[Finding]) -> Finding {
    let title = format!("psql could not connect in line {line}, and read nothing of what comes after it");
    let mut finding = Finding::new(Name::InputUnread, title);
    finding.origin = Origin::Restore;
    match cause_of_client(findings) {
        Some(cause) => {
            finding.evidence.push(format!("because of {}: {}", cause.name.as_str(), cause.title));
            finding.fix = format!("Fix {}, and restore again: everything after it is lost.", cause.name.as_str());
        }
        None => {
            finding.fix =
                "Find out why psql cannot connect to the database (the error of that line), and restore again.".into();
        }
    }
    finding
}

/// What the client's own complaint follows from: it is the last of what failed for a database.
fn cause_of_client(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|cause| cause.consequences.iter().any(|one| one.kind == CLIENT))
}

/// The first statement that psql has made of rows and of what comes after them. It reads the rows of a COPY that has failed
/// as SQL, and a quote in them goes on to the next one, over the end mark of the rows and whatever stands behind it.
fn swallowed(failures: &[Failure]) -> Option<&Failure> {
    // The log's statements are cut where they are long.
    const LONG: usize = 4000;
    failures.iter().find(|failure| {
        let text = failure.statement.as_deref().unwrap_or_default();
        let is_long = text.len() >= LONG && text.contains(['\'', '"', '$']);
        failure.is("42601")
            && failure.entry.is_none()
            && !pgdump_reader::begins_with_command(text)
            && (text.contains("\n\\.\n") || is_long)
    })
}

/// What a quote in rows has swallowed. It is lost for the cause that the rows did not come for.
fn of_rows(failure: &Failure, findings: &[Finding]) -> Finding {
    let up_to = failure.line.map(|line| format!(" up to line {line}")).unwrap_or_default();
    let title = format!("psql took rows for statements, and a quote in them has swallowed the script{up_to}");
    let mut finding = Finding::new(Name::InputUnread, title);
    finding.origin = Origin::Restore;
    let followed = |cause: &&Finding| cause.consequences.iter().any(|one| one.kind == OTHER_TEXT);
    if let Some(cause) = findings.iter().find(followed) {
        finding.evidence.push(format!("the COPY failed because of {}: {}", cause.name.as_str(), cause.title));
    }
    finding.fix =
        "Mend what the COPY has failed for, and restore again: psql reads the rows of a COPY that fails as SQL. \
                   An archive (pg_dump -Fc) has no such rows."
            .into();
    finding
}

fn open(scan: &Scan, failed: bool) -> Finding {
    let begun = match scan.end.open_transaction {
        Some(line) => format!("the transaction that begins in line {line}"),
        None => "a transaction".to_owned(),
    };
    let failed = if failed { ", in which a statement has failed" } else { "" };
    let mut finding = Finding::new(
        Name::TransactionOpen,
        format!("the script ends inside {begun}{failed}: what it did there is lost"),
    );
    finding.commands = vec!["COMMIT;".into()];
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Consequence;

    #[test]
    fn what_was_not_read_is_lost_for_the_database_that_was_not_made() {
        let mut cause = Finding::new(Name::TablespaceMissing, "tablespace \"tsb\" does not exist in this target");
        cause.consequences.push(Consequence { kind: CLIENT.into(), count: 1, objects: Vec::new() });
        let other = Finding::new(Name::RoleExists, "role \"postgres\" already exists");
        let finding = unread_from(414, &[other, cause]);
        assert_eq!(finding.title, "psql could not connect in line 414, and read nothing of what comes after it");
        assert_eq!(
            finding.evidence,
            ["because of tablespace-missing: tablespace \"tsb\" does not exist in this target"]
        );
        assert!(finding.fix.starts_with("Fix tablespace-missing"), "{}", finding.fix);
        assert!(unread_from(1, &[]).evidence.is_empty());
    }

    #[test]
    fn what_a_quote_in_rows_swallows_is_lost_for_the_copy_that_failed() {
        let failure = |statement: &str| Failure {
            sqlstate: Some("42601".into()),
            message: "syntax error at or near \"1\"".into(),
            statement: Some(statement.into()),
            line: Some(5073),
            ..Failure::default()
        };
        let rows = "1\tit's\n2\tb\n\\.\n\n\n--\n-- Name: t2; Type: TABLE\n--\n\nCREATE TABLE t2 (a text DEFAULT 'x";
        let failures = [failure("3\tno quote"), failure("CREATE TABLE x (a text DEFAULT '\n\\.\n')"), failure(rows)];
        assert_eq!(swallowed(&failures[..2]), None);
        let found = swallowed(&failures).unwrap();
        assert_eq!(found, &failures[2]);
        let mut cause = Finding::new(Name::FeatureMissing, "PostgreSQL 13 has no multirange types");
        cause.consequences.push(Consequence { kind: OTHER_TEXT.into(), count: 1, objects: Vec::new() });
        let finding = of_rows(found, &[cause]);
        assert!(finding.title.ends_with("swallowed the script up to line 5073"), "{}", finding.title);
        assert_eq!(
            finding.evidence,
            ["the COPY failed because of feature-missing: PostgreSQL 13 has no multirange types"]
        );
    }
}
