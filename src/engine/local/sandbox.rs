//! A sandbox's life: made, started, used, removed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use nix::fcntl::OFlag;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::ChildStdin;
use tokio::task::JoinHandle;

use super::directory::Directory;
use super::keeper::Cpus;
use super::launch::{Launcher, Role};
use super::process::{Process, Streams, kill_all_in};
use super::tail::Tail;
use super::watch::{Failure, Watched, bytes};
use super::{Means, RunTag, blocking, extensions, initdb, input};
use crate::engine::settings::{given, server_settings, settings_of_brought_in};
use crate::engine::{
    BoxedReader, DataDirectory, EngineError, ExtensionRights, InitdbOptions, LimitHit, Pipe, Program, Running, Sandbox,
    SandboxSpec, Whose,
};
use crate::event::{Events, Phase};
use crate::postgres::Major;

/// How often a starting server is asked whether it is ready.
const POLL: Duration = Duration::from_millis(10);

/// A cluster of an installed PostgreSQL. Dropped without [`Sandbox::remove`] it is removed all the same, only
/// blocking and without a word about what failed.
struct LocalSandbox {
    spec: SandboxSpec,
    launcher: Launcher,
    watched: Arc<Watched>,
    cpus: Cpus,
    /// `None` once it has been removed.
    directory: Option<Directory>,
    watcher: JoinHandle<()>,
    server: Option<Process>,
    /// The socket that the server made before any code of a dump ran. Clients of this process connect to it and not
    /// to its name, behind which such code could put a link to any other socket of this machine.
    socket: Option<fs::File>,
    /// The server's shared memory segment. Unconfined it belongs to the machine and outlives a server that was killed.
    segment: Option<String>,
    description: String,
}

/// Makes a sandbox and waits until its server accepts connections.
pub(super) async fn start(
    means: Means,
    run: &RunTag,
    spec: &SandboxSpec,
    events: &Events,
) -> Result<impl Sandbox + use<>, EngineError> {
    let description = describe(&means);
    let major = means.server.major;
    let directory = {
        let (run, target, run_as) = (run.clone(), spec.target.clone(), means.run_as.clone());
        let make = move || Directory::make(&run, &target, run_as.as_ref());
        blocking("make the sandbox's directory", make).await?.map_err(io("make the sandbox's directory"))?
    };
    let watched = Arc::new(Watched::new(spec.limits.clone(), directory.path().to_owned()));
    let watcher = {
        let watched = Arc::clone(&watched);
        tokio::spawn(async move { watched.watch().await })
    };
    let launcher = Launcher {
        bubblewrap: means.bubblewrap,
        run_as: means.run_as,
        limits: spec.limits.clone(),
        directory: directory.path().to_owned(),
        server_bindir: means.server.bindir,
        client_bindir: means.client.bindir,
        input: means.input,
        extensions: None,
    };
    // From here on, whatever fails and whoever stops waiting, dropping the sandbox clears up.
    let mut sandbox = LocalSandbox {
        spec: spec.clone(),
        launcher,
        watched,
        cpus: Cpus::choose(spec.limits.cpus),
        directory: Some(directory),
        watcher,
        server: None,
        socket: None,
        segment: None,
        description,
    };

    events.phase(Phase::Initdb).await;
    sandbox.lay_out_extensions(&spec.extensions).await?;
    let (made, readable) = tokio::join!(sandbox.data_directory(spec, major), sandbox.can_read_input());
    made?;
    if !readable? {
        sandbox.copy_input().await?;
    }
    events.phase(Phase::Start).await;
    sandbox.make_tablespaces(spec.tablespaces).await?;
    match spec.data {
        DataDirectory::Initdb => sandbox.start_server().await?,
        DataDirectory::BroughtIn => {}
    }
    Ok(sandbox)
}

fn describe(means: &Means) -> String {
    let walls = match &means.bubblewrap {
        Some(bubblewrap) => format!("in {}", bubblewrap.version),
        None => "unconfined".to_owned(),
    };
    let user = means.run_as.as_ref().map(|user| format!(", as user {}", user.name)).unwrap_or_default();
    let client = if means.client == means.server {
        String::new()
    } else {
        format!(", clients of {} from {}", means.client.version, means.client.bindir.display())
    };
    format!("PostgreSQL {} from {}{client}, {walls}{user}", means.server.version, means.server.bindir.display())
}

