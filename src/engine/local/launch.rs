//! The command line of everything that runs in a sandbox.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::bubblewrap::{Bubblewrap, Mount, which};
use super::extensions;
use super::user::RunAs;
use crate::profile::Limits;

/// Where things are, seen by a sandbox's processes. Unconfined that is where they are.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    pub data: String,
    pub input: String,
}

/// For whom walls are built, and so what is behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `initdb` and `postgres`: the cluster, writable.
    Server,
    /// Client programs: the socket and the input, neither writable.
    Client,
}

/// What all command lines of one sandbox have in common.
#[derive(Debug)]
pub(super) struct Launcher {
    pub bubblewrap: Option<Bubblewrap>,
    pub run_as: Option<RunAs>,
    pub limits: Limits,
    /// The sandbox's own directory on this machine.
    pub directory: PathBuf,
    pub server_bindir: PathBuf,
    pub client_bindir: PathBuf,
    /// What clients see as their input.
    pub input: Option<PathBuf>,
    /// The server's directory of extensions, where the sandbox has one of its own in its place.
    pub extensions: Option<PathBuf>,
}

impl Launcher {
    pub fn paths(&self) -> Paths {
        if self.bubblewrap.is_some() {
            return Paths { data: "/data".into(), input: "/input".into() };
        }
        let input = self.input.as_deref().unwrap_or(Path::new(""));
        Paths {
            data: self.directory.join("data").to_string_lossy().into_owned(),
            input: input.to_string_lossy().into_owned(),
        }
    }

