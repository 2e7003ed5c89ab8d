//! Builds the client's command, runs it, and reads its errors and the server's log.

mod attribute;
mod client_errors;
mod command;
mod join;
mod keeper;
mod lines;
mod psql_end;

mod selection;
mod server_log;

pub use command::{
    Command, command as client_command, connection_string, is_parallel, order_notice, selecting_option, shell_words,
};
pub use selection::selection;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pgdump_reader::Dump;
use tokio::io::AsyncReadExt as _;

use crate::cluster::{ClusterError, Database, MAINTENANCE_DATABASE, Session, databases};
use crate::engine::{BoxedReader, EngineError, Program, Sandbox, Whose};
use crate::event::{EventKind, Events, Unit};
use crate::finding::Failure;
use crate::postgres::Tool;
use crate::profile::Target;
use client_errors::{Client, ClientError, ClientErrors, ClientMessage};
use psql_end::{Closing, Feed};
pub use psql_end::{PsqlEnd, Transaction};

/// Most errors of the client that are kept; the server's log has the rest.
const MOST_CLIENT_ERRORS: usize = 20_000;

/// What a restore came to.
#[derive(Debug)]
pub struct Outcome {
    /// As a shell would take it.
    pub command: String,
    pub exit_code: i64,
    /// Whether the client went through all of the dump, whatever failed on the way.
    pub ran_to_end: bool,
    /// In the order in which they came.
    pub failures: Vec<Failure>,
    /// How many more failures there were than are kept.
    pub more_failures: u64,
    /// Messages in another language than English of which nobody knows whether they are errors: the log does not hold them.
    pub unknown_messages: u64,
    /// Whether the script took superuser from the role that is the cluster's; it has it again.
    pub superuser_lost: bool,
    /// How psql came to the end of a script, by its own word.
    pub end: Option<PsqlEnd>,
    /// The line at which psql could not connect: it reads nothing more then (`do_connect` in src/bin/psql/command.c closes
    /// the old connection where nobody is at a terminal, and `MainLoop` ends without one).
    pub not_connected: Option<u64>,
    /// The cluster's databases before the restore and after it, by name.
    pub databases: (Vec<Database>, Vec<Database>),
}

impl Outcome {
    /// The databases that the restore created.
    pub fn new_databases(&self) -> impl Iterator<Item = &Database> {
        let (before, after) = &self.databases;
        after.iter().filter(|made| !before.iter().any(|known| known.oid == made.oid))
    }
}

/// Where pgrehearse's own session is while the client runs.
enum Waiting {
    Here(Session),
    Away(keeper::Keeper),
}

/// The version that a sandbox's pg_restore or psql gives, such as `17.6`.
///
/// # Errors
/// When it cannot be run.
pub async fn client_version(sandbox: &dyn Sandbox, dump: &Dump) -> Result<String, EngineError> {
    let tool = if dump.is_archive() { "pg_restore" } else { "psql" };
    let program =
        Program { argv: vec![tool.into(), "--version".into()], whose: Whose::Client, env: Vec::new(), stdin: None };
    let running = sandbox.run(program).await?;
    let mut text = String::new();
    let read = running.stdout.take(4096).read_to_string(&mut text).await;
    drop(running.stderr);
    let code = running.exit.await?;
    if code != 0 || read.is_err() {
        return Err(EngineError::Call { action: "cannot run the client", reason: format!("{tool}: exit code {code}") });
    }
    // `pg_restore (PostgreSQL) 17.6 (Debian 17.6-1)`
    Ok(text.split_whitespace().nth(2).unwrap_or_default().to_owned())
}

