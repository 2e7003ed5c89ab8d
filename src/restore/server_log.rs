//! Reads the server's CSV log: SQLSTATE, statement and the rest of each error.
//!
//! The columns are those of PostgreSQL's manual, "Using CSV-Format Log Output". 13 has 24 of them, later versions append
//! more; only the first 23 are read.

use std::collections::HashSet;
use std::time::Duration;

use super::lines::plain;
use crate::cluster::{ClusterError, Session};
use crate::finding::Failure;
use crate::finding::mask::Voice;

/// Most errors that are kept in full; the rest are counted. A dump whose every row fails would otherwise fill memory.
const MOST: usize = 20_000;

/// How much of the log is read at once, in bytes.
const CHUNK: i64 = 1 << 20;

/// Most bytes of a statement that are kept: enough to name what failed.
const MOST_STATEMENT: usize = 4096;

/// The errors that the server logged.
#[derive(Debug, Default)]
pub struct Logged {
    pub failures: Vec<Failure>,
    /// How many more there were than `failures` keeps.
    pub more: u64,
    /// Lines inside of what was logged that look like a client's own: values of rows can hold line breaks, and a client prints
    /// them as they are.
    pub quoted: HashSet<String>,
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
    Ok(Mark(rows.first().map_or(0, |row| row.get(0))))
}

