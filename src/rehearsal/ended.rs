//! How a script came to its end: what psql itself says, beside what reading the script says.

use pgdump_reader::Scan;

use crate::cluster::MAINTENANCE_DATABASE;
use crate::finding::{Finding, Name};
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

/// Judges the end of a restore; `makes_own` says whether psql began in the maintenance database.
pub fn judge(outcome: &Outcome, scan: &Scan, target: &Target, makes_own: bool) -> Ended {
    let mut ended = Ended::default();
    let Some(end) = &outcome.end else { return ended };
    if let Some(error) = &end.read_error {
        ended.untested.push(format!("psql got a part of the dump only, because it could not be read on: {error}"));
    }
    ended.findings.extend(unread(scan, end.unread && outcome.ran_to_end && end.read_error.is_none()));
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
        // Where it ended early, that is told.
        None if end.asked && (outcome.ran_to_end || outcome.exit_code == 1) => ended.no_word = Some(NO_WORD),
        None => {}
    }
    ended
}

const NO_WORD: &str =
    "psql gave no word of its end (it had no connection then, or the script has switched the server's log off)";

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
    finding.fix = "End the script with COMMIT. Where it was cut off, dump again.".into();
    finding.commands = vec!["COMMIT;".into()];
    finding
}
