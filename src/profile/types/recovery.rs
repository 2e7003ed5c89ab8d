//! How far a backup is recovered, and what is asked of what that brings back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::HumanDuration;
use super::checks::Query;
use super::cluster::Setting;

/// How a base backup is recovered from its WAL archive. Of a dump nothing of this is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recovery {
    /// The points to recover to, each a rehearsal of its own; one may stand without a list. Default: `latest`.
    #[schemars(length(min = 1))]
    pub to: Vec<Point>,
    /// The timeline to recover along: `latest`, `current` (that of the base), or a number.
    pub timeline: TimelineWish,
    /// The base backup of a repository to begin with: `newest`, `oldest`, an id, or `{spread: N}`.
    pub base: BaseWish,
    /// The most time that may lie between the last commit that can be recovered and now (RPO).
    pub max_data_loss: Option<HumanDuration>,
    /// The longest time that the recovery may take, from the files' first byte to a server that takes writes (RTO).
    pub max_duration: Option<HumanDuration>,
    /// The greatest age that the base backup may have.
    pub max_base_age: Option<HumanDuration>,
    /// Queries about what was there at the point, each with the result that it must have.
    pub before: Vec<Query>,
    /// Queries about what came after the point, each with the result that it must have, which shows that this is not there.
    pub after: Vec<Query>,
    /// Whether the dump beside the backup (`--dump`) was made at the point: its rows and objects are compared with what came back.
    pub same_as_dump: bool,
    /// Settings of the recovered server, as in postgresql.conf.
    pub settings: BTreeMap<String, Setting>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            to: vec![Point::Latest],
            timeline: TimelineWish::default(),
            base: BaseWish::default(),
            max_data_loss: None,
            max_duration: None,
            max_base_age: None,
            before: Vec::new(),
            after: Vec::new(),
            same_as_dump: false,
            settings: BTreeMap::new(),
        }
    }
}

impl Recovery {
    /// Whether the profile says nothing of it.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Where recovery is to stop.
///
/// As text, in a profile or after `--to`: `latest`, `immediate`, `time=2026-11-28T11:08:45Z`, `time=-1h`, `lsn=0/D3FEE38`,
/// `xid=11744` or `name=drill_point`; a space may stand for the `=`, and a time may stand alone. In a profile also as a map:
/// `{xid: 11744, inclusive: false}`, which as text is `xid=11744,inclusive=false`.
///
/// `inclusive` is PostgreSQL's `recovery_target_inclusive`: whether what is exactly at the point is replayed too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Point {
    /// All that the archive has.
    Latest,
    /// The earliest at which the base is consistent.
    Immediate,
    /// The commits up to a time.
    Time { time: PointTime, inclusive: bool },
    /// The WAL up to a location, in bytes from the beginning of all WAL.
    Lsn { lsn: u64, inclusive: bool },
    /// The commit or abort of a transaction. Never below 3: a lesser one is none of a user.
    Xid { xid: u32, inclusive: bool },
    /// A restore point of `pg_create_restore_point`: 1 to 63 bytes, without control characters.
    Name(String),
}

/// A moment to recover to, as the profile names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointTime {
    /// In whole microseconds, as PostgreSQL has them.
    At(Timestamp),
    /// So long before the last commit that can be recovered; more than nothing.
    Back(HumanDuration),
}

/// The timeline to recover along, as PostgreSQL's `recovery_target_timeline` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TimelineWish {
    /// The newest that the archive has and that the base leads to.
    #[default]
    Latest,
    /// That of the base.
    Current,
    /// This one; from 1 on.
    Exactly(u32),
}

/// Which base backup of a repository recovery begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum BaseWish {
    #[default]
    Newest,
    Oldest,
    /// The one that the repository calls so: not empty, one line.
    Id(String),
    /// Of the newest so many another one in each run; more than 0.
    Spread(u32),
}
