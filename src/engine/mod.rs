//! What can start a throwaway cluster, and the cluster that it started.
//!
//! Nothing here knows of dumps: an engine makes a sandbox from a [`SandboxSpec`], hands out connections to its server,
//! runs client programs in it, watches its limits, and removes it.

pub mod choice;
pub mod docker;
mod extensions;
mod input;
pub mod lease;
pub mod local;
pub mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::event::Events;
use crate::postgres::Major;
use crate::profile::{Entrypoint, Limits, LocaleProvider, Pull};
pub use extensions::{Control, ExtensionRights};

/// An engine by the name that `--engine` takes and the report gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    Docker,
    Local,
    /// The local engine without bubblewrap around it (`--unconfined`).
    #[serde(rename = "local-unconfined")]
    LocalUnconfined,
}

impl EngineKind {
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Docker => "docker",
            EngineKind::Local => "local",
            EngineKind::LocalUnconfined => "local, unconfined",
        }
    }
}

/// Which PostgreSQL a sandbox runs, or a client comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Server {
    /// A major version, from the engine's own source: an image repository, the installed versions.
    Major(Major),
    /// A whole image reference; only an engine of containers has these.
    Image(String),
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Major(major) => write!(f, "PostgreSQL {major}"),
            Server::Image(image) => f.write_str(image),
        }
    }
}

/// What shapes a data directory when `initdb` makes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InitdbOptions {
    pub encoding: String,
    pub locale: String,
    pub locale_provider: LocaleProvider,
    pub icu_locale: Option<String>,
    pub superuser: String,
    /// Operating system locales that must exist beside `locale`.
    pub locales: Vec<String>,
    /// Whether data pages have checksums; PostgreSQL's own default where `None`.
    pub checksums: Option<bool>,
    /// Bytes of a WAL file, a power of two from 1 MiB on; PostgreSQL's own default where `None`.
    pub wal_segment_size: Option<u64>,
}

impl InitdbOptions {
    /// initdb's arguments for what pages and WAL files are like. Those of PostgreSQL 17 and older have no option against
    /// checksums, and make none where nothing asks for them; `has_no_checksums` says whether this one has the option.
    fn page_arguments(&self, has_no_checksums: bool) -> Vec<String> {
        let mut arguments = Vec::new();
        match self.checksums {
            Some(true) => arguments.push("--data-checksums".to_owned()),
            Some(false) if has_no_checksums => arguments.push("--no-data-checksums".to_owned()),
            Some(false) | None => {}
        }
        arguments.extend(self.wal_segment_size.map(|bytes| format!("--wal-segsize={}", bytes >> 20)));
        arguments
    }
}

/// Where the data directory of a sandbox comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataDirectory {
    /// `initdb` makes it, and the sandbox is there when its server accepts connections.
    Initdb,
    /// Programs bring it in, such as a base backup: the sandbox begins with an empty [`Sandbox::directory`] and no server, which
    /// [`Sandbox::server`] gives as a program when there is something to serve.
    BroughtIn,
}

/// Where a sandbox keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// In memory, which counts against the memory limit: fastest for small dumps.
    Memory,
    /// On disk.
    Disk,
}

/// Bytes that data in memory have room for: half of the memory, the rest is the server's.
pub fn room_in_memory(limits: &Limits) -> u64 {
    limits.memory.0 / 2
}

/// What a sandbox is to be.
#[derive(Debug, Clone)]
pub struct SandboxSpec {
    pub target: String,
    pub server: Server,
    /// Where images of `Server::Major` are taken from; `None` is the engine's default.
    pub image_repository: Option<String>,
    /// Their tag, in which `{postgres}` stands for the major version; that alone where `None`.
    pub image_tag: Option<String>,
    /// When images are pulled.
    pub pull: Pull,
    /// What starts the server.
    pub entrypoint: Entrypoint,
    /// Another PostgreSQL that client programs come from; the server's own where `None`.
    pub client: Option<Server>,
    pub initdb: InitdbOptions,
    pub data: DataDirectory,
    /// Server settings by name, given on the server's command line, so that nothing inside can change them.
    pub settings: BTreeMap<String, String>,
    /// Those of them, by name, whose values are secrets: they stand in a file inside the sandbox instead, since whoever may
    /// look at processes and containers reads command lines.
    pub hidden: BTreeSet<String>,
    /// What the server lets one do with extensions.
    pub extensions: ExtensionRights,
    /// How many directories for tablespaces there are, at [`Sandbox::tablespace`].
    pub tablespaces: usize,
    pub limits: Limits,
    pub storage: Storage,
    /// A file or directory of this machine that client programs read, at [`Sandbox::input`].
    pub input: Option<PathBuf>,
    /// Whether a data directory that an earlier run made may be used, and this one's kept.
    pub cache: bool,
}

/// What can start a cluster.
#[async_trait]
pub trait Engine: Send + Sync {
    fn kind(&self) -> EngineKind;

    /// Whether `server` is at hand, without fetching anything.
    async fn has(&self, server: &Server, image_repository: Option<&str>) -> bool;

    /// Whether it could get this server from a registry; an engine without registries cannot.
    async fn can_pull(&self, _server: &Server, _image_repository: Option<&str>) -> bool {
        false
    }

    /// Makes sure that what `spec` names is at hand, fetching it if need be, so that [`Engine::start`] does not wait
    /// for a network.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] says what is missing and what to do.
    async fn provide(&self, spec: &SandboxSpec, events: &Events) -> Result<(), EngineError>;