impl LocalSandbox {
    /// Starts a process and adds it to those that are watched.
    async fn spawn(&self, role: Role, argv: &[OsString], env: &[(String, String)], stdin: Stdio) -> SpawnResult {
        if let Some(failure) = self.watched.failed() {
            return Err(failure.into());
        }
        let mut command = self.launcher.command(role, argv, env, self.watched.time_left());
        command.stdin(stdin);
        let confined = self.launcher.bubblewrap.is_some();
        let started = Process::spawn(command.into(), confined, &self.cpus).await;
        let (process, streams) = started.map_err(io("start a process of the sandbox"))?;
        if !self.watched.add(&process) {
            process.kill().await;
            return Err(self.why("the sandbox has been closed"));
        }
        Ok((process, streams))
    }

    /// The sandbox's failure if there is one, else `otherwise`.
    fn why(&self, otherwise: &str) -> EngineError {
        self.watched.failed().unwrap_or_else(|| Failure::Gone(otherwise.to_owned())).into()
    }

    /// Runs a command to its end and gives its exit code and what it printed last.
    async fn run_to_end(&self, role: Role, argv: &[OsString]) -> Result<(i64, String), EngineError> {
        let (process, streams) = self.spawn(role, argv, &[], Stdio::null()).await?;
        let printed = Tail::default();
        tokio::join!(printed.read(streams.stdout), printed.read(streams.stderr));
        let code = process.end().await;
        match self.watched.failed() {
            Some(failure) => Err(failure.into()),
            None => Ok((code, printed.text())),
        }
    }

    /// Makes the data directory, or an empty one that something is brought into.
    async fn data_directory(&self, spec: &SandboxSpec, major: Major) -> Result<(), EngineError> {
        match spec.data {
            DataDirectory::Initdb => self.initdb(&spec.initdb, major).await,
            DataDirectory::BroughtIn => {
                let pgdata = format!("{}/pgdata", self.launcher.paths().data);
                let argv = ["mkdir", "-m", "700", "--", &pgdata].map(OsString::from);
                match self.run_to_end(Role::Server, &argv).await? {
                    (0, _) => Ok(()),
                    (_, log) => Err(EngineError::Start { step: "mkdir", log }),
                }
            }
        }
    }

    async fn initdb(&self, options: &InitdbOptions, major: Major) -> Result<(), EngineError> {
        let pgdata = format!("{}/pgdata", self.launcher.paths().data);
        let argv = initdb::arguments(options, major, &pgdata);
        match self.run_to_end(Role::Server, &argv).await? {
            (0, _) => Ok(()),
            (_, log) => Err(EngineError::Start { step: "initdb", log }),
        }
    }

    /// Gives the server a directory of extensions of its own, where the target wants other control files.
    async fn lay_out_extensions(&mut self, rights: &ExtensionRights) -> Result<(), EngineError> {
        const ACTION: &str = "lay out the sandbox's extensions";
        if rights.are_as_shipped() {
            return Ok(());
        }
        let pgdata = format!("--pgdata={}/pgdata", self.launcher.paths().data);
        let argv = ["initdb", "--show", &pgdata].map(OsString::from);
        let (_, printed) = self.run_to_end(Role::Server, &argv).await?;
        let share = printed.lines().find_map(|line| line.strip_prefix("share_path=")).map(Path::new);
        let Some(original) = share.map(|share| share.join("extension")).filter(|directory| directory.is_dir()) else {
            return Err(EngineError::Start { step: "initdb --show", log: printed });
        };
        let (from, into, rights) =
            (original.clone(), self.launcher.directory.join(extensions::DIRECTORY), rights.clone());
        blocking(ACTION, move || extensions::lay_out(&from, &into, &rights)).await?.map_err(io(ACTION))?;
        self.launcher.extensions = Some(original);
        Ok(())
    }

    async fn make_tablespaces(&self, count: usize) -> Result<(), EngineError> {
        if count == 0 {
            return Ok(());
        }
        let mut argv: Vec<OsString> = ["mkdir", "-p", "--"].map(OsString::from).into();
        argv.extend((1..=count).map(|number| self.tablespace(number).into()));
        match self.run_to_end(Role::Server, &argv).await? {
            (0, _) => Ok(()),
            (_, log) => Err(EngineError::Start { step: "mkdir", log }),
        }
    }

