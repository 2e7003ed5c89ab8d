//! A base backup and its WAL as a source: recovered by the target's own server.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use pgbackup_reader::archive::FolderArchive;
use pgbackup_reader::base::{Base, Form, Survey};

use super::DumpSource;
use crate::postgres::Major;

/// Where the WAL comes from.
#[derive(Debug, Clone)]
pub enum WalSource {
    /// The base has all that there is, in its `pg_wal`.
    Base,
    /// A folder of segments.
    Folder(Arc<FolderArchive>),
    /// A command of the user's, which runs on this machine. What it can get is not known before it is asked.
    Command(String),
}

/// A base backup, its WAL, and the pass over the base.
#[derive(Clone)]
pub struct BackupSource {
    name: Arc<str>,
    pub base: Arc<Base>,
    pub wal: WalSource,
    /// A dump beside it, which may have been made at a point that it is recovered to.
    pub dump: Option<DumpSource>,
    /// The moment to which the loss of data is counted.
    pub as_of: jiff::Timestamp,
    /// The full pass over the base. An error says why it could not be read.
    pub scan: BackupScanInProgress,
}

/// A pass that several rehearsals wait for.
pub type BackupScanInProgress = Shared<BoxFuture<'static, Result<Arc<BackupScan>, BackupUnread>>>;

/// Why a base could not be read to its end: a fact about it, or about this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupUnread {
    pub reason: String,
    /// Whether the base itself is damaged; else it could not be looked at.
    pub damaged: bool,
}

/// What the pass over a base has found.
#[derive(Debug, Clone)]
pub struct BackupScan {
    pub survey: Survey,
    /// How long it took.
    pub took: std::time::Duration,
}

impl BackupSource {
    /// This base with this WAL, which reports call `name`.
    pub fn new(base: Arc<Base>, wal: WalSource, name: String, as_of: Option<jiff::Timestamp>) -> Self {
        let scan = scan(&base);
        // One moment for all rehearsals of a run.
        let as_of = as_of.unwrap_or_else(jiff::Timestamp::now);
        Self { name: name.into(), base, wal, dump: None, as_of, scan }
    }

    /// The same with a dump beside it.
    #[must_use]
    pub fn beside(mut self, dump: Option<DumpSource>) -> Self {
        self.dump = dump;
        self
    }

    /// What reports call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the base, as far as it is known how many these are without a pass over it: those of its archives.
    pub fn size(&self) -> u64 {
        match self.scan.peek() {
            Some(Ok(scan)) => scan.survey.bytes,
            _ => size_on_disk(&self.base),
        }
    }

    /// For people.
    pub fn format(&self) -> String {
        let kept = if self.base.barman().is_some() { ", kept by Barman" } else { "" };
        match self.base.form() {
            Form::Plain => format!("plain base backup{kept}"),
            Form::Tar => format!("base backup in tar form{kept}"),
        }
    }

    /// The major version of its server, where it says so.
    pub fn major(&self) -> Option<Major> {
        let of =
            |head: &pgbackup_reader::base::Head| head.major().and_then(|major| u16::try_from(major).ok()).map(Major);
        of(self.base.head()).or_else(|| match self.scan.peek() {
            Some(Ok(scan)) => of(&scan.survey.head),
            _ => None,
        })
    }
}

/// Bytes of its archives, or of all files of a directory.
fn size_on_disk(base: &Base) -> u64 {
    let of = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |found| found.len());
    base.archives().into_iter().map(of).sum()
}

fn scan(base: &Arc<Base>) -> BackupScanInProgress {
    let base = Arc::clone(base);
    async move {
        let began = std::time::Instant::now();
        match tokio::task::spawn_blocking(move || base.survey()).await {
            Ok(Ok(survey)) => Ok(Arc::new(BackupScan { survey, took: began.elapsed() })),
            Ok(Err(error)) => {
                let damaged = !matches!(error, pgbackup_reader::base::BaseError::Io { .. });
                Err(BackupUnread { reason: in_full(&error), damaged })
            }
            Err(error) => {
                let reason = format!("reading the base failed, which is a bug of pgrehearse ({error})");
                Err(BackupUnread { reason, damaged: false })
            }
        }
    }
    .boxed()
    .shared()
}

/// An error with all that it rests on.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(&format!(": {more}"));
        }
        source = error.source();
    }
    text
}
