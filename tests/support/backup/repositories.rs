//! Repositories that pgBackRest and Barman have made of one source cluster, for each major once.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use super::facts::{Accident, Lsn, Mark};
use super::stream;
use crate::support::{images, once};

/// Makes the cluster and its repositories in a container, and prints them.
const REPOSITORIES: &str = concat!(include_str!("common.sh"), include_str!("repositories.sh"));

/// The majors whose images have the programs.
pub const MAJORS: [u16; 2] = [15, 17];

/// The repositories of one source cluster, whose WAL segments have 1 MiB:
///
/// | in `dir` | |
/// | --- | --- |
/// | `pgbackrest/` | a repository of pgBackRest with the stanza `main`: a full, a differential and an incremental backup, compressed with zstd |
/// | `barman/plain/` | a server of Barman (3.4 for 15, 3.13 for 17) with one backup; its WAL is as PostgreSQL wrote it |
/// | `barman/gzipped/` | the same with gzipped WAL |
/// | `facts.json` | what is known |
///
/// The marks are 1 before the full, 2 after it, 3 after the differential, 4 after the incremental backup, 5 after those of Barman,
/// 6 before the accident, 7 the last commit. Tests read these files, and change copies.
#[derive(Debug)]
pub struct Repositories {
    pub dir: PathBuf,
    pub facts: RepositoryFacts,
}

/// What is known of the source cluster of repositories.
#[derive(Debug, Deserialize)]
pub struct RepositoryFacts {
    pub major: u16,
    /// In decimal digits.
    pub system_identifier: String,
    pub marks: Vec<Mark>,
    pub accident: Accident,
    /// Where the archive ends.
    pub end_lsn: Lsn,
}

/// The repositories of a major, 15 or 17.
pub fn repositories(major: u16) -> &'static Repositories {
    static LOADED: Mutex<Vec<&Repositories>> = Mutex::new(Vec::new());
    assert!(MAJORS.contains(&major), "no image of PostgreSQL {major} has the programs");
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = loaded.iter().find(|one| one.facts.major == major) {
        return found;
    }
    images::ensure_backup();
    let made_from = [&images::id_of(&format!("{major}-backup")), REPOSITORIES];
    let dir = once::directory("repositories", &major.to_string(), &made_from, |into| {
        let arguments = ["--tmpfs", "/data:rw,mode=1777,size=2g", "--user", "postgres", "--entrypoint", "bash"];
        let run = Command::new("docker")
            .args(["run", "--rm", "--network", "none"])
            .args(arguments)
            .arg(image(major))
            .args(["-c", "timeout 300 bash -c \"$0\" repositories.sh \"$@\" || exit", REPOSITORIES, &major.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker is installed");
        stream::unpack(run, into);
    });
    let text = fs::read_to_string(dir.join("facts.json")).unwrap();
    let facts = serde_json::from_str(&text).expect("repositories.sh writes facts as they are read");
    let made: &Repositories = Box::leak(Box::new(Repositories { dir, facts }));
    loaded.push(made);
    made
}

/// The image with the programs.
pub fn image(major: u16) -> String {
    format!("{}:{major}-backup", images::REPOSITORY)
}

impl Repositories {
    /// A folder that is a repository of pgBackRest, or the home of Barman.
    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        assert!(path.exists(), "repositories.sh makes no {name}");
        path
    }

    /// Runs a shell script in a new container with the programs, as postgres. It begins in a folder with copies of
    /// `pgbackrest` and `barman`.
    pub fn shell(&self, script: &str) -> Output {
        let mut tar = Command::new("tar")
            .args(["-c", "-C"])
            .arg(&self.dir)
            .args(["pgbackrest", "barman"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("tar is installed");
        let script =
            format!("mkdir /data/repositories && tar -x -C /data/repositories && cd /data/repositories && {script}");
        let ran = Command::new("docker")
            .args(["run", "--rm", "--interactive", "--network", "none", "--tmpfs", "/data:rw,mode=1777,size=1g"])
            .args(["--user", "postgres", "--entrypoint", "bash", &image(self.facts.major), "-c"])
            .arg("timeout 300 bash -c \"$0\" || exit")
            .arg(script)
            .stdin(tar.stdout.take().expect("standard output is a pipe"))
            .output()
            .expect("docker is installed");
        assert!(tar.wait().unwrap().success(), "tar cannot read {}", self.dir.display());
        ran
    }
}
