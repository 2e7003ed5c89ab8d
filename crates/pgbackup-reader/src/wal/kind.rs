//! What records say that matter to how far a recovery comes.
//!
//! Layouts: src/include/access/xact.h, src/include/access/xlog_internal.h, src/include/catalog/pg_control.h (PostgreSQL 13, 15 and
//! 18; the fields read here lie at the same places in all of them).

use crate::wal::bytes::{i32_at, i64_at, u32_at, u64_at};
use crate::wal::page::Major;
use crate::{Lsn, Timeline};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A transaction committed.
    Commit(Transaction),
    /// A transaction was rolled back.
    Abort(Transaction),
    /// pg_create_restore_point().
    RestorePoint {
        /// Its name. Bytes that are no UTF-8 show as U+FFFD.
        name: String,
        /// When it was made, in microseconds since 2000 ([`crate::from_postgres`]).
        time: i64,
    },
    /// Settings that a standby has to have at least, where they changed.
    ParameterChange(Parameters),
    /// A checkpoint.
    Checkpoint(Checkpoint),
    /// A promotion without a checkpoint: the log goes on on another timeline.
    EndOfRecovery {
        /// The new timeline.
        timeline: Timeline,
        /// The one that it comes from.
        previous: Timeline,
        /// When, in microseconds since 2000.
        time: i64,
    },
    /// A base backup of the running server ended.
    BackupEnd {
        /// Where it had started: the place from which its recovery starts.
        start: Lsn,
    },
    /// The rest of the segment is empty.
    Switch,
    /// A record that was lost in a crash is skipped.
    OverwriteContrecord {
        /// Where that record began.
        overwritten: Lsn,
        /// When it was skipped, in microseconds since 2000.
        time: i64,
    },
    /// Anything else.
    Other,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// Its number; that of the prepared transaction where one was committed or rolled back. 0 where it is not known.
    pub xid: u32,
    /// When, in microseconds since 2000 ([`crate::from_postgres`]).
    pub time: i64,
    /// Whether it was a prepared one.
    pub prepared: bool,
}

/// The settings that a server in recovery has to have at least as high (`xl_parameter_change`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Parameters {
    pub max_connections: i32,
    pub max_worker_processes: i32,
    pub max_wal_senders: i32,
    pub max_prepared_transactions: i32,
    pub max_locks_per_transaction: i32,
    /// 0 minimal, 1 replica, 2 logical.
    pub wal_level: i32,
    pub wal_log_hints: bool,
    pub track_commit_timestamp: bool,
}

impl Parameters {
    /// The greater of each setting of two.
    #[must_use]
    pub fn greatest(self, other: Self) -> Self {
        Self {
            max_connections: self.max_connections.max(other.max_connections),
            max_worker_processes: self.max_worker_processes.max(other.max_worker_processes),
            max_wal_senders: self.max_wal_senders.max(other.max_wal_senders),
            max_prepared_transactions: self.max_prepared_transactions.max(other.max_prepared_transactions),
            max_locks_per_transaction: self.max_locks_per_transaction.max(other.max_locks_per_transaction),
            wal_level: self.wal_level.max(other.wal_level),
            wal_log_hints: self.wal_log_hints || other.wal_log_hints,
            track_commit_timestamp: self.track_commit_timestamp || other.track_commit_timestamp,
        }
    }
}

/// A checkpoint (`CheckPoint` in pg_control.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whether it was that of a clean stop.
    pub shutdown: bool,
    /// Where recovery from it starts.
    pub redo: Lsn,
    /// The timeline from it on.
    pub timeline: Timeline,
    /// The timeline before it.
    pub previous: Timeline,
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// The next transaction, with its epoch in the upper half.
    pub next_xid: u64,
}

const RM_XLOG: u8 = 0;
const RM_XACT: u8 = 1;

/// Whether what the record says is looked at.
#[inline]
pub(crate) fn matters(resource_manager: u8) -> bool {
    resource_manager <= RM_XACT
}

/// Whether records of that resource manager are ends of transactions.
#[inline]
pub(crate) fn of_transactions(resource_manager: u8) -> bool {
    resource_manager == RM_XACT
}

