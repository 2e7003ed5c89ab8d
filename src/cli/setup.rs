//! What several commands need: engines, the scan, the room on the machine, interruption.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use pgdump_reader::Dump;
use tokio_util::sync::CancellationToken;

use super::arguments::Engine as EngineArguments;
use super::say;
use crate::check::RowMode;
use crate::engine::choice::{Choice, Engines};
use crate::engine::docker::DockerEngine;
use crate::engine::lease::{Home, Lease};
use crate::engine::local::{Confinement, LocalEngine, RunTag};
use crate::engine::{Engine, Sweep};
use crate::exit;
use crate::matrix::Room;
use crate::rehearsal::ScanInProgress;
use crate::session::{RunError, in_full};

/// The engines of a run, and the claim to what they make.
pub struct Workshop {
    pub lease: Arc<Lease>,
    pub engines: Engines,
    /// What Docker says of its machine, where it answers.
    pub docker: Option<crate::engine::docker::About>,
}

impl Workshop {
    /// Opens the engines that the arguments allow, and removes what dead runs left.
    pub async fn open(arguments: &EngineArguments) -> Result<Workshop, RunError> {
        let workshop = Self::open_unswept(arguments).await?;
        // Another run's leftovers must not stop this one, and not stay unknown.
        match workshop.sweep(false).await {
            Ok(sweep) => sweep.failed.iter().for_each(|failed| not_removed(failed)),
            Err(error) => not_removed(&in_full(&error)),
        }
        Ok(workshop)
    }

    /// Opens the engines that the arguments allow.
    pub async fn open_unswept(arguments: &EngineArguments) -> Result<Workshop, RunError> {
        let choice = Choice::from(arguments.engine);
        if arguments.unconfined && choice != Choice::Local {
            return Err(RunError::Usage(
                "--unconfined goes with --engine local: it runs the dump's code on this machine without walls".into(),
            ));
        }
        let home =
            Home::open().map_err(state("cannot open the state directory; PGREHEARSE_STATE_DIR names another"))?;
        let lease = Arc::new(home.begin_run().map_err(state("cannot begin a run in the state directory"))?);
        let confinement = if arguments.unconfined { Confinement::Unconfined } else { Confinement::Confined };
        let local = local_engine(&lease, confinement);
        let (docker, about) = match choice {
            Choice::Local => (Err("--engine local is given".to_owned()), None),
            Choice::Auto | Choice::Docker => match connect(&lease).await {
                Ok(engine) => {
                    let about = engine.about.clone();
                    (Ok(Arc::new(engine) as Arc<dyn Engine>), Some(about))
                }
                Err(reason) => (Err(reason), None),
            },
        };
        Ok(Workshop { lease, engines: Engines { choice, docker, local }, docker: about })
    }

    /// Removes what dead runs left, on every engine that answers.
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

    /// How many rehearsals fit.
    pub fn room(&self, jobs: Option<u16>) -> Room {
        let (cpus, memory) = match &self.docker {
            Some(about) => (usize::try_from(about.cpus).unwrap_or(1), about.memory),
            None => (std::thread::available_parallelism().map_or(1, usize::from), memory_of_this_machine()),
        };
        Room { jobs: jobs.map(usize::from), cpus, memory }
    }

    /// Removes whatever of this run is still there.
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

fn not_removed(what: &str) {
    let what = crate::report::text::visible(what);
    say(&format!("pgrehearse: something that an earlier run left could not be removed: {what}"));
}

async fn connect(lease: &Arc<Lease>) -> Result<DockerEngine, String> {
    // A socket that accepts and never answers must not hold the run.
    let connect = tokio::time::timeout(Duration::from_secs(10), DockerEngine::connect(Arc::clone(lease)));
    match connect.await {
        Ok(Ok(engine)) => Ok(engine),
        Ok(Err(crate::engine::EngineError::Unreachable { reason, .. })) => Err(reason),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it did not answer within 10 seconds".into()),
    }
}

/// The local engine of this run.
pub fn local_engine(lease: &Arc<Lease>, confinement: Confinement) -> Arc<dyn Engine> {
    let tag = RunTag { home: lease.home().id().to_owned(), run: lease.run().to_owned() };
    let home: Home = lease.home().clone();
    Arc::new(LocalEngine::new(confinement, tag, Arc::new(move |run| home.is_dead(run))))
}

/// Starts the full pass over the dump; whoever needs it waits for it.
pub fn begin_scan(dump: &Arc<Dump>, rows: RowMode) -> ScanInProgress {
    let dump = Arc::clone(dump);
    let scan = tokio::task::spawn_blocking(move || match rows {
        RowMode::Digest => dump.scan(),
        RowMode::Count | RowMode::Off => dump.count(),
    });
    async move {
        match scan.await {
            Ok(Ok(scan)) => Ok(Arc::new(scan)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("reading the dump failed, which is a bug of pgrehearse ({error})")),
        }
    }
    .boxed()
    .shared()
}

/// Which signal interrupted a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    pub fn exit_code(self) -> u8 {
        match self {
            Signal::Interrupt => exit::INTERRUPTED,
            Signal::Terminate => exit::TERMINATED,
        }
    }
}

/// Signals that come within this time are one.
const ONE_SIGNAL: Duration = Duration::from_millis(500);

/// Interrupts on SIGINT, SIGTERM and SIGHUP. The first one lets everything be removed; the second one ends at once and
/// leaves the removal to the next run.
pub fn watch_signals(interrupt: CancellationToken) -> Result<tokio::sync::watch::Receiver<Option<Signal>>, RunError> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = tokio::sync::watch::channel(None);
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut first: Option<Instant> = None;
        loop {
            let signal = tokio::select! {
                _ = interrupts.recv() => Signal::Interrupt,
                _ = terminations.recv() => Signal::Terminate,
                _ = hangups.recv() => Signal::Terminate,
            };
            if let Some(first) = first {
                // `timeout` sends its signal to the process and at once to its group, which is nobody's second word.
                if first.elapsed() < ONE_SIGNAL {
                    continue;
                }
                std::process::exit(i32::from(signal.exit_code()));
            }
            first = Some(Instant::now());
            let _ = sender.send(Some(signal));
            say("pgrehearse: interrupted; removing what was started (once more to leave at once)");
            interrupt.cancel();
        }
    });
    Ok(receiver)
}

/// Bytes of memory of this machine; 0 where it does not say.
fn memory_of_this_machine() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    // Where there is no /proc, enough for the default limit of a few targets.
    kib.map_or(8 << 30, |kib| kib * 1024)
}
