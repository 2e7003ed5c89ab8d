//! Reads the server's CSV log: SQLSTATE, statement and the rest of each error.
//!
//! The columns are those of PostgreSQL's manual, "Using CSV-Format Log Output". 13 has 24 of them, later versions append
//! more; only the first 23 are read.

use std::collections::HashMap;
use std::time::Duration;

use super::lines::plain;
use crate::cluster::{ClusterError, Session};
use crate::finding::Failure;
use crate::finding::mask::Voice;
use crate::postgres::log_records::{Record, Records};

/// Most errors that are kept in full; the rest are counted. A dump whose every row fails would otherwise fill memory.
const MOST: usize = 20_000;

/// Bytes of text that are kept in all; of what comes after, only what failed and how.
const MOST_TEXT: usize = 64 << 20;

/// Most bytes of a statement that are kept: enough to name what failed.
const MOST_STATEMENT: usize = 4096;

/// Most bytes of a message, a hint or a context.
const MOST_WORDS: usize = 8192;

/// How much of the log is read at once, in bytes.
const CHUNK: i64 = 1 << 20;

/// The errors that the server logged.
#[derive(Debug, Default)]
pub struct Logged {
    pub failures: Vec<Failure>,
    /// How many more there were than `failures` keeps.
    pub more: u64,
    /// Lines inside of what was logged that look like a client's own, and how often each stands there: values of rows can hold
    /// line breaks, and a client prints them as they are.
    pub quoted: HashMap<String, u64>,
    /// The last statement of [`super::psql_end::Closing`] that was refused.
    pub closing: Option<Refused>,
}

/// What the log says of where a statement was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    pub statement: String,
    pub sqlstate: String,
    pub database: String,
    /// Whether its transaction had written something.
    pub had_written: bool,
}

/// A place in the log: what is written before it is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Mark(i64);

/// The log's end as of now.
///
/// # Errors
/// When the server is gone or has no log.
pub async fn mark(session: &Session) -> Result<Mark, ClusterError> {
    let sql = "SELECT size FROM pg_stat_file(pg_current_logfile('csvlog'))";
    let rows = session.query(sql, &[], "cannot find the server's log").await?;
    // The log's collector may not have written down yet which file it is; nothing that matters is in it then.
    Ok(Mark(rows.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or_default()))
}