/// Restores the dump. `session` is the superuser's, in the maintenance database; where a script must not meet it, it is
/// closed meanwhile, and another one comes back.
///
/// # Errors
/// When the restore could not be run or watched; what the dump does wrong is in the outcome.
pub async fn run(
    sandbox: &dyn Sandbox,
    session: Session,
    dump: &Arc<Dump>,
    target: &Target,
    events: &Events,
) -> Result<(Outcome, Session), ClusterError> {
    let Command { mut argv, reads_stdin } = command::command(dump, target, makes_database(dump, target));
    let mark = server_log::mark(&session).await?;
    let before = databases(&session).await?;
    let stdin: Option<BoxedReader>;
    let mut consumed = None;
    let feed = Arc::new(Feed::default());
    let shown = command::shell_words(&argv);
    let closing = reads_stdin.then(|| Closing::new(&target.restore)).flatten();
    if reads_stdin {
        let reader = dump.reader().map_err(|source| EngineError::Io { action: "cannot read the dump", source })?;
        consumed = Some(reader.consumed());
        stdin = Some(piped(reader, Arc::clone(&feed)));
        argv.extend(closing.iter().map(Closing::argument));
    } else {
        stdin = target.restore.list_text.clone().map(|list| Box::pin(std::io::Cursor::new(list)) as BoxedReader);
        argv.extend(sandbox.input().await?);
    }
    let shown = if reads_stdin { shown } else { command::shell_words(&argv) };
    let parallel = command::is_parallel(&argv);
    let waiting = match keeper::is_needed(dump) {
        true => {
            let keeper = keeper::Keeper::make(&session).await?;
            drop(session);
            Waiting::Away(keeper)
        }
        false => Waiting::Here(session),
    };
    // A client writes its messages in the encoding of its environment; names must arrive as they are.
    let running = sandbox.run(Program { argv, whose: Whose::Client, env: Vec::new(), stdin }).await?;
    let errors = Arc::new(Mutex::new((Vec::new(), 0)));
    let client_end = Arc::new(AtomicBool::new(false));
    let closed = Arc::new(AtomicBool::new(false));
    let read = {
        let (closing, closed) = (closing.clone(), Arc::clone(&closed));
        let (errors, events, end) = (Arc::clone(&errors), events.clone(), Arc::clone(&client_end));
        let total = match dump.archive() {
            Some(archive) => archive.entries.len() as u64,
            None => dump.size,
        };
        let mut reader = ClientErrors::of(match (reads_stdin, parallel) {
            (true, _) => Client::Psql,
            (false, true) => Client::Jobs,
            (false, false) => Client::PgRestore,
        });
        let (mut entries, mut count) = (0, 0);
        lines::each_line(running.stderr, move |line| {
            if closing.as_ref().is_some_and(|closing| closing.is_refused_in(line)) {
                closed.store(true, Ordering::Relaxed);
            }
            for message in reader.line(line) {
                match message {
                    ClientMessage::Error(error) => {
                        count += 1;
                        events.progress(EventKind::RestoreErrors { count });
                        if let Ok(mut errors) = errors.lock() {
                            let (kept, more): &mut (Vec<_>, u64) = &mut errors;
                            if kept.len() < MOST_CLIENT_ERRORS {
                                kept.push((error, line.to_owned()));
                            } else {
                                *more += 1;
                            }
                        }
                    }
                    ClientMessage::End => end.store(true, Ordering::Relaxed),
                    ClientMessage::Entry => {
                        entries += 1;
                        let done = u64::min(entries, total);
                        events.progress(EventKind::Restoring { done, total, unit: Unit::Entries });
                    }
                }
            }
        })
    };
    let drained = drain(running.stdout);
    let progress = async {
        let Some(consumed) = consumed else { return std::future::pending().await };
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let done = consumed.load(Ordering::Relaxed);
            events.progress(EventKind::Restoring { done, total: dump.size, unit: Unit::Bytes });
        }
    };
    let client = async { tokio::join!(read, drained).0 };
    tokio::select! {
        read = client => read.map_err(|source| EngineError::Io { action: "cannot read the client's messages", source })?,
        () = progress => {}
    }
    let mut exit_code = running.exit.await?;
    let (session, superuser_lost) = match waiting {
        Waiting::Here(session) => (session, false),
        Waiting::Away(keeper) => keeper.back(sandbox, &target.cluster.superuser).await?,
    };
    let mut logged = server_log::read(&session, mark).await?;
    let end = closing.map(|closing| closing.read(&mut logged, &feed));
    // That the last word is an error is its purpose. Where the script has switched the log off, psql alone reports it.
    let is_our_own_error = end.as_ref().is_some_and(|end| end.transaction.is_some()) || closed.load(Ordering::Relaxed);
    if exit_code == 1 && is_our_own_error {
        exit_code = 0;
    }
    let end = end.or_else(|| reads_stdin.then(|| PsqlEnd::without_word(&feed)));
    let (errors, more_errors) = errors.lock().map(|mut errors| std::mem::take(&mut *errors)).unwrap_or_default();
    let count = errors.len() as u64 + more_errors;
    if count > 0 {
        events.send(EventKind::RestoreErrors { count }).await;
    }
    // A line of a value is no message.
    let errors: Vec<ClientError> =
        errors.into_iter().filter(|(_, line)| !logged.continues(line)).map(|(error, _)| error).collect();
    let not_connected = not_connected(&errors);
    let join::Joined { mut failures, unknown } = join::join(logged.failures, errors, !parallel);
    if let Some(archive) = dump.archive() {
        attribute::attribute(&mut failures, archive, parallel);
    }
    let databases = (before, databases(&session).await?);
    // psql ends with 0 whatever failed, unless it could not go on; pg_restore with 1 after errors, and says so last.
    let more_failures = logged.more.max(more_errors);
    let ran_to_end = exit_code == 0 || client_end.load(Ordering::Relaxed);
    let outcome = Outcome {
        command: shown,
        exit_code,
        ran_to_end,
        failures,
        more_failures,
        unknown_messages: unknown,
        superuser_lost,
        databases,
        end,
        not_connected,
    };
    Ok((outcome, session))
}

