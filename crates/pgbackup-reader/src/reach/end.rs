//! How a recovery ends, and why.

use std::path::PathBuf;

use crate::archive::Trouble;
use crate::history::BadHistory;
use crate::wal::{Fault, Kind, Major, Record, SegmentName};
use crate::{Lsn, Segment, Timeline};

/// Why the log ends for a server where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All that lies on the path was read.
    Archive {
        /// The last segment that was.
        newest: Segment,
    },
    /// A segment is missing, and later ones are there.
    Missing {
        /// Its name on the timeline that owns it.
        segment: SegmentName,
    },
    /// The next segment is there as `.partial` alone, which no restore_command asks for.
    OnlyPartial {
        /// Its name, without the ending.
        segment: SegmentName,
        /// The file.
        path: PathBuf,
    },
    /// Nothing was written from there on: zeros, where a page or a record should be.
    Zeroed {
        /// Where.
        at: Lsn,
        /// In which file.
        segment: Segment,
    },
    /// The bytes of a record are not those that were written.
    BadChecksum {
        /// Where the record begins.
        at: Lsn,
        /// In which file it does.
        segment: Segment,
    },
    /// A page is one of another place: a segment under a wrong name, or a file that was recycled and never filled.
    PageOfAnotherSegment {
        /// Where it lies.
        at: Lsn,
        /// In which file.
        segment: Segment,
        /// Where it belongs.
        found: Lsn,
    },
    /// A segment of another cluster.
    OtherSystem {
        /// The file.
        segment: Segment,
        /// The system identifier in it.
        found: u64,
    },
    /// A segment of another major version.
    OtherMajor {
        /// The file.
        segment: Segment,
        /// That version.
        found: Major,
    },
    /// Anything else that is wrong with a page or a record.
    Damaged {
        /// Where the page or record begins.
        at: Lsn,
        /// In which file.
        segment: Segment,
        /// What is wrong.
        fault: Fault,
    },
    /// A segment is not as long as segments are.
    WrongSize {
        /// The file.
        segment: Segment,
        /// Its length in bytes; of a compressed one that is too long, one more than it should have.
        length: u64,
        /// The length that segments have, in bytes.
        expected: u64,
    },
    /// A segment is there and cannot be read.
    Unreadable {
        /// Its name on the timeline that owns it.
        segment: SegmentName,
        /// Why.
        trouble: Trouble,
    },
    /// The server gives up for a reason that lies in no segment.
    Refused(Refusal),
}

/// What a server in recovery would do at the end of the log, if no point was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerWould {
    /// It becomes a primary on a new timeline, and says that it is ready.
    Promote,
    /// It gives up with a FATAL or a PANIC.
    Refuse(Refusal),
}

