//! The one directory of this machine that a sandbox has, and the removal of those that dead runs left.
//!
//! ```text
//! pgrehearse-XXXXXX/        0700, the sandbox's user
//!     pgrehearse.json       whose it is; never visible inside, so that nothing in a sandbox can disown it
//!     etc/                  passwd and group
//!     data/                 /data of the server: pgdata, socket, log
//!     server-tmp/           /tmp of the server
//!     client-tmp/           /tmp of the clients
//!     input/                a copy of the input, where its owner does not let the sandbox's user read it
//! ```

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};

use super::RunTag;
use super::user::{self, RunAs};
use crate::engine::Swept;

const PREFIX: &str = "pgrehearse-";
const MARKER: &str = "pgrehearse.json";

/// The longest path of a Unix socket, less than both Linux (107) and macOS (103) take.
const MAX_SOCKET_PATH: usize = 100;

/// Below the directory: where the server makes its socket.
const SOCKET: &str = "data/socket/.s.PGSQL.5432";

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    home: String,
    run: String,
    target: String,
}

/// A sandbox's private directory. Dropping it deletes it, as far as that is possible.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    removed: bool,
}

impl Directory {
    /// Makes the directory and what belongs in it.
    pub fn make(run: &RunTag, target: &str, run_as: Option<&RunAs>) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(base(run_as))?;
        let directory = Self { path: made.keep(), removed: false };
        let marker = Marker { home: run.home.clone(), run: run.run.clone(), target: target.to_owned() };
        fs::write(directory.path.join(MARKER), serde_json::to_vec(&marker)?)?;
        for name in ["etc", "data", "data/socket", "data/log", "server-tmp", "client-tmp"] {
            let path = directory.path.join(name);
            fs::DirBuilder::new().mode(0o700).create(&path)?;
            user::give(&path, run_as)?;
        }
        let (uid, gid) = user::ids(run_as);
        let etc = directory.path.join("etc");
        fs::write(etc.join("passwd"), format!("postgres:x:{uid}:{gid}:PostgreSQL:/tmp:/bin/sh\n"))?;
        fs::write(etc.join("group"), format!("postgres:x:{gid}:\n"))?;
        for file in ["passwd", "group"] {
            fs::set_permissions(etc.join(file), fs::Permissions::from_mode(0o444))?;
        }
        user::give(&directory.path, run_as)?;
        Ok(directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the server makes its socket, as this machine sees it.
    pub fn socket(&self) -> PathBuf {
        self.path.join(SOCKET)
    }

    /// Deletes the directory. Its processes must have ended.
    pub fn remove(mut self) -> io::Result<()> {
        self.removed = true;
        delete(&self.path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.removed {
            // The next sweep will find it.
            let _ = delete(&self.path);
        }
    }
}

/// The directory for temporary files, unless its path is too long for a socket or closed to the sandbox's user.
fn base(run_as: Option<&RunAs>) -> PathBuf {
    let wanted = std::env::temp_dir();
    let length = wanted.as_os_str().len() + "/pgrehearse-XXXXXX/".len() + SOCKET.len();
    let open_to_others =
        |directory: &Path| fs::metadata(directory).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0);
    if length > MAX_SOCKET_PATH || !(run_as.is_none() || wanted.ancestors().all(open_to_others)) {
        return PathBuf::from("/tmp");
    }
    wanted
}

/// Deletes a directory whose files were made by code that nobody trusts: no link is followed, and directories that
/// were closed to their owner are opened.
fn delete(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn open_up(path: &Path) {
    let mut waiting = vec![path.to_owned()];
    while let Some(directory) = waiting.pop() {
        let _ = fs::set_permissions(&directory, fs::Permissions::from_mode(0o700));
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        waiting.extend(
            entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|e| e.path()),
        );
    }
}

/// Removes the directories of dead runs of this home, after ending what may still run in them.
///
/// Only a real directory with pgrehearse's marker, owned by a user that pgrehearse itself makes directories as, is
/// touched.
pub(super) fn sweep(home: &str, is_dead: &dyn Fn(&str) -> bool, end_processes_in: &dyn Fn(&Path)) -> Vec<Swept> {
    let mut bases = vec![std::env::temp_dir(), PathBuf::from("/tmp")];
    bases.sort();
    bases.dedup();
    let mut swept = Vec::new();
    for entry in bases.iter().filter_map(|base| fs::read_dir(base).ok()).flatten().flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Some(marker) = marker_of(&path) else {
            if is_stillborn(&path, SystemTime::now()) && fs::remove_dir(&path).is_ok() {
                swept.push(Swept { kind: "directory", name: path.display().to_string() });
            }
            continue;
        };
        if marker.home != home || !is_dead(&marker.run) {
            continue;
        }
        end_processes_in(&path);
        if delete(&path).is_ok() {
            swept.push(Swept { kind: "directory", name: path.display().to_string() });
        }
    }
    swept.sort();
    swept.dedup();
    swept
}

/// How long making a directory may take before its marker is in it; it takes milliseconds.
const BIRTH: Duration = Duration::from_secs(10 * 60);

/// Whether a directory is what a run leaves that is killed before it writes the marker: this user's, of the right name and
/// mode, and not young. Only an empty one can be removed without knowing more, which `remove_dir` sees to.
fn is_stillborn(path: &Path, now: SystemTime) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let random = name.strip_prefix(PREFIX).unwrap_or_default();
    let Ok(directory) = fs::symlink_metadata(path) else { return false };
    random.len() == 6
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && directory.is_dir()
        && directory.permissions().mode() & 0o7777 == 0o700
        && directory.uid() == nix::unistd::geteuid().as_raw()
        && directory.modified().is_ok_and(|made| now.duration_since(made).is_ok_and(|age| age > BIRTH))
}

/// Reads a directory's marker, if it is one that this user's pgrehearse wrote.
fn marker_of(path: &Path) -> Option<Marker> {
    let directory = fs::symlink_metadata(path).ok()?;
    if !directory.is_dir() || directory.permissions().mode() & 0o077 != 0 {
        return None;
    }
    let me = nix::unistd::geteuid();
    if !me.is_root() && directory.uid() != me.as_raw() {
        return None;
    }
    // Anybody may put a pipe or a link in a directory for temporary files.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path.join(MARKER)).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.uid() != me.as_raw() {
        return None;
    }
    let mut text = String::new();
    file.take(64 * 1024).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_directory_without_a_marker_is_given_up_after_a_while() {
        let directory = tempfile::Builder::new().prefix(PREFIX).rand_bytes(6).tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let now = SystemTime::now();
        assert!(!is_stillborn(directory.path(), now));
        assert!(is_stillborn(directory.path(), now + 2 * BIRTH));
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(!is_stillborn(directory.path(), now + 2 * BIRTH));
    }

    #[test]
    fn a_directory_of_another_name_is_nobodys() {
        let directory = tempfile::Builder::new().prefix("pgrehearse-picture.").tempdir().unwrap();
        assert!(!is_stillborn(directory.path(), SystemTime::now() + 2 * BIRTH));
    }
}
