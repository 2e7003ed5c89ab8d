//! bubblewrap: whether it works here, and the walls that it is asked to build.
//!
//! A dump is untrusted code. What runs in these walls has no network, sees no process of the machine, has no
//! capabilities and cannot gain any, reads only the system's programs, and writes only where the sandbox's own
//! directory is mounted. bubblewrap cannot enter a running sandbox, so the server and each client get their own walls
//! around the same directory; a client's are tighter: of the cluster it sees nothing but the socket.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Confinement;
use super::user::{self, RunAs};

/// A bubblewrap that has been seen to work for the user who will run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubblewrap {
    pub path: PathBuf,
    /// As `bwrap --version` says it, for example `bubblewrap 0.8.0`.
    pub version: String,
    /// `--size`, for a bounded /dev/shm.
    sizes: bool,
    /// `--disable-userns`, which keeps the kernel's user namespaces from a dump's code.
    no_nesting: bool,
}

/// Finds bubblewrap and tries it as the user that sandboxes will run as.
///
/// # Errors
/// Why it cannot be used: it is not installed, or the kernel does not let this user make namespaces.
pub fn bubblewrap() -> Result<Bubblewrap, String> {
    let path = which("bwrap").ok_or("bubblewrap (`bwrap`) is not installed")?;
    let help = said(&path, "--help").ok_or("`bwrap --help` fails")?;
    let version = said(&path, "--version").unwrap_or_default().trim().to_owned();
    let run_as = user::run_as(Confinement::Confined).map_err(|error| error.to_string())?;
    let mut bubblewrap = Bubblewrap {
        path,
        version,
        sizes: help.contains("--size "),
        // A setuid bwrap has the option and refuses it: what counts is the trial.
        no_nesting: help.contains("--disable-userns"),
    };
    let mut trial = bubblewrap.try_out(run_as.as_ref());
    if trial.is_err() && bubblewrap.no_nesting {
        bubblewrap.no_nesting = false;
        trial = bubblewrap.try_out(run_as.as_ref());
    }
    trial.map(|()| bubblewrap)
}

/// What a program prints when asked; `--help` may end with a failure.
fn said(program: &Path, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// Where PATH, or failing that the usual directories, has a program.
pub(super) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin"), PathBuf::from("/bin")])
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// Something of this machine that is visible in a sandbox.
#[derive(Debug, Clone)]
pub(super) struct Mount {
    pub from: PathBuf,
    pub to: OsString,
    pub writable: bool,
}

impl Mount {
    pub fn read(from: impl Into<PathBuf>, to: impl Into<OsString>) -> Self {
        Self { from: from.into(), to: to.into(), writable: false }
    }

    pub fn write(from: impl Into<PathBuf>, to: impl Into<OsString>) -> Self {
        Self { from: from.into(), to: to.into(), writable: true }
    }
}

/// What of /etc programs need to start: the loader's cache, locale aliases, Debian's links between programs. Nothing
/// that describes this machine; users and groups are the sandbox's own.
const ETC: [&str; 6] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/locale.alias",
    "/etc/ssl/openssl.cnf",
];

impl Bubblewrap {
    fn try_out(&self, run_as: Option<&RunAs>) -> Result<(), String> {
        let mut arguments = self.walls(1 << 20, &[]);
        arguments.extend(["--".into(), "true".into()]);
        let mut command = Command::new(&self.path);
        command.args(arguments).env_clear().current_dir("/").stdin(Stdio::null());
        if let Some(user) = run_as {
            command.uid(user.uid).gid(user.gid);
        }
        let output = command.output().map_err(|error| format!("{} cannot be run: {error}", self.path.display()))?;
        if output.status.success() {
            return Ok(());
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!("bubblewrap is installed but cannot make a sandbox here: {}", stderr.trim()))
    }

    /// The arguments up to the command. `shm` is the size of /dev/shm in bytes.
    pub(super) fn walls(&self, shm: u64, mounts: &[Mount]) -> Vec<OsString> {
        let mut arguments = Arguments::default();
        arguments.add(["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]);
        arguments.add(["--hostname", "pgrehearse"]);
        if self.no_nesting {
            arguments.add(["--unshare-user", "--disable-userns"]);
        }
        arguments.add(["--ro-bind", "/usr", "/usr"]);
        for directory in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            match std::fs::read_link(directory) {
                Ok(target) => arguments.add([OsStr::new("--symlink"), target.as_os_str(), OsStr::new(directory)]),
                Err(_) => arguments.add(["--ro-bind-try", directory, directory]),
            }
        }
        for file in ETC {
            arguments.add(["--ro-bind-try", file, file]);
        }
        arguments.add(["--proc", "/proc", "--dev", "/dev"]);
        if self.sizes {
            arguments.add(["--size", &shm.to_string()]);
        }
        arguments.add(["--tmpfs", "/dev/shm"]);
        for mount in mounts {
            let option = if mount.writable { "--bind" } else { "--ro-bind" };
            arguments.add([OsStr::new(option), mount.from.as_os_str(), &mount.to]);
        }
        // Both are file systems in memory, which no limit would see.
        arguments.add(["--remount-ro", "/dev", "--remount-ro", "/", "--clearenv"]);
        arguments.0
    }
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add<const N: usize>(&mut self, arguments: [impl AsRef<OsStr>; N]) {
        self.0.extend(arguments.iter().map(|argument| argument.as_ref().to_owned()));
    }
}
