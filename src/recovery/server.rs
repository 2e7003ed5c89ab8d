//! The recovering server: started, watched until it stops, asked where it is, promoted, stopped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use pgbackup_reader::Lsn;
use tokio::io::AsyncReadExt as _;
use tokio::task::JoinHandle;

use super::log::{Line, Log};
use super::{DIRECTORY, Stop};
use crate::cluster::{ClusterError, MAINTENANCE_DATABASE, Session};
use crate::engine::{BoxedReader, EngineError, Program, Sandbox, Whose};

/// Runs the server, and stops it when it is told to.
const SERVE: &str = include_str!("serve.sh");

/// How often a recovering server is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long a server may take to stop.
const STOPPING: Duration = Duration::from_secs(60);

/// What a server printed before its log began, as far as it is kept.
const PRINTED: usize = 16 * 1024;

/// A server that recovers, or has recovered.
pub struct Server<'a> {
    sandbox: &'a dyn Sandbox,
    superuser: &'a str,
    exit: JoinHandle<Result<i64, EngineError>>,
    /// Its exit code, once it has ended.
    ended: Option<i64>,
    log: Log,
    printed: Arc<Mutex<Vec<u8>>>,
}

/// How a recovery came to a halt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// It stopped where it was asked to, in the server's words (`recovery stopping before commit of transaction …`), and waits.
    Paused { line: String },
    /// It has ended, and the server takes writes; where it was asked to stop and did, in its words.
    Promoted { line: Option<String> },
    /// It waits for somebody to raise settings of its own: nothing that was asked for is reached.
    Insufficient { line: String },
    /// The server ended by itself.
    Ended { code: i64 },
}

/// Where a recovery is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The end of the last record that was replayed.
    pub replayed: Option<Lsn>,
    /// When the last transaction ended that was replayed, by the clock of the source.
    pub last_transaction: Option<Timestamp>,
    pub timeline: u32,
    /// What the server says of archiving, the proof that none takes place.
    pub archive_mode: String,
    pub in_recovery: bool,
}

impl<'a> Server<'a> {
    /// Starts it. That it does not come up is no error: it [halts](Server::until_it_halts).
    ///
    /// # Errors
    /// When nothing can be run in the sandbox.
    pub async fn start(
        sandbox: &'a dyn Sandbox,
        superuser: &'a str,
        settings: &BTreeMap<String, String>,
    ) -> Result<Self, EngineError> {
        let Program { argv: server, whose, env, .. } = sandbox.server(settings);
        let stop = format!("{}/{DIRECTORY}/stop", sandbox.directory());
        let mut argv: Vec<String> = ["sh", "-c", SERVE, "sh", &stop].map(str::to_owned).into();
        argv.extend(server);
        let running = sandbox.run(Program { argv, whose, env, stdin: None }).await?;
        let printed = Arc::new(Mutex::new(Vec::new()));
        for stream in [running.stdout, running.stderr] {
            tokio::spawn(keep(stream, Arc::clone(&printed)));
        }
        Ok(Self { sandbox, superuser, exit: tokio::spawn(running.exit), ended: None, log: Log::default(), printed })
    }

