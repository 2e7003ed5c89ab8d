//! Recovery as people do it by hand, without the program: a container, `restore_command = 'cp …'`, and a look at what came of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::Timestamp;

use super::facts::Lsn;
use super::stream;
use crate::support::{docker, images};

const RECOVER: &str = include_str!("recover.sh");

/// A container with one base backup, which can be recovered many times. It goes with the value, and after ten minutes in any case.
pub struct ByHand {
    id: String,
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server has left recovery, and takes writes.
    Promoted,
    Paused,
    /// The server has ended, with this code.
    Exited(i32),
}

/// What came of a recovery. What can only be asked of a server that runs is `None` or empty where it has ended.
#[derive(Debug)]
pub struct HandRecovered {
    pub end: End,
    /// The end of the last record that was replayed.
    pub replay_lsn: Option<Lsn>,
    /// The time of the last commit or rollback that was replayed. `None` also where there was none.
    pub last_xact_time: Option<Timestamp>,
    /// The timeline on which a promoted server writes.
    pub timeline: Option<u32>,
    /// The numbers of the marks that are there.
    pub marks: Vec<i32>,
    /// Whether the table `accident` is there.
    pub accident: bool,
    /// How many rows the table in the tablespace has; `None` also where it cannot be read.
    pub in_tablespace: Option<u64>,
    /// All that the server said, and its restore_command.
    pub log: String,
}

/// Recovers one base backup once. Who recovers it several times keeps a [`ByHand`].
#[track_caller]
pub fn recover_by_hand(major: u16, base: &Path, archive: &Path, settings: &[&str]) -> HandRecovered {
    ByHand::of(major, base).recover(archive, settings)
}

impl ByHand {
    /// Brings in a base backup, plain or as tar files, with the tablespaces that its links point to.
    #[track_caller]
    pub fn of(major: u16, base: &Path) -> Self {
        images::ensure();
        let image = format!("{}:{major}", images::REPOSITORY);
        let id = docker::output(&[
            "run",
            "--detach",
            "--rm",
            "--network",
            "none",
            "--tmpfs",
            "/data:rw,mode=1777,size=2g",
            "--user",
            "postgres",
            "--entrypoint",
            "/bin/sh",
            &image,
            "-c",
            "sleep 600 || exit",
        ]);
        let by_hand = Self { id };
        stream::put(base, &by_hand.id, "/data/base");
        for (oid, directory) in tablespaces(base) {
            stream::put(&directory, &by_hand.id, &format!("/data/tblspc/{oid}"));
        }
        by_hand
    }

    /// Recovers the base backup with an archive and these settings, `NAME=VALUE`. Without any it goes to the end of the WAL and
    /// promotes, as PostgreSQL does; with a target it pauses there, unless `recovery_target_action` says otherwise.
    #[track_caller]
    pub fn recover(&self, archive: &Path, settings: &[&str]) -> HandRecovered {
        stream::put(archive, &self.id, "/data/archive");
        let mut command = Command::new("docker");
        command.args(["exec", &self.id, "bash", "-c", RECOVER, "recover.sh"]).args(settings);
        let output = command.stdin(Stdio::null()).output().expect("docker is installed");
        let said = String::from_utf8_lossy(&output.stdout);
        let (facts, log) = said.split_once("log=\n").unwrap_or_else(|| panic!("recover.sh: {output:?}"));
        let fact = |name: &str| facts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let end = match fact("end").expect("recover.sh says how it ended") {
            "promoted" => End::Promoted,
            "paused" => End::Paused,
            other => match other.strip_prefix("exited ") {
                Some(code) => End::Exited(code.parse().unwrap()),
                None => panic!("the recovery came to no end within half a minute:\n{log}"),
            },
        };
        HandRecovered {
            end,
            replay_lsn: fact("replay_lsn").map(|lsn| lsn.parse().unwrap()),
            last_xact_time: fact("last_transaction").map(|time| time.trim_matches('"').parse().unwrap()),
            timeline: fact("timeline").map(|digits| u32::from_str_radix(digits, 16).unwrap()),
            marks: fact("marks").map(|list| list.split(',').map(|n| n.parse().unwrap()).collect()).unwrap_or_default(),
            accident: fact("accident") == Some("true"),
            in_tablespace: fact("in_tablespace").map(|count| count.parse().unwrap()),
            log: log.to_owned(),
        }
    }

    /// Puts what is in a directory into a new directory of the container.
    pub fn put(&self, from: &Path, into: &str) {
        stream::put(from, &self.id, into);
    }

    /// Runs a shell script in the container, where the base backup is in `/data/base`.
    pub fn shell(&self, script: &str) -> Output {
        let arguments = ["exec", &self.id, "bash", "-c", script];
        Command::new("docker").args(arguments).stdin(Stdio::null()).output().expect("docker is installed")
    }

    /// Asks pg_verifybackup about the base backup, with `-w` and an archive for the WAL that it needs, or with `-n`.
    pub fn verify(&self, archive: Option<&Path>) -> Output {
        let options = match archive {
            Some(archive) => {
                stream::put(archive, &self.id, "/data/archive");
                "-w /data/archive"
            }
            None => "-n",
        };
        // Links have to lead somewhere here, and the original ones stay for the next.
        self.shell(&format!(
            "rm -rf /data/verified && cp -a /data/base /data/verified || exit
             for link in /data/verified/pg_tblspc/*; do
                 [[ ! -L $link ]] || ln -sfn /data/tblspc/$(basename $link) $link || exit
             done
             pg_verifybackup {options} /data/verified"
        ))
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        docker::succeeds(&["rm", "--force", "--volumes", &self.id]);
    }
}

/// The tablespaces of a plain base backup: the OID of each and where it is. Links that lead nowhere have none.
fn tablespaces(base: &Path) -> Vec<(String, PathBuf)> {
    let Ok(links) = std::fs::read_dir(base.join("pg_tblspc")) else { return Vec::new() };
    let links = links.map(|entry| entry.unwrap());
    let found = links.map(|link| (link.file_name().to_string_lossy().into_owned(), link.path()));
    found.filter(|(_, path)| path.is_dir()).collect()
}
