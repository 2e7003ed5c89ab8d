//! A dump as a source: restored by the target's pg_restore or psql.

mod partial;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use pgdump_reader::{Container, Dump, Facts, ObjectKind, Scan, TocEntry};

use super::{Brought, NotBrought, Prepared, RowMode};
use crate::cluster::{self, ClusterError, Session};
use crate::engine::Sandbox;
use crate::event::Events;
use crate::preflight::{self, PreflightFinding};
use crate::profile::Target;
use crate::restore;

/// How long pg_restore may take on a tar file that is known to be cut off: it reads at its end for ever
/// (`_tarReadRaw` in pg_backup_tar.c, PostgreSQL 13 to 18).
const PATIENCE: Duration = Duration::from_secs(5);

/// A dump, and the pass over it.
#[derive(Clone)]
pub struct DumpSource {
    name: Arc<str>,
    pub dump: Arc<Dump>,
    /// The full pass over the dump, which runs while the first sandboxes start. An error says why it could not be read.
    pub scan: ScanInProgress,
}

impl DumpSource {
    pub(super) fn new(name: Arc<str>, dump: Arc<Dump>, rows: RowMode) -> Self {
        let scan = scan(&dump, rows);
        Self { name, dump, scan }
    }

    /// What reports call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn foreseen(&self, target: &Target, interrupted: bool) -> Option<(Vec<PreflightFinding>, Facts)> {
        let facts = self.needs(interrupted).await?;
        Some((preflight::run(&self.dump, &facts, target), facts))
    }

    /// Why this target cannot take it, whatever comes of it there.
    pub fn unfit(&self, target: &Target) -> Option<&'static str> {
        let has_no_list = target.restore.list.is_some() && !self.dump.is_archive();
        has_no_list.then_some("the profile's restore.list lists entries of an archive, and this dump is plain SQL")
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
        let makes_own = restore::makes_database(&self.dump, target);
        let not_applied = if makes_own { cluster::not_applied(target) } else { Vec::new() };
        let mut notices = Vec::new();
        if !not_applied.is_empty() {
            let keys = not_applied.join(", ");
            notices
                .push(format!("the dump creates its database itself, so this of the profile does not apply: {keys}"));
        }
        // None of the three needs another.
        let (prepared, client, input) = tokio::join!(
            cluster::prepare(session, sandbox, target, !makes_own),
            restore::client_version(sandbox, &self.dump),
            sandbox.input()
        );
        prepared?;
        let client = client?;
        input?;
        Ok(Prepared { client, makes_own, notices })
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
        let (outcome, session) = tokio::select! {
            outcome = restore::run(sandbox, session, &self.dump, target, events) => outcome?,
            () = self.endless() => {
                return Err(NotBrought::Endless("pg_restore does not come to the end of the damaged archive, and was stopped"));
            }
        };
        let notices = restore::order_notice(&self.dump, target).into_iter().collect();
        Ok(Brought { outcome, session, notices })
    }

    /// What the full pass over it finds, which whoever needs it waits for.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub async fn read(&self) -> Result<Arc<Scan>, ClusterError> {
        let scan = self.scan.clone().await;
        scan.map_err(|reason| ClusterError::Refused { step: "cannot read the dump to its end".into(), reason })
    }

    /// Tables that it has without their rows, by the way in which it was made. `scan` is what the full pass has found.
    pub fn without_data(&self, scan: &Scan) -> Vec<String> {
        partial::without_data(&self.dump, scan)
    }

    /// Signs that it is partial by the way in which it was made, for people. `scan` is what the full pass has found.
    pub fn signs_of_partial(&self, scan: &Scan) -> Vec<String> {
        partial::signs(&self.dump, scan)
    }

    /// The database that it goes into where it names none.
    pub fn first_database<'a>(&'a self, target: &'a Target) -> &'a str {
        restore::first_database(&self.dump, target)
    }

    /// Whether a database of this name comes with it, with its properties and privileges.
    pub fn brings_database(&self, target: &Target, name: &str) -> bool {
        restore::made_by_dump(&self.dump, target, name)
    }

    /// What the profile's list or options keep out of the sandbox that it was brought into; `None` where nothing. pg_restore itself says
    /// what it would restore.
    ///
    /// # Errors
    /// When the sandbox could not say it.
    pub async fn left_out(
        &self,
        sandbox: &dyn Sandbox,
        target: &Target,
    ) -> Result<Option<EntriesLeftOut<'_>>, ClusterError> {
        let Some((kept, option)) = restore::selection(sandbox, &self.dump, target).await? else { return Ok(None) };
        let entries = self.dump.archive().into_iter().flat_map(|archive| &archive.entries).filter(|entry| {
            !kept.contains(&entry.id) && !entry.desc.is_empty() && !is_of_whole(entry) && !entry.is_of_database()
        });
        Ok(Some(EntriesLeftOut { entries: entries.collect(), option }))
    }

    /// Ends when the client has had its time with a tar file that is damaged, and never with any other dump.
    async fn endless(&self) {
        let is_tar = self.dump.archive().is_some_and(|archive| archive.container == Container::Tar);
        match self.scan.clone().await {
            Ok(scan) if is_tar && !scan.damage.is_empty() => tokio::time::sleep(PATIENCE).await,
            _ => std::future::pending().await,
        }
    }

    /// The encoding that it has names in, where that is known.
    pub fn encoding(&self) -> Option<&str> {
        self.dump.archive()?.encoding.as_deref()
    }

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

/// Entries of an archive that are not restored.
pub struct EntriesLeftOut<'a> {
    /// In the archive's order.
    pub entries: Vec<&'a TocEntry>,
    /// What selects those that are.
    pub option: String,
}

/// Whether pg_restore restores an entry or not as it sees fit, and lists it nowhere; the database is created with `--create` alone.
fn is_of_whole(entry: &TocEntry) -> bool {
    ObjectKind::of_tag(&entry.desc).is_some_and(ObjectKind::is_of_whole)
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
