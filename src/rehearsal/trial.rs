//! A target's cluster on trial: made as for a rehearsal, with nothing restored, and removed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::start::{NotStarted, start, while_it_answers};
use crate::cluster::{self, ClusterError, MAINTENANCE_DATABASE, Session};
use crate::engine::choice::Engines;
use crate::engine::{Sandbox, Storage};
use crate::event::Events;
use crate::profile::Target;

/// How long one cluster may take, whatever its profile allows for a restore.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What a trial goes by.
pub struct Trial<'a> {
    pub engines: &'a Engines,
    /// Where the command line has images taken from.
    pub image_repository: Option<&'a str>,
    /// Whether data directories are kept between runs.
    pub cache: bool,
    pub interrupt: &'a CancellationToken,
}

/// Why a cluster could not be created.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("it took longer than {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error("interrupted before it was done")]
    Interrupted,
}

impl From<NotStarted> for TrialError {
    fn from(not_started: NotStarted) -> Self {
        match not_started {
            NotStarted::Interrupted => TrialError::Interrupted,
            NotStarted::Engine(error) => error.into(),
        }
    }
}

impl From<crate::engine::EngineError> for TrialError {
    fn from(error: crate::engine::EngineError) -> Self {
        TrialError::Cluster(error.into())
    }
}

impl Trial<'_> {
    /// Makes the target's cluster, its roles, its database and all that is in it, and removes it. The result is for people:
    /// what made it, and which server that was.
    ///
    /// # Errors
    /// What kept it from being made, in the server's words where the server refused something.
    pub async fn of(&self, target: &Target, events: &Events) -> Result<String, TrialError> {
        let spec = cluster::needs_of(target, self.image_repository, Storage::Disk, self.cache);
        let (engine, sandbox) = start(self.engines, &spec, self.interrupt, events).await?;
        let made = tokio::select! {
            made = make(&*sandbox, target) => made.map_err(TrialError::from),
            failure = sandbox.failure() => Err(failure.into()),
            () = tokio::time::sleep(PATIENCE) => Err(TrialError::TooSlow),
            () = self.interrupt.cancelled() => Err(TrialError::Interrupted),
        };
        let removed = while_it_answers(&*engine, self.interrupt, sandbox.remove()).await.and_then(|removed| removed);
        if let Err(error) = removed {
            events.notice(format!("the sandbox could not be removed: {error}; run `pgrehearse sweep`")).await;
        }
        Ok(format!("PostgreSQL {} on the {} engine", made?, engine.kind().name()))
    }
}

async fn make(sandbox: &dyn Sandbox, target: &Target) -> Result<String, ClusterError> {
    let session = Session::open(sandbox, &target.cluster.superuser, MAINTENANCE_DATABASE).await?;
    cluster::prepare(&session, sandbox, target, true).await?;
    session.server_version().await
}