    /// Starts a sandbox and waits until its server accepts connections, where it begins with one.
    async fn start(&self, spec: &SandboxSpec, events: &Events) -> Result<Box<dyn Sandbox>, EngineError>;

    /// Whether the engine answers at all, found out within seconds.
    async fn answers(&self) -> bool {
        true
    }

    /// Ends the engine's work for this run, and removes whatever of the run is still there.
    async fn close(&self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Removes what dead runs left, and with `all` what is kept between runs too.
    async fn sweep(&self, all: bool) -> Result<Sweep, EngineError>;
}

/// What came of a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    pub removed: Vec<Swept>,
    /// What should be gone and could not be removed, each with why: `volume x: volume is in use`. It keeps nothing else
    /// from being removed.
    pub failed: Vec<String>,
}

/// One thing that a sweep removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Swept {
    /// `container`, `volume`, `image` or `directory`.
    pub kind: &'static str,
    pub name: String,
}

/// A byte stream to the sandbox's server.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

pub type BoxedReader = Pin<Box<dyn AsyncRead + Send>>;

/// Whose programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the version that restores.
    Client,
    /// The server's own: what reads its catalogs must not be older than it.
    Server,
    /// The server's own, with its rights: it may write into [`Sandbox::directory`].
    Owner,
}

/// A client program to run in the sandbox. The server's address is in its environment (`PGHOST`, `PGPORT`).
pub struct Program {
    /// `pg_restore`, `psql`, … and its arguments; found on the client's path.
    pub argv: Vec<String>,
    pub whose: Whose,
    pub env: Vec<(String, String)>,
    /// What it reads on standard input, to its end.
    pub stdin: Option<BoxedReader>,
}

/// A client program that runs.
pub struct Running {
    pub stdout: BoxedReader,
    pub stderr: BoxedReader,
    /// Ends with the program's exit code, after both streams have ended or been dropped.
    pub exit: Pin<Box<dyn Future<Output = Result<i64, EngineError>> + Send>>,
}

/// One started, isolated, throwaway cluster.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// What was started, for people: an image with its id, or a directory of programs.
    fn describe(&self) -> String;

    /// A new connection's byte stream to the server.
    async fn connect(&self) -> Result<Box<dyn Pipe>, EngineError>;

    /// Where the spec's input is seen by client programs, if it has one. Uploads it first where it cannot be mounted.
    async fn input(&self) -> Result<Option<String>, EngineError>;

    /// The empty directory, the server's own, for one of the spec's tablespaces, counted from 1.
    fn tablespace(&self, number: usize) -> String;

    /// The one directory that the server may write to, as programs see it. The data directory is `pgdata` in it, the server's log is in
    /// `log`.
    fn directory(&self) -> String;

    /// The program that is the server of a data directory that was [brought in](DataDirectory::BroughtIn). It ends when the server
    /// does. `settings` go before those of the spec.
    fn server(&self, settings: &BTreeMap<String, String>) -> Program;

    /// Runs a client program.
    async fn run(&self, program: Program) -> Result<Running, EngineError>;

    /// Ends when the sandbox hit a limit or its server went away, and never otherwise.
    async fn failure(&self) -> EngineError;

    /// What became of the sandbox, asked after something in it failed: a limit that was hit explains it.
    async fn limit_hit(&self) -> Option<LimitHit>;

    /// Looks at the limits once more, when all is done: what was written since the last look is seen too.
    ///
    /// # Errors
    /// When a limit is hit, or whoever looks can look no more.
    async fn at_end(&self) -> Result<(), EngineError>;

    /// Why nothing goes on in it, asked after something failed or its time was up: it may have ended, somebody else may have
    /// paused it, or the engine may be gone.
    async fn stands_still(&self) -> Option<EngineError> {
        None
    }

    /// Removes the sandbox and all that belongs to it.
    async fn remove(self: Box<Self>) -> Result<(), EngineError>;
}

/// A limit of the profile that a sandbox ran into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit reached: {name} ({value}); raise `limits.{name}` in the profile")]
pub struct LimitHit {
    /// The key under `limits:`: `memory`, `pids`, `shm`, `disk` or `timeout`.
    pub name: &'static str,
    /// The limit's value as a profile would write it.
    pub value: String,
}

/// Why a sandbox could not be had, or did not hold. Never a fact about a dump.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine itself does not answer.
    #[error("{engine} cannot be reached: {reason}")]
    Unreachable { engine: &'static str, reason: String },
    /// Something that the target needs is not at hand and cannot be fetched.
    #[error("{what}: {reason}; {remedy}")]
    Unavailable { what: String, reason: String, remedy: String },
    /// The image lacks a locale that the target asks for, and it cannot be generated there.
    #[error("locale {locale}: {reason}; {remedy}")]
    NoLocale { locale: String, reason: String, remedy: &'static str },
    /// The cluster could not be created or started: `log` is what it printed.
    #[error("{step} failed in the sandbox: {log}")]
    Start { step: &'static str, log: String },
    #[error(transparent)]
    Limit(#[from] LimitHit),
    /// The server or its container ended while it was needed.
    #[error("the sandbox ended early: {0}")]
    Gone(String),
    /// A call to the engine failed.
    #[error("{action}: {reason}")]
    Call { action: &'static str, reason: String },
    #[error("{action}: {source}")]
    Io { action: &'static str, source: std::io::Error },
}

impl EngineError {
    /// The limit behind the error, if one was hit.
    pub fn limit(&self) -> Option<&LimitHit> {
        match self {
            EngineError::Limit(limit) => Some(limit),
            _ => None,
        }
    }
}
