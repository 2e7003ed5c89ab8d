//! What is rehearsed.
//!
//! Today a dump. A base backup with its WAL comes next, so whoever depends on what a dump is takes the source apart: another kind does
//! not compile until each of those places says what becomes of it.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use pgdump_reader::{Dump, Facts, Scan};

/// What is rehearsed. Cheap to clone.
#[derive(Clone)]
pub enum Source {
    /// Restored by the target's pg_restore or psql.
    Dump(DumpSource),
}

impl Source {
    /// This dump, which reports call `name`, or by its path. The full pass over it begins when somebody asks for it; where rows are
    /// not compared by their values they are only counted.
    pub fn of_dump(dump: Arc<Dump>, name: Option<String>, rows: RowMode) -> Self {
        let name = name.unwrap_or_else(|| dump.path.display().to_string());
        let scan = scan(&dump, rows);
        Source::Dump(DumpSource { name: name.into(), dump, scan })
    }

    /// Reads it to its end, beside whatever else is done, unless that has begun already.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn begin(&self) {
        match self {
            Source::Dump(source) => drop(tokio::spawn(source.scan.clone())),
        }
    }

    /// What reports call it.
    pub fn name(&self) -> &str {
        match self {
            Source::Dump(source) => &source.name,
        }
    }

    /// Bytes of all its files.
    pub fn size(&self) -> u64 {
        match self {
            Source::Dump(source) => source.dump.size,
        }
    }

    /// The file or directory that a sandbox must see to take it: archives are read by pg_restore itself, text is piped into psql.
    pub fn input(&self) -> Option<PathBuf> {
        match self {
            Source::Dump(source) => source.dump.is_archive().then(|| source.dump.path.clone()),
        }
    }

    /// Why it cannot bear witness of what came back, where it cannot.
    pub fn no_witness(&self, witness: Witness) -> Option<&'static str> {
        match (self, witness) {
            (_, Witness::Database) | (Source::Dump(_), Witness::Dump) => None,
        }
    }
}

/// What a check compares a restored database with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// What the dump holds: without it the check could say nothing.
    Dump,
    /// The database itself, or what the profile asks of it. What a dump says can excuse something there.
    Database,
}

/// How rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowMode {
    /// By digests of their values.
    #[default]
    Digest,
    /// By their number alone.
    Count,
    Off,
}

/// A dump, and the pass over it.
#[derive(Clone)]
pub struct DumpSource {
    name: Arc<str>,
    pub dump: Arc<Dump>,
    /// The full pass over the dump, which runs while the first sandboxes start. An error says why it could not be read.
    pub scan: ScanInProgress,
}

impl DumpSource {
    /// What the full pass has found, where it has come to its end by now.
    pub fn scanned(&self) -> Option<Arc<Scan>> {
        self.scan.peek().and_then(|scan| scan.as_ref().ok()).cloned()
    }

    /// What it asks of a target: an archive says it at its beginning, text only when all of it has been read, which an
    /// interrupted run does not wait for.
    pub async fn needs(&self, interrupted: bool) -> Option<Facts> {
        match self.dump.archive() {
            Some(archive) => Some(Facts::of_archive(archive)),
            None if interrupted => Some(self.scanned()?.facts.clone()),
            None => Some(self.scan.clone().await.ok()?.facts.clone()),
        }
    }
}

/// A scan that several rehearsals wait for.
pub type ScanInProgress = Shared<BoxFuture<'static, Result<Arc<Scan>, String>>>;

/// The full pass over the dump, which begins when it is first asked for; whoever needs it waits for it.
fn scan(dump: &Arc<Dump>, rows: RowMode) -> ScanInProgress {
    let dump = Arc::clone(dump);
    let read = move || match rows {
        RowMode::Digest => dump.scan(),
        RowMode::Count | RowMode::Off => dump.count(),
    };
    async move {
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(scan)) => Ok(Arc::new(scan)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("reading the dump failed, which is a bug of pgrehearse ({error})")),
        }
    }
    .boxed()
    .shared()
}
