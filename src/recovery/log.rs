//! What a recovering server says of itself, read from its CSV log.

use tokio::io::AsyncReadExt as _;

use crate::engine::{EngineError, Program, Sandbox, Whose};
use crate::postgres::log_records::{Record, Records};

/// How much of the log is read at once, in bytes. A recovery writes a line or two for each segment.
const MOST: u64 = 4 << 20;

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `LOG`, `WARNING`, `FATAL`, `PANIC`, …
    pub severity: String,
    pub sqlstate: String,
    pub message: String,
    pub detail: String,
    pub hint: String,
    /// Whether a client's connection is what it is about.
    pub of_client: bool,
}

impl Line {
    fn of(record: &Record) -> Self {
        let text = |column: usize| {
            record.get(column).map(|field| String::from_utf8_lossy(field).into_owned()).unwrap_or_default()
        };
        Line {
            severity: text(11),
            sqlstate: text(12),
            message: text(13),
            detail: text(14),
            hint: text(15),
            // remote host and port, which a process of the server's own has not.
            of_client: !text(4).is_empty(),
        }
    }

    /// Whether the server, and not a client's connection, came to an end by it.
    pub fn is_fatal(&self) -> bool {
        !self.of_client && matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// In the server's words, as one line.
    pub fn words(&self) -> String {
        let mut words = format!("{}: {}", self.severity, self.message);
        for (what, text) in [("DETAIL", &self.detail), ("HINT", &self.hint)] {
            if !text.is_empty() {
                words.push_str(&format!(" {what}: {text}"));
            }
        }
        words.replace('\n', " ")
    }
}

/// A log that is read as it grows.
#[derive(Default)]
pub struct Log {
    offset: u64,
    records: Records,
    lines: Vec<Line>,
}

impl Log {
    /// Reads what has come since the last time. A log that is not there yet is empty.
    ///
    /// # Errors
    /// When no program can be run in the sandbox.
    pub async fn read(&mut self, sandbox: &dyn Sandbox) -> Result<(), EngineError> {
        let from = (self.offset + 1).to_string();
        let script = r#"cd "$1" && for log in *.csv; do [ -f "$log" ] && tail -c "+$2" "$log"; done"#;
        let argv = ["sh", "-c", script, "sh", &format!("{}/log", sandbox.directory()), &from].map(str::to_owned);
        let program = Program { argv: argv.into(), whose: Whose::Owner, env: Vec::new(), stdin: None };
        let running = sandbox.run(program).await?;
        let mut piece = Vec::new();
        let read = running.stdout.take(MOST).read_to_end(&mut piece).await;
        drop(running.stderr);
        running.exit.await?;
        read.map_err(|source| EngineError::Io { action: "cannot read the server's log", source })?;
        self.offset += piece.len() as u64;
        let lines = &mut self.lines;
        self.records.take(&piece, |record| lines.push(Line::of(record)));
        Ok(())
    }

    /// All that has come so far, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The first record of the server's own processes whose message begins so.
    pub fn find(&self, beginning: &str) -> Option<&Line> {
        self.lines.iter().find(|line| !line.of_client && line.message.starts_with(beginning))
    }
}
