//! What an error takes with it: all that its transaction had done, however little the error matters by itself. psql goes on,
//! and the COMMIT at the end is a ROLLBACK that complains of nothing.

use pgdump_reader::sql::boolean;
use pgdump_reader::{Word, statements};

use super::{Failure, Finding, Name, Origin, Situation};
use crate::postgres::{Tool, psql_variable};

/// A transaction that a failure took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    what: What,
    /// What failed in it: `line 8: CREATE ROLE postgres;`.
    failed: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The one that begins in this line.
    Begun(u64),
    /// What psql's own options put around the script.
    ByOptions,
    /// Statements that are sent together, as one.
    Together,
}

impl Lost {
    /// What this failure took back, where it is more than its own statement.
    pub(super) fn of(failure: &Failure, situation: &Situation) -> Option<Self> {
        let what = taken_back(failure, situation)?;
        let statement = failure.shown_statement(&situation.mask);
        let failed = match (failure.line, statement) {
            (Some(line), Some(statement)) => format!("line {line}: {statement}"),
            (Some(line), None) => format!("line {line}"),
            (None, statement) => statement.unwrap_or_else(|| "a statement".to_owned()),
        };
        Some(Self { what, failed })
    }
}

fn taken_back(failure: &Failure, situation: &Situation) -> Option<What> {
    // What only the client complains of, the server has seen nothing of.
    failure.sqlstate.as_ref()?;
    // pg_restore ends at an error in a transaction of its own, which is reported; all statements of an entry are its object's.
    if situation.dump.is_archive() {
        return None;
    }
    if failure.statement.as_deref().is_some_and(is_several) {
        return Some(What::Together);
    }
    let options = &situation.target.restore.options;
    let is = |name: &str, wanted: bool| psql_variable(options, name).and_then(boolean) == Some(wanted);
    if is("ON_ERROR_ROLLBACK", true) {
        return None;
    }
    let transactions = &situation.scan.end.transactions;
    let Some(line) = failure.line else {
        return Some(What::ByOptions).filter(|_| failure.had_written && !transactions.is_empty());
    };
    if let Some(begun) = transactions.at(line) {
        let sets = begun.sets.is_some_and(|sets| sets <= line);
        let resumed = begun.resumed.is_some_and(|resumed| line <= resumed);
        return Some(What::Begun(begun.begins)).filter(|_| (failure.had_written || sets) && !resumed);
    }
    let by_options = Tool::Psql.has(options, "--single-transaction") || is("AUTOCOMMIT", false);
    Some(What::ByOptions).filter(|_| by_options && failure.had_written)
}

/// Whether a text is several statements, of which one at least does more than take something away: they are one transaction
/// (exec_simple_query in src/backend/tcop/postgres.c), and those behind the one that fails are not looked at.
fn is_several(text: &str) -> bool {
    let text = text.trim().trim_end_matches(';');
    if !text.contains(';') {
        return false;
    }
    let statements = statements(text);
    let takes_away = |words: &[Word]| matches!(words.first(), Some(Word::Name(first)) if first == "drop");
    statements.len() > 1 && !statements.iter().all(|words| takes_away(words))
}

/// A finding of the transactions that were lost for errors which by themselves fail nothing: by their name, or because the
/// profile takes them for less.
pub fn transactions_lost(findings: &[Finding]) -> Option<Finding> {
    let mut lost: Vec<&Lost> =
        findings.iter().filter(|finding| !finding.fails()).flat_map(|finding| &finding.takes_back).collect();
    let first = *lost.first()?;
    let whats = || lost.iter().map(|lost| &lost.what);
    let all_same = whats().all(|what| *what == first.what);
    let title = match &first.what {
        _ if !all_same => "errors inside transactions rolled these back".to_owned(),
        What::Begun(line) => {
            format!("an error rolled back the transaction that begins in line {line}")
        }
        What::ByOptions => "an error rolled back a transaction".to_owned(),
        What::Together => "statements that are sent together were lost together".to_owned(),
    };
    let mut finding = Finding::new(Name::TransactionLost, title);
    let of_options = whats().all(|what| *what == What::ByOptions);
    finding.origin = if of_options { Origin::Restore } else { finding.origin };
    finding.fix = match of_options {
        true => {
            "Restore without one transaction around all, or take the statements that fail out of the script.".into()
        }
        false => "Take the statements that fail out of their transactions, and restore again.".into(),
    };
    finding.evidence = findings
        .iter()
        .filter(|finding| !finding.fails() && !finding.takes_back.is_empty())
        .map(|finding| finding.title.clone())
        .take(3)
        .collect();
    finding.count = lost.len() as u64;
    lost.sort_by(|a, b| a.what.cmp(&b.what));
    finding.objects = lost.iter().map(|lost| lost.failed.clone()).collect();
    finding.objects.dedup();
    Some(finding)
}
