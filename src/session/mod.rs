//! A run as a library call: dumps and targets go in, events go to a reporter, a report comes out.
//!
//! Nothing here parses arguments, prints, or listens for signals.

mod barman;
mod choice;
mod common_engine;
mod engines;
mod error;
mod execute;
mod fixes;
mod location;
mod report;
mod sources;

pub use choice::{NamedTargets, Targets, source_of};
pub use common_engine::{CommonEngine, NoCommonEngine};
pub use engines::{EngineOptions, EnginePool};
pub use error::{RunError, in_full};
pub use report::{Report, SCHEMA, SourceFacts, SourceKind};
pub use sources::{Inspected, base_at, inspected};

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::event::Reporter;
use crate::finding::Severity;
use crate::profile::{BaseWish, Point, TimelineWish};
use crate::source::RowMode;

/// A run that has yet to begin: what is rehearsed, in which targets, and how. Everything but the first two has a default, which
/// is that of the command line.
pub struct Run {
    dumps: Vec<Given>,
    recovery: RecoveryOptions,
    targets: Targets,
    engines: EnginesOfRun,
    options: Options,
    fixes: Option<PathBuf>,
    /// What has to hold too before anything is started.
    before_start: Option<BeforeStart>,
    interrupt: CancellationToken,
}

/// What is rehearsed, as it was given.
struct Given {
    path: PathBuf,
    /// What reports call it instead of its path.
    name: Option<String>,
    /// Its own targets, and how it is recovered, instead of those of the run.
    own: Option<(Targets, RecoveryOptions)>,
}

impl Given {
    fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), name: None, own: None }
    }
}

type BeforeStart = Box<dyn FnOnce() -> Result<(), RunError> + Send>;

/// How backups are recovered, where that is said for a run.
#[derive(Debug, Clone, Default)]
pub struct RecoveryOptions {
    /// Where the WAL is; in the base's own `pg_wal` where nothing is said.
    pub wal: Option<WalWish>,
    /// Where recovery is to stop, instead of where the profiles say; empty leaves it to them.
    pub to: Vec<Point>,
    /// Along which timeline, instead of what the profiles say.
    pub timeline: Option<TimelineWish>,
    /// A dump of the same source, to compare with at points of which the profile says that it was made there.
    pub dump: Option<PathBuf>,
    /// Which base of a repository to begin with, instead of what the profiles say.
    pub base: Option<BaseWish>,
    /// Where the bases are that an incremental one builds upon: each a base, or a folder of bases; where that is empty, the folder that the
    /// incremental one is in.
    pub earlier: Vec<PathBuf>,
    /// The moment to which the loss of data is counted; now where nothing is said.
    pub as_of: Option<jiff::Timestamp>,
}

/// Where the WAL of a base backup is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalWish {
    /// In a folder.
    Folder(PathBuf),
    /// Where this command of the user's fetches it from, on this machine: `wal-g wal-fetch %f %p`.
    Command(String),
}

/// How targets are rehearsed.
struct Options {
    jobs: Option<u16>,
    fail_fast: bool,
    rows: RowMode,
    show_data: bool,
    fail_on: Severity,
}

/// The engines of a run.
enum EnginesOfRun {
    /// They are opened when it begins.
    ToOpen(EngineOptions),
    Open(EnginePool),
}

impl Run {
    /// A run of this dump (a file or folder of pg_dump or pg_dumpall) or base backup, in these targets.
    pub fn new(dump: impl Into<PathBuf>, targets: Targets) -> Self {
        Self {
            dumps: vec![Given::new(dump)],
            recovery: RecoveryOptions::default(),
            targets,
            engines: EnginesOfRun::ToOpen(EngineOptions::default()),
            options: Options {
                jobs: None,
                fail_fast: false,
                rows: RowMode::Digest,
                show_data: false,
                fail_on: Severity::Error,
            },
            fixes: None,
            before_start: None,
            interrupt: CancellationToken::new(),
        }
    }

    /// The same run of one more dump. Each is rehearsed in all targets; those that suit a dump, or take something from it, are each
    /// dump's own.
    #[must_use]
    pub fn and(mut self, dump: impl Into<PathBuf>) -> Self {
        self.dumps.push(Given::new(dump));
        self
    }

    /// What reports call the dump that was given last, instead of its path.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>) -> Self {
        if let Some(given) = self.dumps.last_mut() {
            given.name = Some(name.into());
        }
        self
    }

    /// Rehearses what was given last in these targets alone, recovered in this way, instead of what holds for the run.
    #[must_use]
    pub fn alone(mut self, targets: Targets, recovery: RecoveryOptions) -> Self {
        if let Some(given) = self.dumps.last_mut() {
            given.own = Some((targets, recovery));
        }
        self
    }

    /// How base backups are recovered.
    #[must_use]
    pub fn recovery(mut self, recovery: RecoveryOptions) -> Self {
        self.recovery = recovery;
        self
    }

    /// Which engines may judge, and how they work.
    #[must_use]
    pub fn engines(mut self, options: EngineOptions) -> Self {
        self.engines = EnginesOfRun::ToOpen(options);
        self
    }

    /// Takes engines that are open already, and closes them when it ends.
    #[must_use]
    pub fn on(mut self, pool: EnginePool) -> Self {
        self.engines = EnginesOfRun::Open(pool);
        self
    }

    /// How many rehearsals go on at the same time, at most; by default as many as there are CPUs. Memory limits bound them too.
    #[must_use]
    pub fn jobs(mut self, jobs: Option<u16>) -> Self {
        self.options.jobs = jobs;
        self
    }

    /// Whether the first target that fails ends the run; what is not done then is untested.
    #[must_use]
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.options.fail_fast = fail_fast;
        self
    }

    /// How restored rows are compared with those that the dump holds; by digests if nothing else is said.
    #[must_use]
    pub fn rows(mut self, rows: RowMode) -> Self {
        self.options.rows = rows;
        self
    }

    /// Whether values from rows may be shown in what the run says. Secrets never are.
    #[must_use]
    pub fn show_data(mut self, show_data: bool) -> Self {
        self.options.show_data = show_data;
        self
    }

    /// The mildest finding that fails its target; an error if nothing else is said.
    #[must_use]
    pub fn fail_on(mut self, severity: Severity) -> Self {
        self.options.fail_on = severity;
        self
    }

    /// Writes what mends the findings of each target into a folder of its name in this directory, which is new or empty. Of
    /// several dumps the folder's name begins with the dump's number and file name.
    #[must_use]
    pub fn write_fixes(mut self, directory: Option<PathBuf>) -> Self {
        self.fixes = directory;
        self
    }

    /// What has to hold too before anything is started, such as that reports can be written; it is asked when the dump and the targets
    /// are known to be right.
    #[must_use]
    pub fn before_start(mut self, check: impl FnOnce() -> Result<(), RunError> + Send + 'static) -> Self {
        self.before_start = Some(Box::new(check));
        self
    }

    /// What interrupts the run when it is cancelled: everything is removed then, and what is not done is untested.
    #[must_use]
    pub fn interrupted_by(mut self, interrupt: CancellationToken) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Runs it. When this ends, nothing that it started is left; what could not be removed is reported as a notice.
    ///
    /// # Errors
    /// Where it comes to no verdict at all. A target that could not be tested is no error: the report says so.
    pub async fn execute(self, reporter: &Reporter) -> Result<Report, RunError> {
        execute::execute(self, reporter).await
    }
}
