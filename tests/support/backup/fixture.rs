//! The source clusters' backups, each made once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::damage::Archive;
use super::facts::Facts;
use super::stream;
use crate::support::{images, once};

/// Makes a cluster and its backups in a container, and prints them.
const SOURCE: &str = concat!(include_str!("common.sh"), include_str!("source.sh"));

/// The backups of one source cluster:
///
/// | in `dir` | |
/// | --- | --- |
/// | `base/` | plain, without WAL |
/// | `base_stream/` | plain, with the WAL that it needs in `pg_wal` |
/// | `base_tar/` | tar files, gzipped, with their WAL |
/// | `base_tblspc/`, … | the tablespaces of the plain ones, to which their links point |
/// | `incr/full/`, `incr/incremental/` | `base/` again, and an incremental one on it, made after the accident; from 17 on |
/// | `wal/` | the archive, with about ten segments after the base backups |
/// | `wal_tl2/` | the same archive after a standby that was promoted before the accident had archived there too |
/// | `wal_of_other_system/` | a segment of another cluster of the same major |
/// | `facts.json` | what is known: [`Facts`] |
///
/// Tests read these files and change copies.
#[derive(Debug)]
pub struct BackupFixture {
    pub dir: PathBuf,
    pub facts: Facts,
}

/// The backups of a major, with WAL segments of 1 MiB.
pub fn of(major: u16) -> &'static BackupFixture {
    fixture(major, 1, "everything")
}

/// `base/` and `wal/` of a major alone, with WAL segments of 16 MiB, as they are where nobody has said anything.
pub fn of_default_segments(major: u16) -> &'static BackupFixture {
    fixture(major, 16, "little")
}

fn fixture(major: u16, segment: u16, extent: &str) -> &'static BackupFixture {
    static LOADED: Mutex<Vec<(u16, u16, &BackupFixture)>> = Mutex::new(Vec::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((.., found)) = loaded.iter().find(|(of, with, _)| (*of, *with) == (major, segment)) {
        return found;
    }
    images::ensure();
    let name = format!("{major}.{segment}mib");
    let made_from = [&images::id(major), SOURCE, extent];
    let dir = once::directory("backups", &name, &made_from, |into| make(major, segment, extent, into));
    for base in ["base", "base_stream", "incr/full", "incr/incremental"] {
        relink(&dir.join(base), &dir);
    }
    let text = fs::read_to_string(dir.join("facts.json")).unwrap();
    let facts = serde_json::from_str(&text).expect("source.sh writes facts as they are read");
    let fixture: &BackupFixture = Box::leak(Box::new(BackupFixture { dir, facts }));
    loaded.push((major, segment, fixture));
    fixture
}

fn make(major: u16, segment: u16, extent: &str, into: &Path) {
    let image = format!("{}:{major}", images::REPOSITORY);
    // `timeout`, so that nothing stays for long where this process is killed; a shell stays before it, because it ends at once as
    // the container's first process. Data are in memory, which is several times as fast.
    let run = Command::new("docker")
        .args(["run", "--rm", "--network", "none", "--tmpfs", "/data:rw,mode=1777,size=2g", "--user", "postgres"])
        .args(["--entrypoint", "bash", &image, "-c", "timeout 300 bash -c \"$0\" source.sh \"$@\" || exit", SOURCE])
        .args([&major.to_string(), &segment.to_string(), extent])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("docker is installed");
    stream::unpack(run, into);
}

/// Lets the links of a plain base backup point to the tablespaces beside it, with whole paths, as pg_basebackup makes them.
fn relink(base: &Path, scratch: &Path) {
    let Ok(links) = fs::read_dir(base.join("pg_tblspc")) else { return };
    for link in links.map(|entry| entry.unwrap().path()) {
        let target = beside(base).join("one");
        if fs::read_link(&link).unwrap() != target {
            // In one step: other tests may be reading.
            let new = scratch.join(format!(".link-{}", std::process::id()));
            std::os::unix::fs::symlink(&target, &new).unwrap();
            fs::rename(new, link).unwrap();
        }
    }
}

/// Where the tablespaces of a plain base backup are.
fn beside(base: &Path) -> PathBuf {
    let mut path = base.as_os_str().to_owned();
    path.push("_tblspc");
    path.into()
}

/// A base backup of a test's own, with its tablespaces.
pub struct BaseCopy {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl BaseCopy {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl BackupFixture {
    /// Where one of the folders is.
    #[track_caller]
    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        assert!(path.exists(), "source.sh makes no {name} for PostgreSQL {}", self.facts.major);
        path
    }

    /// A copy of `wal/`, to be changed.
    pub fn copy_archive(&self) -> Archive {
        Archive::copy(&self.path("wal"))
    }

    /// A copy of `wal_tl2/`, to be changed.
    pub fn copy_archive_of_both_timelines(&self) -> Archive {
        Archive::copy(&self.path("wal_tl2"))
    }

    /// A copy of a base backup, to be changed.
    #[track_caller]
    pub fn copy_base(&self, name: &str) -> BaseCopy {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("base");
        copy(&self.path(name), &path);
        if beside(&self.path(name)).exists() {
            copy(&beside(&self.path(name)), &beside(&path));
            relink(&path, dir.path());
        }
        BaseCopy { _dir: dir, path }
    }
}

/// Copies a directory with its links and modes.
pub(super) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-R", "-P", "-p"]).arg(from).arg(to).output().expect("cp is installed");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}
