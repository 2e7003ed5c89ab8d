//! What is said of places, times and files, alike in every part.

use jiff::Timestamp;
use pgbackup_reader::reach::{Ended, RestorePoint};
use pgbackup_reader::{Lsn, from_postgres};
use serde::Serialize;

/// The end of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// Where its record begins.
    pub lsn: String,
    pub xid: u32,
    /// Null where the record holds none that can be shown.
    pub at: Option<Timestamp>,
    pub committed: bool,
}

impl Transaction {
    pub(super) fn of(ended: &Ended) -> Self {
        let Ended { at, xid, time, committed, .. } = ended;
        Self { lsn: at.to_string(), xid: *xid, at: from_postgres(*time), committed: *committed }
    }
}

/// A restore point, as `pg_create_restore_point` makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestorePointSeen {
    pub name: String,
    /// Where recovery stops for it: behind its record.
    pub lsn: String,
    pub at: Option<Timestamp>,
}

impl RestorePointSeen {
    pub(super) fn of(point: &RestorePoint) -> Self {
        Self { name: point.name.clone(), lsn: point.end.to_string(), at: from_postgres(point.time) }
    }
}

/// Segments of one timeline that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segments {
    pub first: String,
    pub last: String,
    pub segments: u64,
    /// Of all of them, decompressed.
    pub bytes: u64,
}

pub(super) fn lsn(lsn: Lsn) -> String {
    lsn.to_string()
}