    /// Whether clients can open the input, found out by doing it as they would.
    async fn can_read_input(&self) -> Result<bool, EngineError> {
        if self.launcher.input.is_none() {
            return Ok(true);
        }
        let argv = ["sh", "-c", input::READABLE, "sh", &self.launcher.paths().input].map(OsString::from);
        Ok(self.run_to_end(Role::Client, &argv).await?.0 == 0)
    }

    async fn copy_input(&mut self) -> Result<(), EngineError> {
        const ACTION: &str = "copy the sandbox's input";
        let Some(original) = self.launcher.input.clone() else { return Ok(()) };
        let (directory, run_as) = (self.launcher.directory.clone(), self.launcher.run_as.clone());
        let copy = blocking(ACTION, move || input::copy(&original, &directory, run_as.as_ref())).await?;
        self.launcher.input = Some(copy.map_err(io(ACTION))?);
        Ok(())
    }

    /// Paths and addresses of the server.
    fn own_settings(&self) -> [(&'static str, String); 6] {
        let data = self.launcher.paths().data;
        [
            ("listen_addresses", String::new()),
            ("unix_socket_directories", format!("{data}/socket")),
            ("port", "5432".to_owned()),
            ("log_directory", format!("{data}/log")),
            ("log_filename", "postgresql".to_owned()),
            ("log_file_mode", "0600".to_owned()),
        ]
    }

    /// The server's command with these arguments.
    fn server_command(&self, arguments: Vec<String>) -> Vec<String> {
        let mut argv = vec!["postgres".to_owned(), "-D".to_owned(), format!("{}/pgdata", self.launcher.paths().data)];
        argv.extend(arguments);
        argv
    }

    /// Starts the server and waits until it accepts connections.
    async fn start_server(&mut self) -> Result<(), EngineError> {
        let SandboxSpec { limits, storage, settings, hidden, .. } = &self.spec;
        let given = given(&server_settings(limits, *storage, settings, &self.own_settings()), hidden);
        let (argv, settings) = (self.server_command(given.arguments), given.file);
        let argv: Vec<OsString> = argv.into_iter().map(OsString::from).collect();
        if !settings.is_empty() {
            // No code of a dump has run, so nothing but initdb's own file can be there.
            const ACTION: &str = "give the sandbox its settings";
            let path = self.launcher.directory.join("data/pgdata/postgresql.conf");
            let append = move || fs::OpenOptions::new().append(true).open(path)?.write_all(settings.as_bytes());
            blocking(ACTION, append).await?.map_err(io(ACTION))?;
        }
        let (server, streams) = self.spawn(Role::Server, &argv, &[], Stdio::null()).await?;
        self.server = Some(server.clone());

        let printed = Arc::new(Tail::default());
        {
            let printed = Arc::clone(&printed);
            tokio::spawn(async move { tokio::join!(printed.read(streams.stdout), printed.read(streams.stderr)) });
        }
        self.ready(&server, &self.spec.initdb.superuser, &printed).await?;
        self.socket = open_socket(&self.socket_path());
        self.segment = self.launcher.bubblewrap.is_none().then(|| segment(&self.launcher.directory)).flatten();

        let watched = Arc::clone(&self.watched);
        tokio::spawn(async move {
            let code = server.end().await;
            watched.fail(Failure::Gone(format!("the server ended with exit code {code}")));
        });
        Ok(())
    }

    async fn ready(&self, server: &Process, superuser: &str, printed: &Tail) -> Result<(), EngineError> {
        let mut config = tokio_postgres::Config::new();
        config.user(superuser).dbname("postgres");
        let path = self.socket_path();
        loop {
            if let Some(failure) = self.watched.failed() {
                return Err(failure.into());
            }
            if let Some(code) = server.ended() {
                // Its last words may still be on their way.
                tokio::time::sleep(POLL).await;
                let log = format!("exit code {code}\n{}{}", printed.text(), self.log_tail(4096));
                return Err(EngineError::Start { step: "postgres", log });
            }
            if let Ok(stream) = UnixStream::connect(&path).await
                && let Ok((client, connection)) = config.connect_raw(stream, tokio_postgres::NoTls).await
            {
                drop(client);
                // Says goodbye, so that the log does not begin with a lost connection.
                let _ = connection.await;
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn socket_path(&self) -> PathBuf {
        // The directory is there until `remove` takes the sandbox itself.
        self.directory.as_ref().map(Directory::socket).unwrap_or_default()
    }

    /// The end of the server's log. Its writer is not trusted, so no link is followed and no pipe waited for.
    fn log_tail(&self, most: u64) -> String {
        let path = self.launcher.directory.join("data/log/postgresql.csv");
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let read = || -> std::io::Result<String> {
            let mut file = fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Ok(String::new());
            }
            file.seek(SeekFrom::Start(metadata.len().saturating_sub(most)))?;
            let mut tail = Vec::new();
            file.take(most).read_to_end(&mut tail)?;
            Ok(String::from_utf8_lossy(&tail).into_owned())
        };
        read().unwrap_or_default()
    }

    /// A limit that the kernel enforced by itself shows only in what the server said about it.
    fn limit_in_log(&self) -> Option<LimitHit> {
        const MOST: u64 = 4 << 20;
        let log = self.log_tail(MOST);
        let limits = &self.watched.limits;
        if log.contains(",\"could not resize shared memory segment ") && log.contains(": No space left on device") {
            Some(LimitHit { name: "shm", value: bytes(limits.shm.0) })
        } else if log.contains(",\"could not fork ") && log.contains(": Resource temporarily unavailable") {
            Some(LimitHit { name: "pids", value: limits.pids.to_string() })
        } else if log.contains(",\"could not extend file ") && log.contains(": File too large") {
            Some(LimitHit { name: "disk", value: bytes(limits.disk.0) })
        } else {
            None
        }
    }

    /// What unconfined processes can leave on the machine beside their directory.
    fn clear_up_unconfined(directory: &Path, segment: Option<&str>) {
        kill_all_in(directory);
        // A server that ended in order has removed the file and the segment. One that was not there from the beginning has only the file.
        let segment = match segment {
            Some(known) => directory.join("data/pgdata/postmaster.pid").exists().then(|| known.to_owned()),
            None => self::segment(directory),
        };
        if let Some(segment) = segment {
            let _ = Command::new("ipcrm").args(["-m", &segment]).stderr(Stdio::null()).status();
        }
    }
}

type SpawnResult = Result<(Process, Streams), EngineError>;

fn io(action: &'static str) -> impl FnOnce(std::io::Error) -> EngineError {
    move |source| EngineError::Io { action, source }
}

/// Opens the socket itself, whatever its name may later lead to.
#[cfg(target_os = "linux")]
fn open_socket(path: &Path) -> Option<fs::File> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
    fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_socket(_path: &Path) -> Option<fs::File> {
    None
}

/// The id of the server's shared memory segment: the last number on the seventh line of postmaster.pid
/// (`LOCK_FILE_LINE_SHMEM_KEY`, src/include/utils/pidfile.h).
fn segment(directory: &Path) -> Option<String> {
    let text = fs::read_to_string(directory.join("data/pgdata/postmaster.pid")).ok()?;
    let id = text.lines().nth(6)?.split_ascii_whitespace().nth(1)?;
    id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.to_owned())
}

#[async_trait]
impl Sandbox for LocalSandbox {
    fn describe(&self) -> String {
        self.description.clone()
    }

    async fn connect(&self) -> Result<Box<dyn Pipe>, EngineError> {
        if let Some(failure) = self.watched.failed() {
            return Err(failure.into());
        }
        let connected = match &self.socket {
            Some(socket) => UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await,
            // Of a server that was started later, there may be another one each time.
            None => match open_socket(&self.socket_path()) {
                Some(socket) => UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await,
                None if cfg!(target_os = "linux") => Err(std::io::ErrorKind::NotFound.into()),
                None => UnixStream::connect(self.socket_path()).await,
            },
        };
        match (connected, self.watched.failed()) {
            (Ok(stream), _) => Ok(Box::new(stream)),
            (Err(_), Some(failure)) => Err(failure.into()),
            (Err(source), None) => Err(EngineError::Io { action: "connect to the sandbox's server", source }),
        }
    }

    async fn input(&self) -> Result<Option<String>, EngineError> {
        Ok(self.launcher.input.as_ref().map(|_| self.launcher.paths().input))
    }

    fn tablespace(&self, number: usize) -> String {
        format!("{}/tablespaces/{number}", self.launcher.paths().data)
    }

    fn directory(&self) -> String {
        self.launcher.paths().data
    }

    fn server(&self, settings: &BTreeMap<String, String>) -> Program {
        let SandboxSpec { limits, storage, .. } = &self.spec;
        let settings = settings_of_brought_in(limits, *storage, settings, &self.own_settings());
        let argv = self.server_command(given(&settings, &BTreeSet::new()).arguments);
        Program { argv, whose: Whose::Owner, env: Vec::new(), stdin: None }
    }

    async fn run(&self, program: Program) -> Result<Running, EngineError> {
        let mut argv: Vec<OsString> = program.argv.into_iter().map(OsString::from).collect();
        let role = match program.whose {
            Whose::Client | Whose::Server => Role::Client,
            Whose::Owner => Role::Server,
        };
        if program.whose == Whose::Server
            && let Some(name) = argv.first_mut()
        {
            *name = self.launcher.server_bindir.join(&*name).into_os_string();
        }
        let stdin = if program.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let (process, streams) = self.spawn(role, &argv, &program.env, stdin).await?;
        let unread = Arc::new(Mutex::new(None));
        let feeder = match (program.stdin, streams.stdin) {
            (Some(reader), Some(stdin)) => Some(tokio::spawn(feed(reader, stdin, Arc::clone(&unread)))),
            _ => None,
        };
        let watched = Arc::clone(&self.watched);
        let process = KillOnDrop(process);
        let exit = async move {
            let code = process.0.end().await;
            if let Some(feeder) = feeder {
                feeder.abort();
            }
            if let Some(failure) = watched.failed() {
                return Err(failure.into());
            }
            let unread = unread.lock().unwrap_or_else(PoisonError::into_inner).take();
            match unread {
                Some(source) => Err(EngineError::Io { action: "read a program's input", source }),
                None => Ok(code),
            }
        };
        Ok(Running { stdout: boxed(streams.stdout), stderr: boxed(streams.stderr), exit: Box::pin(exit) })
    }

    async fn failure(&self) -> EngineError {
        self.watched.failure().await.into()
    }

    async fn limit_hit(&self) -> Option<LimitHit> {
        match self.watched.failed() {
            Some(Failure::Limit(limit)) => Some(limit),
            _ => self.limit_in_log(),
        }
    }

    async fn at_end(&self) -> Result<(), EngineError> {
        if let Some(failure) = self.watched.failed() {
            return Err(failure.into());
        }
        match self.watched.disk().await {
            Some(hit) => Err(hit.into()),
            None => Ok(()),
        }
    }

    async fn remove(mut self: Box<Self>) -> Result<(), EngineError> {
        const ACTION: &str = "remove the sandbox's directory";
        self.watcher.abort();
        let processes = self.watched.close();
        let unconfined = self.launcher.bubblewrap.is_none();
        if let (true, Some(server)) = (unconfined, &self.server) {
            server.quit().await;
        }
        futures_util::future::join_all(processes.iter().map(Process::kill)).await;
        // Taken only now: if nobody waits for the end of this, dropping the sandbox does the rest.
        let (Some(directory), segment) = (self.directory.take(), self.segment.take()) else { return Ok(()) };
        let remove = move || {
            if unconfined {
                Self::clear_up_unconfined(directory.path(), segment.as_deref());
            }
            directory.remove()
        };
        blocking(ACTION, remove).await?.map_err(io(ACTION))
    }
}

impl Drop for LocalSandbox {
    fn drop(&mut self) {
        let Some(directory) = self.directory.take() else { return };
        self.watcher.abort();
        let processes = self.watched.close();
        let unconfined = self.launcher.bubblewrap.is_none();
        if let (true, Some(server)) = (unconfined, &self.server) {
            server.quit_blocking();
        }
        processes.iter().for_each(Process::kill_blocking);
        if unconfined {
            Self::clear_up_unconfined(directory.path(), self.segment.as_deref());
        }
        drop(directory);
    }
}

/// Kills a program that nobody waits for any more.
struct KillOnDrop(Process);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Does nothing to one that has ended.
        self.0.kill_soon();
    }
}

/// Copies `reader` to a program. A program may end before it has read everything; but input that could not be read
/// looks to it like the end of the input, so that is recorded before it can see it.
async fn feed(mut reader: BoxedReader, mut stdin: ChildStdin, unread: Arc<Mutex<Option<std::io::Error>>>) {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) => break,
            Ok(read) => {
                if stdin.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                *unread.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                break;
            }
        }
    }
    let _ = stdin.shutdown().await;
}

fn boxed(stream: Option<impl AsyncRead + Send + 'static>) -> BoxedReader {
    match stream {
        Some(stream) => Box::pin(stream),
        None => Box::pin(tokio::io::empty()),
    }
}
