//! Clusters in containers, through the Docker API.
//!
//! A data directory that is used again is created by a container that never sees a dump (`kept`) and kept as an image
//! layer. A sandbox is a container of that image with no network, no capabilities, a read-only root and bounded resources,
//! whose only process is the server under a deadline (`container`). Everything else goes through `docker exec`:
//! connections (`bridge`), client programs, and a watch over memory and processes (`watch`). Where data are on disk, a
//! second container watches over that from outside (`disk`).

mod bridge;
mod carrier;
mod container;
mod disk;
mod ended;
mod entrypoint;
mod exec;
mod image;
mod input;
mod kept;
mod labels;
mod program;
mod reach;
mod remove;
mod sandbox;
mod shell;
mod sweep;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use async_trait::async_trait;
use bollard::Docker;

use super::lease::Lease;
use super::{DataDirectory, Engine, EngineError, EngineKind, Sandbox, SandboxSpec, Server, Sweep, Swept};
use crate::event::{Events, Phase};
use crate::profile::Entrypoint;
use kept::{Origin, Plan};
use sandbox::{DockerSandbox, StartError};

/// How long a registry may take to say whether it has an image.
const REGISTRY: Duration = Duration::from_secs(10);

/// The Docker engine that the environment names (`DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`; the local
/// socket without them).
pub struct DockerEngine {
    docker: Docker,
    lease: Arc<Lease>,
    /// What it said of itself.
    pub about: About,
    /// Data directories that are being created to be kept.
    keeping: Arc<Mutex<JoinSet<()>>>,
}

/// What the engine says of itself.
#[derive(Debug, Clone)]
pub struct About {
    pub version: String,
    pub api_version: String,
    /// CPUs and bytes of memory that its containers share.
    pub cpus: u64,
    pub memory: u64,
}

impl DockerEngine {
    /// Connects, and agrees on a version of the API; 1.41 (Docker 20.10) is the oldest that is tested.
    ///
    /// # Errors
    /// [`EngineError::Unreachable`] when no engine answers.
    pub async fn connect(lease: Arc<Lease>) -> Result<Self, EngineError> {
        let unreachable = |error: bollard::errors::Error| EngineError::Unreachable {
            engine: "Docker",
            reason: reach::why(&error, std::env::var("DOCKER_HOST").ok().as_deref()),
        };
        let docker = Docker::connect_with_defaults().map_err(unreachable)?;
        let docker = docker.negotiate_version().await.map_err(unreachable)?;
        let info = docker.info().await.map_err(unreachable)?;
        let about = About {
            version: info.server_version.unwrap_or_default(),
            api_version: docker.client_version().to_string(),
            cpus: u64::try_from(info.ncpu.unwrap_or(0)).unwrap_or(0),
            memory: u64::try_from(info.mem_total.unwrap_or(0)).unwrap_or(0),
        };
        Ok(Self { docker, lease, about, keeping: Arc::default() })
    }

    /// An image in which root has done what a sandbox cannot do for itself.
    async fn prepared(&self, plan: &Plan, spec: &SandboxSpec, events: &Events) -> Result<kept::Kept, EngineError> {
        events.phase(Phase::Initdb).await;
        match spec.cache {
            true => plan.make(&self.docker, &self.lease, spec).await,
            false => plan.make_once(&self.docker, &self.lease, spec).await,
        }
    }

    /// Makes a data directory in the background; [`Engine::close`] waits for it.
    fn keep(&self, plan: Plan, spec: SandboxSpec) {
        let (docker, lease) = (self.docker.clone(), Arc::clone(&self.lease));
        let Ok(mut keeping) = self.keeping.try_lock() else { return };
        keeping.spawn(async move {
            // Without it the next rehearsal runs initdb for itself again, and says why if it cannot.
            let _ = plan.make(&docker, &lease, &spec).await;
        });
    }

