//! What is rehearsed: what it is, what it needs, what it can bear witness of, and how it is brought into a sandbox.
//!
//! Today a dump. A base backup with its WAL comes next, so whoever depends on what a dump is takes the source apart: another kind does
//! not compile until each of those places says what becomes of it.

mod dump;

use std::path::PathBuf;
use std::sync::Arc;

use pgdump_reader::{Dump, Facts, Scan};

use crate::cluster::{ClusterError, Session};
use crate::engine::Sandbox;
use crate::event::Events;
use crate::preflight::PreflightFinding;
use crate::profile::Target;
use crate::restore::Outcome;
pub use dump::{DumpSource, EntriesLeftOut, ScanInProgress};

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
        Source::Dump(DumpSource::new(name.into(), dump, rows))
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
            Source::Dump(source) => source.name(),
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

    /// The encoding that it has names in, where that is known.
    pub fn encoding(&self) -> Option<&str> {
        match self {
            Source::Dump(source) => source.dump.archive()?.encoding.as_deref(),
        }
    }

    /// What the full pass over it has found, where it has come to its end by now.
    pub fn scanned(&self) -> Option<Arc<Scan>> {
        match self {
            Source::Dump(source) => source.scanned(),
        }
    }

    /// What the full pass over it finds, which whoever needs it waits for.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub async fn read(&self) -> Result<Arc<Scan>, ClusterError> {
        match self {
            Source::Dump(source) => source.read().await,
        }
    }

    /// The dump, which the causes of failures and the checks look into.
    pub fn dump(&self) -> &Arc<Dump> {
        match self {
            Source::Dump(source) => &source.dump,
        }
    }

    /// The major version of the server that it is from, where it says so.
    pub fn server_major(&self) -> Option<u16> {
        match self {
            Source::Dump(source) => source.dump.server_major(),
        }
    }

    /// Tables that it has without their rows, by the way in which it was made. `scan` is what the full pass has found.
    pub fn without_data(&self, scan: &Scan) -> Vec<String> {
        match self {
            Source::Dump(source) => source.without_data(scan),
        }
    }

    /// Signs that it is partial by the way in which it was made, for people. `scan` is what the full pass has found.
    pub fn signs_of_partial(&self, scan: &Scan) -> Vec<String> {
        match self {
            Source::Dump(source) => source.signs_of_partial(scan),
        }
    }

    /// The database that it goes into where it names none.
    pub fn first_database<'a>(&'a self, target: &'a Target) -> &'a str {
        match self {
            Source::Dump(source) => source.first_database(target),
        }
    }

    /// Whether a database of this name comes with it, with its properties and privileges.
    pub fn brings_database(&self, target: &Target, name: &str) -> bool {
        match self {
            Source::Dump(source) => source.brings_database(target, name),
        }
    }

    /// What the profile's list or options keep out of the sandbox that it was brought into; `None` where nothing.
    ///
    /// # Errors
    /// When the sandbox could not say it.
    pub async fn left_out(
        &self,
        sandbox: &dyn Sandbox,
        target: &Target,
    ) -> Result<Option<EntriesLeftOut<'_>>, ClusterError> {
        match self {
            Source::Dump(source) => source.left_out(sandbox, target).await,
        }
    }

    /// What it will fail on in this target, and what it needs. `None` where that is not known yet and nobody waits for it.
    pub async fn foreseen(&self, target: &Target, interrupted: bool) -> Option<(Vec<PreflightFinding>, Facts)> {
        match self {
            Source::Dump(source) => source.foreseen(target, interrupted).await,
        }
    }

    /// Why this target cannot take it, whatever comes of it there.
    pub fn unfit(&self, target: &Target) -> Option<&'static str> {
        match self {
            Source::Dump(source) => source.unfit(target),
        }
    }

    /// Makes a fresh sandbox ready to take it. `session` is the superuser's, in the maintenance database.
    ///
    /// # Errors
    /// When the cluster refuses what the target asks for.
    pub async fn prepare(
        &self,
        session: &Session,
        sandbox: &dyn Sandbox,
        target: &Target,
    ) -> Result<Prepared, ClusterError> {
        match self {
            Source::Dump(source) => source.prepare(session, sandbox, target).await,
        }
    }

    /// Brings it into a sandbox that is ready for it. What goes wrong with it there is in the outcome.
    ///
    /// # Errors
    /// When it could not be brought in or watched.
    pub async fn bring_in(
        &self,
        session: Session,
        sandbox: &dyn Sandbox,
        target: &Target,
        events: &Events,
    ) -> Result<Brought, NotBrought> {
        match self {
            Source::Dump(source) => source.bring_in(session, sandbox, target, events).await,
        }
    }

    /// Why it cannot bear witness of what came back, where it cannot.
    pub fn no_witness(&self, witness: Witness) -> Option<&'static str> {
        match (self, witness) {
            (_, Witness::Database) | (Source::Dump(_), Witness::Dump) => None,
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
