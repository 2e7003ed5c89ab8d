//! What is asked: from where, to which timeline, and which points.

use crate::wal::{Major, SegmentSize};
use crate::{Archive, Lsn, Timeline};

/// Where a recovery starts: what a base backup says of itself in backup_label and pg_control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// `START TIMELINE` of backup_label: the timeline of the checkpoint.
    pub timeline: Timeline,
    /// `START WAL LOCATION`: where replay starts.
    pub redo: Lsn,
    /// `CHECKPOINT LOCATION`. Where it is not known, the checkpoint is not looked at, which a server does first.
    pub checkpoint: Option<Lsn>,
    /// What the backup was taken from, which decides where it is consistent.
    pub backup: BackupFrom,
    /// Where the backup ended, as its manifest or its history file says. For messages: a recovery finds the end by itself.
    pub end: Option<Lsn>,
    /// The newest timeline that pg_control knows, where the search for the latest one starts; that of the start where left out.
    pub control_timeline: Option<Timeline>,
    /// The system identifier; that of the first segment where left out.
    pub system: Option<u64>,
    /// The major version; that of the first segment where left out.
    pub major: Option<Major>,
    /// The size of segments; that of the first segment where left out.
    pub segment_size: Option<SegmentSize>,
}

impl Start {
    /// The start of a backup that was taken from a running primary, with nothing else known.
    pub fn new(timeline: Timeline, redo: Lsn) -> Self {
        Self {
            timeline,
            redo,
            checkpoint: None,
            backup: BackupFrom::Primary,
            end: None,
            control_timeline: None,
            system: None,
            major: None,
            segment_size: None,
        }
    }
}

/// What a base backup was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupFrom {
    /// A running primary: the backup is consistent at its end, which a record in the log marks.
    Primary,
    /// A standby: it is consistent at the minimum recovery point of its pg_control.
    Standby {
        /// `Minimum recovery ending location`.
        minimum: Lsn,
        /// `Min recovery ending loc's timeline`.
        timeline: Timeline,
    },
    /// A server that was stopped: it is consistent from the start on.
    Stopped,
}

/// Which timeline recovery is to follow (`recovery_target_timeline`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The newest that the archive has a history of.
    Latest,
    /// That of the base backup.
    Current,
    /// One by its number.
    Timeline(Timeline),
}

/// Where recovery is to stop (`recovery_target` and its kin).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    /// Nowhere: at the end of the log.
    Latest,
    /// As soon as the backup is consistent.
    Immediate,
    /// A time, in microseconds since 2000 ([`crate::to_postgres`]).
    Time(i64),
    /// A place in the log.
    Lsn(Lsn),
    /// The end of a transaction.
    Xid(u32),
    /// A restore point.
    Name(String),
}

/// A point, and on which side of it recovery is to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The point.
    pub point: Point,
    /// `recovery_target_inclusive`, which counts for a time, a place and a transaction.
    pub inclusive: bool,
}

impl Asked {
    /// A point, itself included, which is the server's default.
    pub fn at(point: Point) -> Self {
        Self { point, inclusive: true }
    }
}

/// How far would an archive bring a recovery?
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Where segments and histories come from.
    pub archive: &'a dyn Archive,
    /// The base backup's own pg_wal, which a server asks after the archive.
    pub pg_wal: Option<&'a dyn Archive>,
    /// From where.
    pub start: Start,
    /// Along which timelines.
    pub goal: Goal,
    /// To which points besides the end.
    pub points: &'a [Asked],
}