/// Why a server gives up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `recovery target timeline … does not exist`.
    #[error("there is no history of timeline {wanted}")]
    TimelineUnknown {
        /// The timeline that was asked for.
        wanted: Timeline,
    },
    /// `syntax error in history file`, `invalid data in history file`.
    #[error("the history of timeline {timeline} is broken: {why}")]
    HistoryBroken {
        /// Whose history it is.
        timeline: Timeline,
        /// What is wrong.
        why: BadHistory,
    },
    /// `could not locate required checkpoint record`.
    #[error("the checkpoint at {at}, where recovery starts, cannot be read")]
    CheckpointMissing {
        /// Where it should be.
        at: Lsn,
    },
    /// `could not find redo location referenced by checkpoint record`.
    #[error("the record at {at}, where replay starts, cannot be read")]
    RedoMissing {
        /// Where it should be.
        at: Lsn,
    },
    /// `requested timeline … is not a child of this server's history`.
    #[error(
        "timeline {wanted} left timeline {start} at {}, before the backup at {checkpoint}",
        fork.map_or("no place".to_owned(), |fork| fork.to_string())
    )]
    NotAChild {
        /// The timeline that recovery is to follow.
        wanted: Timeline,
        /// The timeline of the backup.
        start: Timeline,
        /// The backup's checkpoint.
        checkpoint: Lsn,
        /// Where the wanted timeline left that of the backup; `None` where it never was on it.
        fork: Option<Lsn>,
    },
    /// `requested timeline … does not contain minimum recovery point …`.
    #[error("the minimum recovery point {minimum} of timeline {timeline} is not on the way to timeline {wanted}")]
    MinimumNotOnPath {
        /// The timeline that recovery is to follow.
        wanted: Timeline,
        /// The minimum recovery point of pg_control.
        minimum: Lsn,
        /// Its timeline.
        timeline: Timeline,
    },
    /// `archive file … has wrong size`.
    #[error("a segment has {length} bytes instead of {expected}")]
    WrongSize {
        /// Its length in bytes.
        length: u64,
        /// The length that segments have.
        expected: u64,
    },
    /// `WAL ends before end of online backup`, `WAL ends before consistent recovery point`.
    #[error("the WAL ends at {end}, before the backup is consistent")]
    BackupWalMissing {
        /// Where it ends.
        end: Lsn,
        /// Where the backup would be consistent, where that is known.
        needed: Option<Lsn>,
    },
    /// `unexpected timeline ID … in checkpoint record`.
    #[error("the record at {at} goes from timeline {from} to {to}, which is not the path that the histories tell")]
    TimelineSwitch {
        /// Where the record begins.
        at: Lsn,
        /// The timeline before it.
        from: Timeline,
        /// The timeline that it says.
        to: Timeline,
    },
    /// `mismatching overwritten LSN`.
    #[error("the record at {at} skips another record than the one that was lost")]
    OverwrittenDiffers {
        /// Where the record begins.
        at: Lsn,
    },
    /// `WAL was generated with wal_level=minimal, cannot continue recovering`; in 13 `hot standby is not possible because wal_level
    /// was not set to "replica" or higher`, unless hot_standby is off.
    #[error("from the record at {at} on the WAL was written with wal_level=minimal, which cannot be recovered over")]
    MinimalWal {
        /// Where the record of the change begins.
        at: Lsn,
    },
    /// `online backup was canceled, recovery cannot continue`.
    #[error("the server was stopped at {at}, before the backup had ended")]
    BackupCancelled {
        /// Where the record of the stop begins.
        at: Lsn,
    },
}

/// What lies in the archive behind the end, and cannot be reached: later segments, or the `.partial` that is there alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// The first segment of it.
    pub first: Segment,
    /// The last.
    pub last: Segment,
    /// How many.
    pub segments: u64,
    /// The last commit in them, as far as they can be read.
    pub last_commit: Option<Ended>,
}

/// A segment of the timeline that owns it is missing, and an older timeline's was read instead: the abandoned branch may come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FellOff {
    /// The segment that should have been read.
    pub wanted: SegmentName,
    /// The one that was.
    pub read: SegmentName,
    /// Where the timelines part.
    pub fork: Lsn,
    /// Whether records behind that place were replayed, which had been given up. Otherwise the older segment ends before.
    pub came_back: bool,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Where the record begins.
    pub at: Lsn,
    /// Where the next one can.
    pub end: Lsn,
    /// The transaction.
    pub xid: u32,
    /// When, in microseconds since 2000 ([`crate::from_postgres`]).
    pub time: i64,
    /// Whether it was committed; otherwise rolled back.
    pub committed: bool,
}

impl Ended {
    /// How a record ends a transaction, where it does.
    pub fn of(record: &Record) -> Option<Self> {
        let (transaction, committed) = match &record.kind {
            Kind::Commit(transaction) => (transaction, true),
            Kind::Abort(transaction) => (transaction, false),
            _ => return None,
        };
        Some(Self { at: record.at, end: record.end, xid: transaction.xid, time: transaction.time, committed })
    }
}
