//! How psql came to the end of a script, by its own word and not by our reading of the script.
//!
//! After the script psql runs one more statement in the same session, also after a `\q` (main in src/bin/psql/startup.c runs
//! its actions one after another). The statement is one that fails and does nothing else, so it needs no right, no function
//! and no language, and cannot be shadowed; the server's log then says in which database it came, and whether a transaction was
//! open (and had written) or had failed before.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::server_log::Logged;
use crate::postgres::Tool;
use crate::profile::Restore;

/// The end of a script, as psql and the server report it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PsqlEnd {
    /// The database that psql was connected to.
    pub database: Option<String>,
    /// `None` where there was no word of it.
    pub transaction: Option<Transaction>,
    /// Whether a word was expected.
    pub asked: bool,
    /// Whether psql ended before all of the script was given to it.
    pub unread: bool,
    /// Why the script could not be read to its end while psql was fed with it.
    pub read_error: Option<String>,
}

/// The state of psql's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// None is open, or one that has written nothing.
    None,
    /// One that has written something, which is lost with the session.
    Open,
    /// One in which something has failed.
    Failed,
}

/// What the statement is known by in the log.
pub(super) const MARK: &str = "pgrehearse_end_of_script_";

/// The statement that psql runs last.
#[derive(Debug, Clone)]
pub(super) struct Closing {
    column: String,
}

impl Closing {
    /// `None` where all of the script is one transaction, which an error would take back.
    pub(super) fn new(restore: &Restore) -> Option<Self> {
        let single = Tool::Psql.has(&restore.options, "--single-transaction");
        (!single).then(|| Self { column: format!("{MARK}{:016x}", fastrand::u64(..)) })
    }

    /// The argument for psql, which comes after the script's.
    pub(super) fn argument(&self) -> String {
        format!("--command=SELECT {}", self.column)
    }

    /// Whether psql says in this line that the server has refused the statement.
    pub(super) fn is_refused_in(&self, line: &str) -> bool {
        line.contains(&self.column)
    }

    /// Takes what the log says of it.
    pub(super) fn read(&self, logged: &mut Logged, feed: &Feed) -> PsqlEnd {
        let refused = logged.closing.take().filter(|refused| refused.statement.contains(&self.column));
        let transaction = refused.as_ref().map(|refused| match refused.sqlstate.as_str() {
            // in_failed_sql_transaction
            "25P02" => Transaction::Failed,
            _ if refused.had_written => Transaction::Open,
            _ => Transaction::None,
        });
        let database = refused.map(|refused| refused.database);
        PsqlEnd { database, transaction, asked: true, ..PsqlEnd::without_word(feed) }
    }
}

impl PsqlEnd {
    /// What is known without asking psql.
    pub(super) fn without_word(feed: &Feed) -> Self {
        let read_error = feed.error.lock().ok().and_then(|mut error| error.take());
        Self { unread: feed.unread.load(Ordering::Relaxed), read_error, ..Self::default() }
    }
}

/// What became of the script on its way to psql.
#[derive(Debug, Default)]
pub(super) struct Feed {
    unread: AtomicBool,
    error: Mutex<Option<String>>,
}

impl Feed {
    /// Psql has ended, and nobody reads on.
    pub(super) fn left_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, error: &std::io::Error) {
        if let Ok(mut first) = self.error.lock() {
            first.get_or_insert_with(|| error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::server_log::Refused;
    use super::*;

    fn read(sqlstate: &str, had_written: bool, of_this_run: bool) -> PsqlEnd {
        let closing = Closing::new(&Restore::default()).expect("no option is given");
        let statement = if of_this_run { closing.argument() } else { format!("SELECT {MARK}0") };
        let refused = Refused { statement, sqlstate: sqlstate.into(), database: "app".into(), had_written };
        closing.read(&mut Logged { closing: Some(refused), ..Logged::default() }, &Feed::default())
    }

    #[test]
    fn the_log_says_how_psql_came_to_its_end() {
        assert_eq!(read("42703", false, true).transaction, Some(Transaction::None));
        assert_eq!(read("42703", true, true).transaction, Some(Transaction::Open));
        assert_eq!(read("25P02", false, true).transaction, Some(Transaction::Failed));
        assert_eq!(read("42703", false, true).database.as_deref(), Some("app"));
        assert_eq!(read("42703", false, false).transaction, None);
    }

    #[test]
    fn what_was_not_read_is_reported() {
        let feed = Feed::default();
        feed.left_unread();
        feed.failed(&std::io::Error::other("the disk"));
        feed.failed(&std::io::Error::other("another"));
        let end = PsqlEnd::without_word(&feed);
        assert!(end.unread && !end.asked);
        assert_eq!(end.read_error.as_deref(), Some("the disk"));
    }
}
