//! What is found.

use std::path::PathBuf;

use crate::archive::Trouble;
use crate::history::BadHistory;
use crate::reach::{Ended, Identity, RestorePoint};
use crate::wal::{Fault, SegmentName};
use crate::{History, Lsn, Segment, Timeline};

/// What lies in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The clusters whose segments lie here, the one with the most first, and how many segments each has. More than one means that
    /// two servers archive to the same place, or that the cluster was upgraded or made anew.
    pub identities: Vec<(Identity, u64)>,
    /// The timelines of the first of these, in order.
    pub timelines: Vec<TimelineSurvey>,
    /// Segments of the other clusters.
    pub of_others: Vec<SegmentName>,
    /// Files that cannot be read.
    pub troubles: Vec<Trouble>,
    /// Names under which files with different contents lie: the one that was read, and the others.
    pub ambiguous: Vec<(SegmentName, PathBuf, Vec<PathBuf>)>,
}

/// What an archive holds of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineSurvey {
    /// Which.
    pub timeline: Timeline,
    /// Where it comes from; `None` where there is no history, without which a server does not know of it unless it is timeline 1.
    pub history: Option<Result<History, BadHistory>>,
    /// Stretches of segments that can be read without a break, in order.
    pub ranges: Vec<Range>,
    /// Segments that are missing between them, and between a timeline and where others leave it.
    pub gaps: Vec<Gap>,
    /// Segments that lie here as `.partial` alone.
    pub partial: Vec<PartialSegment>,
    /// Segments that are damaged, of a wrong size, or cannot be read.
    pub damaged: Vec<Damaged>,
    /// Nobody continued this timeline, and the latest of an archive would be looked for on it.
    pub polluted: Option<Polluted>,
}

/// Segments that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first: Segment,
    /// The last.
    pub last: Segment,
    /// Where the last record that can be read ends.
    pub end: Lsn,
    /// Whether the last segment is empty from there on: it was archived before it was full, which a switch does not do.
    pub unfilled: bool,
    /// What the records say.
    pub content: Content,
}

/// What records say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// How many records there are.
    pub records: u64,
    /// How many commits.
    pub commits: u64,
    /// The first commit.
    pub first_commit: Option<Ended>,
    /// The last commit.
    pub last_commit: Option<Ended>,
    /// Restore points, as many as [`crate::reach::KEPT_RESTORE_POINTS`].
    pub restore_points: Vec<RestorePoint>,
}

/// Segments that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first that is.
    pub first: Segment,
    /// The last.
    pub last: Segment,
}

impl Gap {
    /// How many are missing.
    pub fn segments(&self) -> u64 {
        self.last.number.saturating_sub(self.first.number).saturating_add(1)
    }
}

/// A segment that lies there as `.partial` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialSegment {
    /// Which.
    pub segment: Segment,
    /// What it holds, as far as it can be read: this is lost to any recovery.
    pub content: Content,
}

/// A segment that cannot be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Which.
    pub segment: Segment,
    /// Why.
    pub why: Damage,
}

/// Why a segment cannot be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A page or record is none.
    Fault {
        /// Where.
        at: Lsn,
        /// What is wrong.
        fault: Fault,
    },
    /// It has another length than segments have, in bytes.
    WrongSize(u64),
    /// The file cannot be read.
    Trouble(Trouble),
}

/// A timeline that nobody continued, as a restore test leaves one that archives into the archive that it reads.
///
/// The rule: no other timeline comes from it, and the timeline that it left has a later commit than it has itself, behind the place
/// where it left. A failover looks otherwise: there the timeline that was left ends, or its server's last commits are older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polluted {
    /// The timeline that was left, and went on.
    pub parent: Timeline,
    /// Where.
    pub fork: Lsn,
    /// The last commit of the timeline that was left.
    pub parent_commit: Ended,
    /// The last commit of this one.
    pub own_commit: Option<Ended>,
}
