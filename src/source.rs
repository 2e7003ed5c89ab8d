//! What is rehearsed: a dump, which is restored, or a backup, which is recovered.
//!
//! Whoever depends on which it is takes the source apart: another kind does not compile until each of those places says what becomes
//! of it.

mod backup;
mod chain;
mod dump;

use std::sync::Arc;

use pgdump_reader::{Dump, Facts};

use crate::cluster::{ClusterError, Session};
use crate::engine::{DataDirectory, ExtensionRights, SandboxSpec};
use crate::preflight::PreflightFinding;
use crate::profile::Target;
use crate::restore::Outcome;
pub use backup::{BackupScan, BackupSource, BackupUnread, WalSource};
pub use chain::earlier;
pub use dump::{DumpSource, EntriesLeftOut, ScanInProgress};

/// What is rehearsed. Cheap to clone.
#[derive(Clone)]
pub enum Source {
    /// Restored by the target's pg_restore or psql.
    Dump(DumpSource),
    /// A base backup, recovered by the target's server with WAL that it asks for.
    Backup(BackupSource),
}

impl Source {
    /// This dump, which reports call `name`, or by its path. The full pass over it begins when somebody asks for it; where rows are
    /// not compared by their values they are only counted.
    pub fn of_dump(dump: Arc<Dump>, name: Option<String>, rows: RowMode) -> Self {
        let name = name.unwrap_or_else(|| dump.path.display().to_string());
        Source::Dump(DumpSource::new(name.into(), dump, rows))
    }

    /// Reads it to its end, beside whatever else is done, unless that has begun already.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn begin(&self) {
        match self {
            Source::Dump(source) => drop(tokio::spawn(source.scan.clone())),
            Source::Backup(source) => drop(tokio::spawn(source.scan.clone())),
        }
    }

    /// What reports call it.
    pub fn name(&self) -> &str {
        match self {
            Source::Dump(source) => source.name(),
            Source::Backup(source) => source.name(),
        }
    }

    /// Bytes of all its files.
    pub fn size(&self) -> u64 {
        match self {
            Source::Dump(source) => source.dump.size,
            Source::Backup(source) => source.size(),
        }
    }

    /// What a sandbox has to be to take it, beside what the target wants.
    pub fn fit(&self, spec: &mut SandboxSpec) {
        match self {
            // Archives are read by pg_restore itself; text is piped into psql.
            Source::Dump(source) => spec.input = source.dump.is_archive().then(|| source.dump.path.clone()),
            // What shapes a cluster is in the backup.
            Source::Backup(_) => {
                spec.data = DataDirectory::BroughtIn;
                spec.initdb.locale = "C".to_owned();
                spec.settings.clear();
                spec.hidden.clear();
                spec.extensions = ExtensionRights::default();
                spec.tablespaces = 0;
                spec.client = None;
            }
        }
    }

    /// What it will fail on in this target, and what it needs. `None` where that is not known yet and nobody waits for it, or nothing of
    /// the kind can be foreseen.
    pub async fn foreseen(&self, target: &Target, interrupted: bool) -> Option<(Vec<PreflightFinding>, Facts)> {
        match self {
            Source::Dump(source) => source.foreseen(target, interrupted).await,
            Source::Backup(_) => None,
        }
    }

    /// Why it cannot bear witness of what came back, where it cannot.
    pub fn no_witness(&self, witness: Witness) -> Option<&'static str> {
        match (self, witness) {
            (_, Witness::Database) | (Source::Dump(_), Witness::Dump) => None,
            (Source::Backup(_), Witness::Dump) => Some("it compares with a dump"),
        }
    }
}

/// A sandbox that is ready to take a source.
#[derive(Debug)]
pub struct Prepared {
    /// The version of the client that brings it in, such as `17.6`.
    pub client: String,
    /// Whether the source makes its database itself, so that the profile's was not made.
    pub makes_own: bool,
    /// What a person should know of it.
    pub notices: Vec<String>,
}

/// A source that is in its sandbox, however much of it.
pub struct Brought {
    pub outcome: Outcome,
    /// The superuser's, in the maintenance database.
    pub session: Session,
    /// What a person should know of how it came.
    pub notices: Vec<String>,
}

/// Why a source could not be brought in.
#[derive(Debug)]
pub enum NotBrought {
    Cluster(ClusterError),
    /// It does not come to its end.
    Endless(&'static str),
}

impl<E: Into<ClusterError>> From<E> for NotBrought {
    fn from(error: E) -> Self {
        NotBrought::Cluster(error.into())
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
