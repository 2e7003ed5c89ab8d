//! Base backups and their WAL, recovered by the program: each to a point, held against what is known of the source cluster and against
//! a server that recovers the same files by hand.

mod agreement;
mod asked;
mod damaged;
mod foreign;
mod healthy;
mod points;
mod walls;
mod warned;

use std::path::{Path, PathBuf};

use pgrehearse::rehearsal::{RecoverySummary, Rehearsal, Verdict};

use crate::support::backup::facts::Lsn;
use crate::support::backup::{End, HandRecovered};
use crate::support::home::names;
use crate::support::{Home, Ran};

/// Warnings that a good backup of the source clusters has too: nobody says what has to be there, an unlogged table is in them, and
/// their own configuration archives.
const EXPECTED: [&str; 4] =
    ["archive-would-be-written", "configuration-not-portable", "point-unasserted", "unlogged-tables-empty"];

/// A target that recovers to one point, and what has to be there then.
struct Wish {
    yaml: String,
}

impl Wish {
    /// `recovery` is what the key of this name says, as YAML.
    fn new(name: &str, major: u16, recovery: &str) -> Self {
        Self { yaml: format!("name: {name}\npostgres: {major}\nrecovery: {{{recovery}}}\n") }
    }

    /// These marks are there, and no others; and the accident, or not.
    fn brings(mut self, marks: &[i32], accident: bool) -> Self {
        let marks: Vec<String> = marks.iter().map(ToString::to_string).collect();
        self.yaml.push_str(&format!(
            "checks:
  queries:
    - {{name: marks, sql: \"SELECT string_agg(n::text, ' ' ORDER BY n) FROM marks\", expect: \"{}\"}}
    - {{name: accident, sql: \"SELECT to_regclass('accident') IS NOT NULL\", expect: {accident}}}
    - {{name: tablespace, sql: \"SELECT count(*) FROM in_tablespace\", expect: 1000}}
",
            marks.join(" ")
        ));
        self
    }
}

/// `pgrehearse run BASE --wal ARCHIVE` in these targets.
fn recover(home: &Home, base: &Path, archive: &Path, wishes: &[Wish]) -> Ran {
    let profiles: Vec<PathBuf> = wishes.iter().map(|wish| home.profile(&wish.yaml)).collect();
    let profiles: Vec<&Path> = profiles.iter().map(PathBuf::as_path).collect();
    home.finish(home.command(base, &profiles).arg("--wal").arg(archive))
}

/// What the report says of a target's recovery.
#[track_caller]
fn summary(target: &Rehearsal) -> &RecoverySummary {
    target.recovery.as_ref().unwrap_or_else(|| panic!("nothing is said of a recovery: {target:#?}"))
}

/// The names of the findings that a good backup does not have.
fn complaints(target: &Rehearsal) -> Vec<&'static str> {
    let mut names = names(target);
    names.retain(|name| !EXPECTED.contains(name));
    names
}

/// Fails unless a target passed without a complaint, and stopped here.
#[track_caller]
fn assert_passed(target: &Rehearsal, ran: &Ran) {
    assert_eq!(target.verdict, Verdict::Pass, "{}: {}\n{}", target.target, ran.stdout, ran.stderr);
    assert_eq!(complaints(target), [""; 0], "{}: {}", target.target, ran.stdout);
}

/// Fails unless the server of the rehearsal stopped where one did that recovered by hand.
#[track_caller]
fn assert_stopped_as(target: &Rehearsal, by_hand: &HandRecovered) {
    let replayed = summary(target).replayed.as_ref().unwrap_or_else(|| panic!("{} did not stop", target.target));
    assert_ne!(by_hand.end, End::Exited(1), "{}: {}", target.target, by_hand.log);
    assert_eq!(replayed.lsn.parse::<Lsn>().ok(), by_hand.replay_lsn, "{}: {}", target.target, by_hand.log);
    assert_eq!(replayed.last_transaction, by_hand.last_xact_time, "{}: {}", target.target, by_hand.log);
}