    /// Waits until the recovery is over or waits for somebody. `looked` hears of each look.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub async fn until_it_halts(&mut self, stop: &Stop, looked: impl Fn()) -> Result<Halt, EngineError> {
        loop {
            let has_ended = self.has_ended(LOOK).await?;
            self.log.read(self.sandbox).await?;
            looked();
            if let Some(code) = has_ended {
                return Ok(Halt::Ended { code });
            }
            let stopping = self.log.find("recovery stopping ").map(|line| line.message.clone());
            if self.log.find("hot standby is not possible because of insufficient parameter settings").is_some()
                && let Some(line) =
                    self.log.lines().iter().find(|line| line.message.starts_with("hot standby is not possible"))
                && self.log.find("recovery has paused").is_some()
            {
                return Ok(Halt::Insufficient { line: line.words() });
            }
            if self.log.find("database system is ready to accept connections").is_some() {
                return Ok(Halt::Promoted { line: stopping });
            }
            if *stop != Stop::End
                && let Some(line) = stopping
                && self.is_paused().await
            {
                return Ok(Halt::Paused { line });
            }
        }
    }

    /// Waits so long for its end; its exit code then.
    async fn has_ended(&mut self, patience: Duration) -> Result<Option<i64>, EngineError> {
        if self.ended.is_none()
            && let Ok(code) = tokio::time::timeout(patience, &mut self.exit).await
        {
            let crashed = |error| EngineError::Gone(format!("nobody watches over its server any more: {error}"));
            self.ended = Some(code.map_err(crashed)??);
        }
        Ok(self.ended)
    }

    /// Whether it takes connections and has paused.
    async fn is_paused(&self) -> bool {
        // pg_get_wal_replay_pause_state() is there from PostgreSQL 14 on; what is only about to pause is paused for this one.
        let sql = "SELECT pg_is_in_recovery() AND pg_is_wal_replay_paused()";
        let Ok(session) = self.session(MAINTENANCE_DATABASE).await else { return false };
        let rows = session.query(sql, &[], "cannot ask whether recovery has paused").await;
        rows.is_ok_and(|rows| rows.first().is_some_and(|row| row.get(0)))
    }

    /// A session of the superuser's.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn session(&self, database: &str) -> Result<Session, ClusterError> {
        Session::open(self.sandbox, self.superuser, database).await
    }

    /// Where it is.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn position(&self, session: &Session) -> Result<Position, ClusterError> {
        let sql = "SELECT pg_last_wal_replay_lsn()::text, \
                   (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::int8, \
                   (SELECT timeline_id FROM pg_control_checkpoint()), current_setting('archive_mode'), pg_is_in_recovery()";
        let rows = session.query(sql, &[], "cannot ask how far the recovery came").await?;
        let Some(row) = rows.first() else {
            let step = "cannot ask how far the recovery came".to_owned();
            return Err(ClusterError::Refused { step, reason: "the server gave no answer".to_owned() });
        };
        let timeline: i32 = row.get(2);
        Ok(Position {
            replayed: row.get::<_, Option<String>>(0).and_then(|text| text.parse().ok()),
            last_transaction: row.get::<_, Option<i64>>(1).and_then(|at| Timestamp::from_microsecond(at).ok()),
            timeline: u32::try_from(timeline).unwrap_or_default(),
            archive_mode: row.get(3),
            in_recovery: row.get(4),
        })
    }

    /// Ends a recovery that waits, and waits until the server takes writes.
    ///
    /// # Errors
    /// When it does not.
    pub async fn promote(&mut self, session: &Session) -> Result<(), ClusterError> {
        let step = "cannot promote the recovered server";
        session.batch("SELECT pg_catalog.pg_wal_replay_resume()", step).await?;
        loop {
            if let Some(code) = self.has_ended(LOOK).await? {
                self.log.read(self.sandbox).await?;
                let reason = format!("it ended with exit code {code}: {}", self.last_words().join(" "));
                return Err(ClusterError::Refused { step: step.to_owned(), reason });
            }
            let rows = session.query("SELECT pg_is_in_recovery()", &[], step).await?;
            if rows.first().is_some_and(|row| !row.get::<_, bool>(0)) {
                return Ok(());
            }
        }
    }

    /// Stops it as `pg_ctl stop -m fast` does, and waits for its end. Nobody may be connected to it who waits for an answer.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> Result<i64, EngineError> {
        let stop = format!("{}/{DIRECTORY}/stop", self.sandbox.directory());
        let argv = ["sh", "-c", r#"echo stop > "$1""#, "sh", &stop].map(str::to_owned).into();
        let running = self.sandbox.run(Program { argv, whose: Whose::Owner, env: Vec::new(), stdin: None }).await?;
        drop((running.stdout, running.stderr));
        running.exit.await?;
        let ended = self.has_ended(STOPPING).await?;
        ended.ok_or_else(|| EngineError::Gone("its server did not stop when it was told to".to_owned()))
    }

    /// All that the server has logged so far.
    pub fn log(&self) -> &[Line] {
        self.log.lines()
    }

    /// What kept the server from going on, in its own words: what ended it, or else what it printed.
    pub fn last_words(&self) -> Vec<String> {
        let fatal: Vec<String> = self.log.lines().iter().filter(|line| line.is_fatal()).map(Line::words).collect();
        if !fatal.is_empty() {
            return fatal;
        }
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        let printed = String::from_utf8_lossy(&printed).into_owned();
        printed.lines().filter(|line| line.contains("FATAL") || line.contains("PANIC")).map(str::to_owned).collect()
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // What ends with it is the wait; the server goes with its sandbox.
        self.exit.abort();
    }
}

/// Keeps the beginning of what comes, and reads on to its end.
async fn keep(mut stream: BoxedReader, printed: Arc<Mutex<Vec<u8>>>) {
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        let room = PRINTED.saturating_sub(printed.len()).min(read);
        printed.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
}
