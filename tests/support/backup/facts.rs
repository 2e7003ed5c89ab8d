//! What is known of a source cluster, as `source.sh` wrote it down.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;

/// A place in the WAL, in bytes; written as PostgreSQL writes it, `0/121DC70`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Lsn(pub u64);

impl FromStr for Lsn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .and_then(|(high, low)| Some((u32::from_str_radix(high, 16).ok()?, u32::from_str_radix(low, 16).ok()?)));
        let (high, low) = parts.ok_or_else(|| format!("{text:?} is no LSN"))?;
        Ok(Self(u64::from(high) << 32 | u64::from(low)))
    }
}

impl TryFrom<String> for Lsn {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl fmt::Debug for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A time as `recovery_target_time` takes it. An end in `Z` it refuses on a command line: abbreviations of time zones are not there yet.
pub fn target_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S.%6f+00").to_string()
}

/// All that is known.
#[derive(Debug, Deserialize)]
pub struct Facts {
    pub major: u16,
    /// The size of a WAL segment, in bytes.
    pub segment_bytes: u64,
    /// In decimal digits.
    pub system_identifier: String,
    /// The OID of the tablespace `one`, which holds the 1 000 rows of `in_tablespace`.
    pub tablespace: String,
    /// What each base backup needs of the WAL by its own manifest. The names are those of the folders.
    pub bases: BTreeMap<String, BaseFacts>,
    pub marks: Vec<Mark>,
    pub restore_point: RestorePoint,
    pub accident: Accident,
    /// The names of the segments in `wal/`, in their order. There is no gap.
    pub segments: Vec<String>,
    /// Where the WAL in `wal/` ends: the end of its newest segment, which `pg_switch_wal` finished.
    pub end_lsn: Lsn,
    /// Where timeline 2 leaves timeline 1: the commit record of the accident, which timeline 2 does not have.
    pub fork_lsn: Option<Lsn>,
    /// Where timeline 2 ends in `wal_tl2/`.
    pub end_lsn_tl2: Option<Lsn>,
    /// Every commit and rollback in `wal/`, from its first segment on, and then those of timeline 2 after the fork; each timeline
    /// in the order of the WAL. pg_waldump has read them.
    pub transactions: Vec<Transaction>,
}

/// From where to where a base backup needs the WAL.
#[derive(Debug, Deserialize)]
pub struct BaseFacts {
    pub start_lsn: Lsn,
    pub end_lsn: Lsn,
}

/// A row of the table `marks`.
#[derive(Debug, Deserialize)]
pub struct Mark {
    pub timeline: u32,
    pub n: i32,
    pub what: String,
    /// When it was written, before its commit.
    pub at: Timestamp,
    /// Where the WAL ended when it was written.
    pub lsn: Lsn,
    pub xid: String,
    /// Where its commit record begins.
    pub commit_lsn: Lsn,
    /// The time in its commit record, which recovery compares.
    pub committed_at: Timestamp,
}

#[derive(Debug, Deserialize)]
pub struct RestorePoint {
    pub name: String,
    /// Where its record ends.
    pub lsn: Lsn,
    /// Just after it was written.
    pub at: Timestamp,
}

/// The transaction that made the table `accident` and deleted mark 1.
#[derive(Debug, Deserialize)]
pub struct Accident {
    pub xid: String,
    pub at: Timestamp,
    pub lsn: Lsn,
    pub commit_lsn: Lsn,
    pub committed_at: Timestamp,
}

/// The end of a transaction.
#[derive(Debug, Deserialize)]
pub struct Transaction {
    pub timeline: u32,
    /// Where its record begins.
    pub lsn: Lsn,
    pub xid: String,
    /// The time in its record.
    pub at: Timestamp,
    pub kind: Ended,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Ended {
    Commit,
    Abort,
}

impl Facts {
    #[track_caller]
    pub fn mark(&self, n: i32) -> &Mark {
        self.marks.iter().find(|mark| mark.n == n).unwrap_or_else(|| panic!("there is no mark {n}"))
    }

    /// The last transaction of a timeline, which is a rollback on timeline 1. `pg_last_xact_replay_timestamp` counts those too
    /// (PostgreSQL 17, src/backend/access/transam/xlogrecovery.c, recoveryStopsAfter).
    pub fn last_transaction(&self, timeline: u32) -> &Transaction {
        self.transactions.iter().rfind(|one| one.timeline == timeline).expect("the timeline is there")
    }

    pub fn last_commit(&self, timeline: u32) -> &Transaction {
        let mut latest = self.transactions.iter().rev();
        latest.find(|one| one.timeline == timeline && one.kind == Ended::Commit).expect("the timeline is there")
    }

    /// The last transaction of timeline 1 of which recovery sees the end where the WAL stops at an LSN.
    pub fn last_transaction_before(&self, end: Lsn) -> &Transaction {
        let mut latest = self.transactions.iter().rev();
        latest.find(|one| one.timeline == 1 && one.lsn < end).expect("a transaction is so old")
    }

    /// The name of the segment that holds an LSN, on a timeline.
    pub fn segment_of(&self, timeline: u32, lsn: Lsn) -> String {
        let number = lsn.0 / self.segment_bytes;
        let in_one_id = (1 << 32) / self.segment_bytes;
        format!("{timeline:08X}{:08X}{:08X}", number / in_one_id, number % in_one_id)
    }

    /// Where a segment begins.
    pub fn begin_of(&self, segment: &str) -> Lsn {
        let part = |range| u64::from_str_radix(&segment[range], 16).expect("it is a segment's name");
        Lsn((part(8..16) << 32) + part(16..24) * self.segment_bytes)
    }
}