    /// The command that runs `argv` and ends by itself after `time`, even if pgrehearse no longer looks.
    pub fn command(&self, role: Role, argv: &[OsString], env: &[(String, String)], time: Duration) -> Command {
        let mut argv = argv.to_vec();
        if let Some(program) = argv.first_mut() {
            *program = self.program(role, program);
        }
        let mut inner = self.guards(time);
        inner.extend(argv);
        let environment = self.environment(role, env);

        let mut command = match &self.bubblewrap {
            Some(bubblewrap) => {
                let mut arguments = bubblewrap.walls(self.limits.shm.0, &self.mounts(role));
                for (name, value) in &environment {
                    arguments.extend(["--setenv".into(), name.into(), value.into()]);
                }
                arguments.extend(["--chdir".into(), "/tmp".into(), "--".into()]);
                arguments.extend(inner);
                let mut command = Command::new(&bubblewrap.path);
                // Its own environment can be read from inside, as that of the sandbox's first process.
                command.args(arguments).env_clear().current_dir("/");
                command
            }
            None => {
                let mut inner = inner.into_iter();
                let mut command = Command::new(inner.next().unwrap_or_default());
                // The working directory is how a later sweep finds what a killed run left.
                command.args(inner).env_clear().envs(&environment).current_dir(self.directory.join("data"));
                command
            }
        };
        if let Some(user) = &self.run_as {
            // bubblewrap itself is started as the unprivileged user. Started as root it would map root's own number
            // into the sandbox: the walls would be the same, but whatever got through them would be root. Setting the
            // user also drops root's other groups (std calls setgroups when it changes the user).
            command.uid(user.uid).gid(user.gid);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Programs of PostgreSQL come from the role's installation; others are looked for on the path.
    fn program(&self, role: Role, program: &OsStr) -> OsString {
        let own = self.bindir(role).join(program);
        if own.is_file() { own.into_os_string() } else { program.to_owned() }
    }

    fn bindir(&self, role: Role) -> &Path {
        match role {
            Role::Server => &self.server_bindir,
            Role::Client => &self.client_bindir,
        }
    }

    fn environment(&self, role: Role, env: &[(String, String)]) -> BTreeMap<String, OsString> {
        let mut path = self.bindir(role).as_os_str().to_owned();
        path.push(":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        let tmp = match (&self.bubblewrap, role) {
            (Some(_), _) => "/tmp".into(),
            (None, Role::Server) => self.directory.join("server-tmp").into_os_string(),
            (None, Role::Client) => self.directory.join("client-tmp").into_os_string(),
        };
        let mut environment = BTreeMap::from([
            ("PATH".to_owned(), path),
            ("HOME".to_owned(), tmp.clone()),
            ("TMPDIR".to_owned(), tmp),
            ("LANG".to_owned(), "C".into()),
            ("LC_MESSAGES".to_owned(), "C".into()),
            ("TZ".to_owned(), "UTC".into()),
        ]);
        if role == Role::Client {
            environment.insert("PGHOST".into(), format!("{}/socket", self.paths().data).into());
            environment.insert("PGPORT".into(), "5432".into());
        }
        environment.extend(env.iter().map(|(name, value)| (name.clone(), value.into())));
        environment
    }

    fn mounts(&self, role: Role) -> Vec<Mount> {
        let directory = &self.directory;
        let mut mounts = vec![
            Mount::read(directory.join("etc/passwd"), "/etc/passwd"),
            Mount::read(directory.join("etc/group"), "/etc/group"),
        ];
        // /usr is there already. The server's own programs can be clients too.
        let bindirs = if role == Role::Client {
            vec![&self.client_bindir, &self.server_bindir]
        } else {
            vec![&self.server_bindir]
        };
        let mut prefixes: Vec<PathBuf> = bindirs.into_iter().filter_map(|bindir| outside_usr(bindir)).collect();
        prefixes.dedup();
        for prefix in prefixes {
            mounts.push(Mount::read(&prefix, prefix.as_os_str()));
        }
        match role {
            Role::Server => {
                mounts.push(Mount::write(directory.join("data"), "/data"));
                mounts.push(Mount::write(directory.join("server-tmp"), "/tmp"));
                if let Some(original) = &self.extensions {
                    mounts.push(Mount::read(original, extensions::ORIGINAL));
                    mounts.push(Mount::read(directory.join(extensions::DIRECTORY), original.as_os_str()));
                }
                // Debian links dictionaries of the full text search to here.
                let dictionaries = Path::new("/var/cache/postgresql/dicts");
                if dictionaries.is_dir() {
                    mounts.push(Mount::read(dictionaries, dictionaries));
                }
            }
            Role::Client => {
                mounts.push(Mount::read(directory.join("data/socket"), "/data/socket"));
                mounts.push(Mount::write(directory.join("client-tmp"), "/tmp"));
                if let Some(input) = &self.input {
                    mounts.push(Mount::read(input, "/input"));
                }
            }
        }
        mounts
    }

    /// What stands before the program: a timer that ends it, and backstops for what is sampled only now and then.
    fn guards(&self, time: Duration) -> Vec<OsString> {
        let mut guards: Vec<OsString> = Vec::new();
        if which("timeout").is_some() {
            // A little later than pgrehearse itself, which can say why.
            let seconds = (time + Duration::from_secs(2)).as_secs_f64();
            guards.extend(["timeout".into(), "--signal=KILL".into(), format!("{seconds:.1}").into()]);
        }
        if cfg!(target_os = "linux") && which("prlimit").is_some() {
            guards.extend(["prlimit".into(), "--core=0".into(), format!("--fsize={}", self.limits.disk.0).into()]);
            if self.bubblewrap.is_some() && counts_per_namespace() {
                // More than the limit, so that the count can be seen to exceed it.
                let processes = u64::from(self.limits.pids) + u64::from(self.limits.pids / 4) + 32;
                guards.push(format!("--nproc={processes}").into());
            }
            guards.push("--".into());
        }
        guards
    }
}

/// The directory to show where PostgreSQL is not installed below /usr.
fn outside_usr(bindir: &Path) -> Option<PathBuf> {
    let real = std::fs::canonicalize(bindir).unwrap_or_else(|_| bindir.to_owned());
    if bindir.starts_with("/usr") && real.starts_with("/usr") {
        None
    } else if real.starts_with("/nix/store") {
        Some("/nix/store".into())
    } else {
        bindir.parent().map(Path::to_owned)
    }
}

/// Whether `RLIMIT_NPROC` counts the processes of a user namespace rather than all of the user's: since Linux 5.14
/// (`UCOUNT_RLIMIT_NPROC`, kernel/ucount.c). Before, a limit would count the user's other processes.
fn counts_per_namespace() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (5, 14)
}
