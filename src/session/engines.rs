//! The engines of a run, and the claim to what they make.

use std::sync::Arc;
use std::time::Duration;

use super::error::{RunError, in_full};
use crate::engine::choice::{Choice, Engines};
use crate::engine::docker::{About, DockerEngine};
use crate::engine::lease::{Home, Lease};
use crate::engine::local::{Confinement, LocalEngine, RunTag};
use crate::engine::{Engine, EngineError, Sweep};
use crate::matrix::Capacity;

/// Which engines may be used, and how.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    pub choice: Choice,
    /// With the local engine alone: runs the dump's code on this machine without walls.
    pub unconfined: bool,
    /// Where images are taken from; `None` leaves it to the profile, and then to Docker Hub's own.
    pub image_repository: Option<String>,
    /// Whether data directories that initdb created are kept for the next run, and used.
    pub cache: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { choice: Choice::Auto, unconfined: false, image_repository: None, cache: true }
    }
}

/// Engines that are open. What they make is this run's, until the pool is closed or dropped.
pub struct EnginePool {
    pub lease: Arc<Lease>,
    pub engines: Arc<Engines>,
    /// What Docker says of its machine, where it answers and may judge.
    pub docker: Option<About>,
    pub options: EngineOptions,
}

impl EnginePool {
    /// Opens the engines that the options allow. An engine that does not answer is no error: it is one that has nothing.
    ///
    /// # Errors
    /// Where the options contradict each other, or the state directory cannot be used.
    pub async fn open(options: EngineOptions) -> Result<EnginePool, RunError> {
        if options.unconfined && options.choice != Choice::Local {
            return Err(RunError::Usage(
                "--unconfined goes with --engine local: it runs the dump's code on this machine without a sandbox"
                    .into(),
            ));
        }
        let home =
            Home::open().map_err(state("cannot open the state directory; PGREHEARSE_STATE_DIR names another"))?;
        let lease = Arc::new(home.begin_run().map_err(state("cannot begin a run in the state directory"))?);
        let confinement = if options.unconfined { Confinement::Unconfined } else { Confinement::Confined };
        let local = local_engine(&lease, confinement);
        let (docker, about) = match options.choice {
            Choice::Local => (Err("--engine local is given".to_owned()), None),
            Choice::Auto | Choice::Docker => match connect(&lease).await {
                Ok(engine) => {
                    let about = engine.about.clone();
                    (Ok(Arc::new(engine) as Arc<dyn Engine>), Some(about))
                }
                Err(reason) => (Err(reason), None),
            },
        };
        let engines = Arc::new(Engines { choice: options.choice, docker, local });
        Ok(EnginePool { lease, engines, docker: about, options })
    }

    /// Removes what dead runs left, on every engine that answers; with `all` also the data directories that are kept.
    ///
    /// # Errors
    /// Where the state directory cannot be read.
    pub async fn sweep(&self, all: bool) -> Result<Sweep, RunError> {
        let mut all_swept = Sweep::default();
        for engine in self.engines.all() {
            match engine.sweep(all).await {
                Ok(sweep) => {
                    all_swept.removed.extend(sweep.removed);
                    all_swept.failed.extend(sweep.failed);
                }
                // The other engine's leftovers are no worse for it.
                Err(error) => all_swept.failed.push(format!("what the {} engine holds: {error}", engine.kind().name())),
            }
        }
        // Only now: while a run's lock file is there it is known to be this home's.
        self.lease.home().forget_dead_runs().map_err(state("cannot read the state directory"))?;
        all_swept.removed.sort();
        Ok(all_swept)
    }

    /// Removes what dead runs left, and says of each thing that is still there why: another run's leftovers must not stop
    /// this one, and not stay unknown.
    pub async fn tidy(&self) -> Vec<String> {
        let failed = match self.sweep(false).await {
            Ok(sweep) => sweep.failed,
            Err(error) => vec![in_full(&error)],
        };
        let left = |what: String| format!("something that an earlier run left could not be removed: {what}");
        failed.into_iter().map(left).collect()
    }

    /// How many rehearsals fit, at most `jobs`.
    pub fn capacity(&self, jobs: Option<u16>) -> Capacity {
        let (cpus, memory) = match &self.docker {
            Some(about) => (usize::try_from(about.cpus).unwrap_or(1), about.memory),
            None => (std::thread::available_parallelism().map_or(1, usize::from), memory_of_this_machine()),
        };
        Capacity { jobs: jobs.map(usize::from), cpus, memory }
    }

    /// Removes whatever of this run is still there.
    ///
    /// # Errors
    /// The first engine that could not.
    pub async fn close(self) -> Result<(), RunError> {
        for engine in self.engines.all() {
            engine.close().await?;
        }
        Ok(())
    }
}

/// What to say of the state directory where something could not be done there.
fn state(action: &'static str) -> impl FnOnce(std::io::Error) -> RunError {
    move |source| RunError::State { action, source }
}

async fn connect(lease: &Arc<Lease>) -> Result<DockerEngine, String> {
    // A socket that accepts and never answers must not hold the run.
    let connect = tokio::time::timeout(Duration::from_secs(10), DockerEngine::connect(Arc::clone(lease)));
    match connect.await {
        Ok(Ok(engine)) => Ok(engine),
        Ok(Err(EngineError::Unreachable { reason, .. })) => Err(reason),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it did not answer within 10 seconds".into()),
    }
}

/// The local engine of a run.
pub(super) fn local_engine(lease: &Arc<Lease>, confinement: Confinement) -> Arc<dyn Engine> {
    let tag = RunTag { home: lease.home().id().to_owned(), run: lease.run().to_owned() };
    let home: Home = lease.home().clone();
    Arc::new(LocalEngine::new(confinement, tag, Arc::new(move |run| home.is_dead(run))))
}

/// Bytes of memory of this machine; enough for the default limit of a few targets where it does not say.
fn memory_of_this_machine() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.map_or(8 << 30, |kib| kib * 1024)
}