fn not_connected(errors: &[ClientError]) -> Option<u64> {
    errors.iter().find(|error| error.connecting).and_then(|error| error.line)
}

/// Whether this database is one that the dump creates, so that its own privileges are the dump's. pg_dumpall creates all but
/// those that every cluster has.
pub fn made_by_dump(dump: &Dump, target: &Target, database: &str) -> bool {
    match dump.plain() {
        None => Tool::PgRestore.has(&target.restore.options, "--create") && dump.database() == Some(database),
        Some(plain) => {
            let is_everywhere = database == MAINTENANCE_DATABASE || database == "template1";
            plain.creates_databases.iter().any(|created| created == database) || plain.cluster && !is_everywhere
        }
    }
}

/// Whether the dump creates a database of the target's name itself, so that it must not be there before. What pg_dumpall
/// writes makes all of its databases.
pub fn makes_database(dump: &Dump, target: &Target) -> bool {
    let own = &target.database.name;
    match dump.plain() {
        None => made_by_dump(dump, target, own),
        Some(plain) => plain.cluster || plain.creates_databases.contains(own),
    }
}

/// The database that the client connects to first: what the dump puts nowhere else goes there.
pub fn first_database<'a>(dump: &'a Dump, target: &'a Target) -> &'a str {
    match dump.archive() {
        Some(archive) if Tool::PgRestore.has(&target.restore.options, "--create") => &archive.database,
        None if makes_database(dump, target) => MAINTENANCE_DATABASE,
        Some(_) | None => &target.database.name,
    }
}

/// A blocking reader as a stream, read by a thread that waits where the program does not read on.
fn piped(mut reader: impl std::io::Read + Send + 'static, feed: Arc<Feed>) -> BoxedReader {
    let (ours, theirs) = tokio::io::duplex(256 * 1024);
    tokio::task::spawn_blocking(move || {
        let mut writer = tokio_util::io::SyncIoBridge::new(ours);
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    // The program has ended: nobody reads on.
                    if std::io::Write::write_all(&mut writer, &buffer[..read]).is_err() {
                        feed.left_unread();
                        break;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // Where it is damage, the scan of the dump reports it with its place.
                Err(error) => {
                    feed.failed(&error);
                    break;
                }
            }
        }
        let _ = writer.shutdown();
    });
    Box::pin(theirs)
}

async fn drain(mut stream: BoxedReader) {
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}