/// Reads what a record says. Its main data may be cut off behind the length that is kept; too short ones say nothing.
pub(crate) fn read(resource_manager: u8, info: u8, xid: u32, data: &[u8], major: Major) -> Kind {
    let kind = match resource_manager {
        RM_XLOG => of_log(info & 0xF0, data),
        RM_XACT => of_transaction(info, xid, data, major),
        _ => None,
    };
    kind.unwrap_or(Kind::Other)
}

fn of_log(info: u8, data: &[u8]) -> Option<Kind> {
    Some(match info {
        0x00 | 0x10 => Kind::Checkpoint(checkpoint(info == 0, data)?),
        0x40 => Kind::Switch,
        0x50 => Kind::BackupEnd { start: Lsn(u64_at(data, 0)?) },
        0x60 => Kind::ParameterChange(Parameters {
            max_connections: i32_at(data, 0)?,
            max_worker_processes: i32_at(data, 4)?,
            max_wal_senders: i32_at(data, 8)?,
            max_prepared_transactions: i32_at(data, 12)?,
            max_locks_per_transaction: i32_at(data, 16)?,
            wal_level: i32_at(data, 20)?,
            wal_log_hints: *data.get(24)? != 0,
            track_commit_timestamp: *data.get(25)? != 0,
        }),
        0x70 => {
            let name = data.get(8..)?;
            let name = &name[..name.len().min(64)];
            let name = name.split(|byte| *byte == 0).next()?;
            Kind::RestorePoint { name: String::from_utf8_lossy(name).into_owned(), time: i64_at(data, 0)? }
        }
        0x90 => Kind::EndOfRecovery {
            time: i64_at(data, 0)?,
            timeline: Timeline(u32_at(data, 8)?),
            previous: Timeline(u32_at(data, 12)?),
        },
        0xD0 => Kind::OverwriteContrecord { overwritten: Lsn(u64_at(data, 0)?), time: i64_at(data, 8)? },
        _ => Kind::Other,
    })
}

fn checkpoint(shutdown: bool, data: &[u8]) -> Option<Checkpoint> {
    Some(Checkpoint {
        shutdown,
        redo: Lsn(u64_at(data, 0)?),
        timeline: Timeline(u32_at(data, 8)?),
        previous: Timeline(u32_at(data, 12)?),
        next_xid: u64_at(data, 24)?,
        time: i64_at(data, 64)?,
    })
}

fn of_transaction(info: u8, xid: u32, data: &[u8], major: Major) -> Option<Kind> {
    let (committed, prepared) = match info & 0x70 {
        0x00 => (true, false),
        0x20 => (false, false),
        0x30 => (true, true),
        0x40 => (false, true),
        _ => return None,
    };
    let time = i64_at(data, 0)?;
    let xid = if prepared { prepared_xid(info, committed, data, major).unwrap_or(0) } else { xid };
    let transaction = Transaction { xid, time, prepared };
    Some(if committed { Kind::Commit(transaction) } else { Kind::Abort(transaction) })
}

/// `twophase_xid` of `ParseCommitRecord` and `ParseAbortRecord` (src/backend/access/rmgrdesc/xactdesc.c).
fn prepared_xid(info: u8, committed: bool, data: &[u8], major: Major) -> Option<u32> {
    if info & 0x80 == 0 {
        return None;
    }
    let flags = u32_at(data, 8)?;
    let mut at = 12_usize;
    if flags & 1 != 0 {
        at += 8;
    }
    // The flag of each list, and the size of its items: subtransactions, files of relations, statistics (15), invalidations. An
    // item of statistics has an identifier of eight bytes from 18 on.
    let statistics = if major >= Major::V18 { 16 } else { 12 };
    for (flag, item) in [(1 << 1, 4), (1 << 2, 12), (1 << 8, statistics), (1 << 3, 16)] {
        let exists = match flag {
            0x100 => major >= Major::V15,
            0x008 => committed,
            _ => true,
        };
        if exists && flags & flag != 0 {
            let count = usize::try_from(i32_at(data, at)?).ok()?;
            at = at.checked_add(count.checked_mul(item)?)?.checked_add(4)?;
        }
    }
    (flags & (1 << 4) != 0).then(|| u32_at(data, at)).flatten()
}