/// Reads all errors of others than this session since `mark`.
///
/// # Errors
/// When the server is gone, or its log does not arrive.
pub async fn read(session: &Session, mark: Mark) -> Result<Logged, ClusterError> {
    // What the dump says of this role's or this database's messages would hold for this session too, where it is a new one.
    // A server that logs every statement would log each of the looks at its log, which then never comes to its end.
    let plain = "SET log_min_messages = warning; SET log_min_error_statement = error; SET lc_messages = 'C';
        SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_duration = off";
    session.batch(plain, "cannot read the server's log").await?;
    let rows = session.query("SELECT pg_backend_pid()", &[], "cannot read the server's log").await?;
    let pid = rows.first().map_or(0, |row| row.get::<_, i32>(0));
    // The log's collector is another process and may be behind. Once this deliberate error has arrived, all before it
    // has.
    let end = format!("pgrehearse_end_of_log_{:016x}", fastrand::u64(..));
    let _ = session.client().batch_execute(&format!("SELECT {end}")).await;
    let sql = "SELECT pg_read_binary_file(pg_current_logfile('csvlog'), $1, $2)";
    let mut offset = mark.0;
    let mut records = Records::default();
    let mut reader = Reader::new(pid, end);
    for _ in 0..500 {
        loop {
            let rows = session.query(sql, &[&offset, &CHUNK], "cannot read the server's log").await?;
            let chunk: &[u8] = rows.first().map(|row| row.get(0)).unwrap_or_default();
            if chunk.is_empty() {
                break;
            }
            offset += chunk.len() as i64;
            records.take(chunk, |record| reader.record(record));
            if reader.ended {
                return Ok(reader.logged);
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(ClusterError::Refused {
        step: "cannot read the server's log".into(),
        reason: "its end did not arrive within 5 seconds".into(),
    })
}

struct Reader {
    /// The process that reads, by which its own errors are known: a dump can give itself any name.
    pid: String,
    end: String,
    logged: Logged,
    /// Bytes of text that are kept so far.
    kept: usize,
    ended: bool,
}

impl Reader {
    fn new(pid: i32, end: String) -> Self {
        Self { pid: pid.to_string(), end, logged: Logged::default(), kept: 0, ended: false }
    }

    fn record(&mut self, record: &Record) {
        // Counted from 0: 1 user, 2 database, 3 process, 11 severity, 12 SQLSTATE, 13 message, 14 detail, 15 hint,
        // 16 internal
        // query, 18 context, 19 statement, 21 location.
        let text = |column: usize| {
            let kept = record.get(column).map(Vec::as_slice).unwrap_or_default();
            // A character that the bound has cut is no character.
            let whole = std::str::from_utf8(kept).map_or_else(
                |error| if error.error_len().is_none() { error.valid_up_to() } else { kept.len() },
                str::len,
            );
            String::from_utf8_lossy(&kept[..whole]).into_owned()
        };
        let optional = |column: usize| Some(text(column)).filter(|text| !text.is_empty());
        if text(3) == self.pid {
            self.ended |= text(13).contains(&self.end);
            return;
        }
        let statement = optional(19);
        let state = text(12);
        if !is_error(&text(11), &state, statement.is_some()) {
            // A client prints the context of errors alone.
            [13, 14, 15].into_iter().for_each(|column| self.logged.quote(&text(column)));
            return;
        }
        // The statement may be left out of the log by the script's own settings; the message names it too, but where the
        // transaction had failed before.
        if let Some(column) = [19, 13].into_iter().find(|column| text(*column).contains(super::psql_end::MARK)) {
            self.logged.closing = Some(Refused {
                statement: text(column),
                sqlstate: text(12),
                database: text(2),
                had_written: text(10) != "0",
            });
            return;
        }
        [13, 14, 15, 16, 18, 19].into_iter().for_each(|column| self.logged.quote(&text(column)));
        if self.logged.failures.len() == MOST {
            self.logged.more += 1;
            return;
        }
        let mut failure = Failure {
            sqlstate: Some(state).filter(|state| !state.is_empty()),
            message: cut(text(13), MOST_WORDS),
            voice: Voice::at(optional(21).as_deref()),
            referenced: referenced(&text(14)),
            database: optional(2),
            role: optional(1),
            // transaction_id, which a transaction gets with the first thing that it writes.
            had_written: !matches!(text(10).as_str(), "" | "0"),
            ..Failure::default()
        };
        if self.kept < MOST_TEXT {
            let words = |column: usize| optional(column).map(|text| cut(text, MOST_WORDS));
            (failure.hint, failure.context) = (words(15), words(18));
            failure.statement = statement.map(|statement| cut(statement, MOST_STATEMENT));
        }
        let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.kept += failure.message.len() + of(&failure.hint) + of(&failure.context) + of(&failure.statement);
        self.logged.failures.push(failure);
    }
}

impl Logged {
    /// Remembers lines that a client's own could be taken for. The first line of a text is printed behind what it is:
    /// `ERROR:  `, `DETAIL:  `, `Command was: `.
    fn quote(&mut self, text: &str) {
        const MOST_QUOTED: usize = 100_000;
        for line in text.split('\n').skip(1) {
            let is_like_clients = line.contains("psql:") || line.contains("pg_restore:") || line.contains("ERROR:  ");
            if is_like_clients && self.quoted.len() < MOST_QUOTED {
                *self.quoted.entry(plain(line)).or_default() += 1;
            }
        }
    }

    /// Whether a line of a client's only continues a message that the log has. Each is taken once: the same line once more is
    /// one that the client has said itself.
    pub fn continues(&mut self, line: &str) -> bool {
        match self.quoted.get_mut(&plain(line)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

/// The table of `Key (room)=(7) is not present in table "rooms".`, the detail of a foreign key (`ri_ReportViolation` in
/// src/backend/utils/adt/ri_triggers.c). The rest of a detail is values.
fn referenced(detail: &str) -> Option<String> {
    let (_, table) = detail.rsplit_once(" is not present in table \"")?;
    Some(table.strip_suffix("\".")?.to_owned())
}

/// Whether a record is of an error. The server writes the severity in the language of the session's `lc_messages`
/// (`write_csvlog` in src/backend/utils/error/csvlog.c), which a dump can set; the SQLSTATE knows no language. Of warnings in
/// other languages only those of transactions have a state like an error's, and no statement stands with a warning.
fn is_error(severity: &str, state: &str, has_statement: bool) -> bool {
    match severity {
        "ERROR" | "FATAL" | "PANIC" => true,
        "LOG" | "INFO" | "NOTICE" | "WARNING" => false,
        debug if debug.starts_with("DEBUG") => false,
        // successful_completion, warning, no_data; invalid_transaction_state.
        _ => match state.get(..2) {
            Some("00" | "01" | "02") | None => false,
            Some("25") => has_statement,
            Some(_) => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logged by PostgreSQL 15.
    const LINE: &str = "2026-11-22 18:00:00.000 UTC,\"postgres\",\"app\",99,\"[local]\",67.63,3,\"GRANT\",2026-11-22 18:00:00 UTC,3/9,0,ERROR,42704,\"role \"\"x\"\" does not exist\",,,,,,\"GRANT SELECT\nON t TO x\",,\"get_role_oid, acl.c:5143\",\"pg_restore\",\"client backend\",,0\n";
    const END: &str = "2026-11-22 18:00:00.000 UTC,\"postgres\",\"app\",100,\"[local]\",67.63,3,\"SELECT\",2026-11-22 18:00:00 UTC,3/9,0,ERROR,42703,\"column \"\"the_end\"\" does not exist\",,,,,,\"SELECT the_end\",8,\"errorMissingColumn\",\"pgrehearse\",\"client backend\",,0\n";

    fn read_in_chunks_of(text: &str, size: usize) -> Reader {
        let mut reader = Reader::new(100, "the_end".into());
        let mut records = Records::default();
        for chunk in text.as_bytes().chunks(size) {
            records.take(chunk, |record| reader.record(record));
        }
        reader
    }

    #[test]
    fn a_record_is_read_whole_wherever_it_is_cut() {
        for size in [1, 7, 100, 10_000] {
            let reader = read_in_chunks_of(&[LINE, END].concat(), size);
            assert!(reader.ended);
            assert_eq!(reader.logged.failures.len(), 1);
            let failure = &reader.logged.failures[0];
            assert_eq!(failure.sqlstate.as_deref(), Some("42704"));
            assert_eq!(failure.message, "role \"x\" does not exist");
            assert_eq!(failure.statement.as_deref(), Some("GRANT SELECT\nON t TO x"));
        }
    }

    #[test]
    fn what_pgrehearse_itself_provokes_is_left_out_by_its_process_and_by_nothing_else() {
        let reader = read_in_chunks_of(&[LINE, END].concat(), 64);
        assert!(reader.logged.failures.iter().all(|failure| !failure.message.contains("the_end")));
        // A dump that calls itself so.
        let disguised = LINE.replace("\"pg_restore\"", "\"pgrehearse\"");
        assert_eq!(read_in_chunks_of(&[&disguised, END].concat(), 64).logged.failures.len(), 1);
    }

    #[test]
    fn an_error_in_another_language_is_one() {
        let german = LINE.replace("ERROR", "FEHLER").replace("does not exist", "existiert nicht");
        assert_eq!(read_in_chunks_of(&german, 64).logged.failures.len(), 1);
        assert!(!is_error("WARNUNG", "01000", false) && !is_error("HINWEIS", "00000", false));
        assert!(!is_error("WARNUNG", "25P01", false) && is_error("FEHLER", "25P02", true));
        assert!(
            !is_error("WARNING", "25P01", false)
                && !is_error("LOG", "08006", false)
                && !is_error("DEBUG2", "42P01", true)
        );
    }

    #[test]
    fn a_line_inside_of_a_message_continues_it_as_often_as_it_was_logged() {
        let notice = LINE.replace("ERROR,42704", "NOTICE,00000");
        let notice = notice.replace("does not exist", "x\npsql:<stdin>:3: ERROR:  y");
        let mut logged = read_in_chunks_of(&[&notice, END].concat(), 64).logged;
        assert!(logged.failures.is_empty());
        assert!(logged.continues("psql:<stdin>:3: ERROR:  y"));
        assert!(!logged.continues("psql:<stdin>:3: ERROR:  y"));
        // A client writes something before the first line.
        let first = LINE.replace("role \"\"x\"\" does not exist", "psql:<stdin>:3: ERROR:  y");
        assert!(!read_in_chunks_of(&[&first, END].concat(), 64).logged.continues("psql:<stdin>:3: ERROR:  y"));
    }

    #[test]
    fn a_statement_as_long_as_a_dump_takes_no_room() {
        let long = LINE.replace("GRANT SELECT\nON", &"x".repeat(20 << 20));
        let reader = read_in_chunks_of(&[&long, END].concat(), 1 << 20);
        assert!(reader.ended);
        assert_eq!(reader.logged.failures[0].statement.as_deref().map(str::len), Some(MOST_STATEMENT));
    }
}