    /// Removes whatever this run itself may have left, such as a container whose creation was interrupted.
    ///
    /// # Errors
    /// When the engine does not answer, or will not remove something.
    pub async fn remove_leftovers(&self) -> Result<Vec<Swept>, EngineError> {
        let Sweep { removed, failed } = sweep::remove_run(&self.docker, &self.lease).await?;
        match failed.is_empty() {
            true => Ok(removed),
            false => Err(EngineError::Call { action: "cannot remove what the run created", reason: failed.join("; ") }),
        }
    }
}

#[async_trait]
impl Engine for DockerEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Docker
    }

    async fn has(&self, server: &Server, image_repository: Option<&str>) -> bool {
        self.docker.inspect_image(&image::reference(server, image_repository, None)).await.is_ok()
    }

    async fn can_pull(&self, server: &Server, image_repository: Option<&str>) -> bool {
        let image = image::reference(server, image_repository, None);
        let asked = tokio::time::timeout(REGISTRY, self.docker.inspect_registry_image(&image, None)).await;
        matches!(asked, Ok(Ok(_)))
    }

    async fn provide(&self, spec: &SandboxSpec, events: &Events) -> Result<(), EngineError> {
        for server in [Some(&spec.server), spec.client.as_ref()].into_iter().flatten() {
            image::provide(&self.docker, &image::of(spec, server), spec.pull, events).await?;
        }
        Ok(())
    }

    async fn start(&self, spec: &SandboxSpec, events: &Events) -> Result<Box<dyn Sandbox>, EngineError> {
        let plan = Plan::of(&self.docker, &image::of(spec, &spec.server), spec).await?;
        let start = async |origin| DockerSandbox::start(&self.docker, &self.lease, origin, spec, events).await;
        if spec.entrypoint == Entrypoint::Image {
            return Ok(Box::new(start(Origin::Plain(plan)).await?));
        }
        let mut needs_kept = !spec.extensions.are_as_shipped();
        let mut again = false;
        // One that initdb made helps nobody who brings in another, though the same image can have locales that are wanted.
        let is_of_initdb = spec.data == DataDirectory::Initdb;
        loop {
            let wanted = spec.cache && !again && (is_of_initdb || needs_kept);
            let kept = if wanted { plan.find(&self.docker).await } else { None };
            let origin = match kept {
                Some(kept) => Origin::Kept(kept),
                // Only root can change the directory of extensions, or add a locale, and a sandbox has no root.
                None if needs_kept => Origin::Kept(self.prepared(&plan, spec, events).await?),
                None => {
                    if spec.cache && is_of_initdb && plan.is_wanted_again(&self.lease) {
                        self.keep(plan.clone(), spec.clone());
                    }
                    Origin::Plain(plan.clone())
                }
            };
            let is_kept = matches!(&origin, Origin::Kept(kept) if !kept.temporary);
            match start(origin).await {
                Ok(sandbox) => return Ok(Box::new(sandbox)),
                Err(StartError::NoLocale) if !needs_kept => needs_kept = true,
                // Somebody swept the kept data directory away between finding and using it.
                Err(StartError::Other(_)) if is_kept && !again && plan.find(&self.docker).await.is_none() => {
                    again = true
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn answers(&self) -> bool {
        const PATIENCE: Duration = Duration::from_secs(5);
        tokio::time::timeout(PATIENCE, self.docker.ping()).await.is_ok_and(|answer| answer.is_ok())
    }

    async fn close(&self) -> Result<(), EngineError> {
        let mut keeping = std::mem::take(&mut *self.keeping.lock().await);
        while keeping.join_next().await.is_some() {}
        self.remove_leftovers().await.map(drop)
    }

    async fn sweep(&self, all: bool) -> Result<Sweep, EngineError> {
        sweep::sweep(&self.docker, self.lease.home(), all).await
    }
}

/// An API call that failed, named for people.
fn call(action: &'static str) -> impl Fn(bollard::errors::Error) -> EngineError {
    move |error| match error {
        bollard::errors::Error::DockerResponseServerError { message, .. } => {
            EngineError::Call { action, reason: message }
        }
        other => EngineError::Call { action, reason: other.to_string() },
    }
}

/// The API's status code, where the engine itself refused.
fn status(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}