/// Reads all errors of others than pgrehearse itself since `mark`.
///
/// # Errors
/// When the server is gone, or its log does not arrive.
pub async fn read(session: &Session, mark: Mark) -> Result<Logged, ClusterError> {
    // The log's collector is another process and may be behind. Once this deliberate error has arrived, all before it
    // has.
    let end = format!("pgrehearse_end_of_log_{:016x}", fastrand::u64(..));
    let _ = session.client().batch_execute(&format!("SELECT {end}")).await;
    let sql = "SELECT pg_read_binary_file(pg_current_logfile('csvlog'), $1, $2)";
    let mut reader = Reader { offset: mark.0, pending: Vec::new(), logged: Logged::default(), ended: false };
    for _ in 0..500 {
        loop {
            let rows = session.query(sql, &[&reader.offset, &CHUNK], "cannot read the server's log").await?;
            let chunk: &[u8] = rows.first().map(|row| row.get(0)).unwrap_or_default();
            if chunk.is_empty() {
                break;
            }
            reader.offset += chunk.len() as i64;
            reader.take(chunk, &end);
        }
        if reader.ended {
            return Ok(reader.logged);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(ClusterError::Refused {
        step: "cannot read the server's log".into(),
        reason: "its end did not arrive within 5 seconds".into(),
    })
}

struct Reader {
    offset: i64,
    /// Bytes of a record that is not whole yet.
    pending: Vec<u8>,
    logged: Logged,
    ended: bool,
}

impl Reader {
    fn take(&mut self, chunk: &[u8], end: &str) {
        self.pending.extend_from_slice(chunk);
        let whole = whole_records(&self.pending);
        let rest = self.pending.split_off(whole);
        let records = std::mem::replace(&mut self.pending, rest);
        let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(records.as_slice());
        for record in csv.byte_records().map_while(Result::ok) {
            self.record(&record, end);
        }
    }

    fn record(&mut self, record: &csv::ByteRecord, end: &str) {
        let text = |column: usize| String::from_utf8_lossy(record.get(column).unwrap_or_default());
        let optional = |column: usize| Some(text(column).into_owned()).filter(|text| !text.is_empty());
        // Counted from 0: 1 user, 2 database, 11 severity, 12 SQLSTATE, 13 message, 14 detail, 15 hint, 16 internal
        // query, 18 context, 19 statement, 21 location, 22 application.
        if text(22) == crate::cluster::APPLICATION_NAME {
            self.ended |= text(13).contains(end);
            return;
        }
        if !matches!(&*text(11), "ERROR" | "FATAL" | "PANIC") {
            return;
        }
        // The statement may be left out of the log by the script's own settings; the message names it too, but where the
        // transaction had failed before.
        if let Some(column) = [19, 13].into_iter().find(|column| text(*column).contains(super::psql_end::MARK)) {
            self.logged.closing = Some(Refused {
                statement: text(column).into_owned(),
                sqlstate: text(12).into_owned(),
                database: text(2).into_owned(),
                had_written: text(10) != "0",
            });
            return;
        }
        for column in [13, 14, 15, 16, 18, 19] {
            self.quote(&text(column));
        }
        if self.logged.failures.len() == MOST {
            self.logged.more += 1;
            return;
        }
        let statement = optional(19).map(|mut statement| {
            let end = statement.floor_char_boundary(MOST_STATEMENT);
            statement.truncate(end);
            statement
        });
        self.logged.failures.push(Failure {
            sqlstate: optional(12),
            message: text(13).into_owned(),
            voice: Voice::at(optional(21).as_deref()),
            hint: optional(15),
            context: optional(18),
            statement,
            database: optional(2),
            role: optional(1),
            ..Failure::default()
        });
    }
}

impl Reader {
    /// Remembers lines that a client's own could be taken for.
    fn quote(&mut self, text: &str) {
        const MOST_QUOTED: usize = 100_000;
        for line in text.split(['\n', '\r']) {
            let is_like_clients = line.contains("psql:") || line.contains("pg_restore:") || line.contains("ERROR:  ");
            if is_like_clients && self.logged.quoted.len() < MOST_QUOTED {
                self.logged.quoted.insert(plain(line));
            }
        }
    }
}

/// How many bytes at the beginning are whole records: up to the last line end outside of quotes. A quote inside quotes
/// is doubled, so every quote changes sides.
fn whole_records(bytes: &[u8]) -> usize {
    let (mut quoted, mut whole) = (false, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => whole = at + 1,
            _ => {}
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logged by PostgreSQL 15.
    const LINE: &str = "2026-11-22 18:00:00.000 UTC,\"postgres\",\"app\",99,\"[local]\",67.63,3,\"GRANT\",2026-11-22 18:00:00 UTC,3/9,0,ERROR,42704,\"role \"\"x\"\" does not exist\",,,,,,\"GRANT SELECT\nON t TO x\",,\"get_role_oid, acl.c:5143\",\"pg_restore\",\"client backend\",,0\n";
    const END: &str = "2026-11-22 18:00:00.000 UTC,\"postgres\",\"app\",99,\"[local]\",67.63,3,\"SELECT\",2026-11-22 18:00:00 UTC,3/9,0,ERROR,42703,\"column \"\"the_end\"\" does not exist\",,,,,,\"SELECT the_end\",8,\"errorMissingColumn\",\"pgrehearse\",\"client backend\",,0\n";

    fn read_in_chunks_of(size: usize) -> Reader {
        let mut reader = Reader { offset: 0, pending: Vec::new(), logged: Logged::default(), ended: false };
        for chunk in [LINE, END].concat().as_bytes().chunks(size) {
            reader.take(chunk, "the_end");
        }
        reader
    }

    #[test]
    fn a_record_is_read_whole_wherever_it_is_cut() {
        for size in [1, 7, 100, 10_000] {
            let reader = read_in_chunks_of(size);
            assert!(reader.ended);
            assert_eq!(reader.logged.failures.len(), 1);
            let failure = &reader.logged.failures[0];
            assert_eq!(failure.sqlstate.as_deref(), Some("42704"));
            assert_eq!(failure.message, "role \"x\" does not exist");
            assert_eq!(failure.statement.as_deref(), Some("GRANT SELECT\nON t TO x"));
        }
    }

    #[test]
    fn what_pgrehearse_itself_provokes_is_left_out() {
        assert!(read_in_chunks_of(64).logged.failures.iter().all(|failure| !failure.message.contains("the_end")));
    }
}
