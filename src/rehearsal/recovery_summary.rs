//! What a report says of a recovery.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// What became of a base backup and its WAL in one target, to one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoverySummary {
    /// Where recovery was to stop, as the profile has it: `latest`, `time 2026-11-28 11:08:45+00`.
    pub point: String,
    /// The timeline that was asked for: `latest`, `current` or a number.
    pub timeline: String,
    /// Where the WAL comes to an end that can be replayed for this base, whatever was asked for, by reading the archive.
    pub reach: Whereabouts,
    /// Why it ends there, in a sentence.
    pub reach_ends: String,
    /// Where recovery had to come to, by reading the archive.
    pub expected: Whereabouts,
    /// Where the server was when it had come there; `None` where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Whereabouts>,
    /// What the server said when it stopped, or why it did not start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub server_said: Vec<String>,
    /// Files that the server's restore_command asked for, and those of them that the archive does not have.
    pub files_asked: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files_absent: Vec<String>,
    pub figures: Figures,
    pub findings: Vec<Finding>,
    /// The databases that came back, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<String>,
}

/// A place in the WAL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// The end of the last record, as PostgreSQL writes it; empty where it is not known.
    pub lsn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<u32>,
    /// When the last transaction before it ended, by the source's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transaction: Option<Timestamp>,
}

/// What recovery would cost, and what it would lose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Bytes of the base's files, and of the WAL that was replayed.
    pub base_bytes: u64,
    pub wal_bytes: u64,
    /// When the base was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_taken: Option<Timestamp>,
    /// From the last transaction that can be had to now: at most so much is lost. An idle source loses nothing in that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_loss: Option<Timed>,
    /// When the newest file of the archive was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_wal: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<Timed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lay_out: Option<Timed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Timed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote: Option<Timed>,
}

/// A span of time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timed(#[serde(with = "crate::seconds")] pub Duration);

impl RecoverySummary {
    /// All its texts that can hold what no output may show.
    pub(super) fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let texts = self.server_said.iter_mut().chain(&mut self.files_absent).chain(&mut self.databases);
        texts.chain([&mut self.point, &mut self.reach_ends])
    }
}
