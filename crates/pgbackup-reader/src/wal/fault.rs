//! What is wrong with a page or a record, in the order in which a server finds it.

use crate::{Lsn, Timeline};

/// Why a page or a record is none: the refusals of src/backend/access/transam/xlogreader.c (PostgreSQL 13 to 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The page begins with something else than pages of this major do; 0 where it was never written.
    #[error("the page begins with {found:04X} and not with its version's magic number")]
    Magic {
        /// What it begins with.
        found: u16,
    },
    /// Flags that do not exist, or a segment's first page without the longer header.
    #[error("the page has the info bits {found:04X}, which cannot be")]
    InfoBits {
        /// The flags.
        found: u16,
    },
    /// Another cluster wrote it.
    #[error("it is of the system {found}, not of {expected}")]
    OtherSystem {
        /// The identifier in the page.
        found: u64,
        /// The identifier that was expected.
        expected: u64,
    },
    /// Segments of another size.
    #[error("it is of a cluster with segments of {found} bytes")]
    OtherSegmentSize {
        /// That size in bytes.
        found: u32,
    },
    /// Pages of another size, as a server built so writes.
    #[error("it is of a cluster with WAL pages of {found} bytes; only 8192 can be read")]
    OtherPageSize {
        /// That size in bytes.
        found: u32,
    },
    /// The page is one of another place: of another segment, or left from before the file was recycled.
    #[error("the page is that of {found}")]
    PageAddress {
        /// The place that it says.
        found: Lsn,
    },
    /// The page's timeline is older than that of an earlier page.
    #[error("the page is of timeline {found}, after pages of timeline {after}")]
    TimelineBackwards {
        /// The page's timeline.
        found: Timeline,
        /// That of the page before.
        after: Timeline,
    },
    /// Less than a page could be read.
    #[error("only {found} bytes of the page are there")]
    ShortPage {
        /// How many.
        found: usize,
    },
    /// The place lies amid a page's header.
    #[error("no record can begin amid a page's header")]
    RecordOffset,
    /// The place is amid a record.
    #[error("a record is asked for where the rest of another lies")]
    AmidRecord,
    /// A length that no record has; 0 where none was written.
    #[error("a record of {found} bytes cannot be")]
    RecordLength {
        /// The length in bytes.
        found: u32,
    },
    /// No such resource manager.
    #[error("there is no resource manager {found}")]
    ResourceManager {
        /// Its number.
        found: u8,
    },
    /// It does not follow the record before.
    #[error("the record says that the one before it is at {found}")]
    PrevLink {
        /// The place that it says.
        found: Lsn,
    },
    /// The record has no rest on the next page.
    #[error("the record does not go on on the next page")]
    NoContinuation,
    /// The next page holds the rest of another record.
    #[error("the next page has {found} bytes of a record, not the {expected} that are left of this")]
    ContinuationLength {
        /// How many the page says.
        found: u32,
        /// How many are left.
        expected: u32,
    },
    /// The record's bytes are not those that were written.
    #[error("the record's checksum is wrong")]
    Checksum,
    /// Its inner lengths do not add up, although its checksum is right.
    #[error("the record's parts are not what its length says")]
    Parts,
    /// The page's timeline is not on the path to the timeline that is wanted.
    #[error("the page is of timeline {found}, which is not on the path")]
    TimelineNotOnPath {
        /// The page's timeline.
        found: Timeline,
    },
}

impl Fault {
    /// Whether nothing stands there: zeros, as in a segment that was never filled.
    pub fn is_empty(self) -> bool {
        matches!(self, Fault::Magic { found: 0 } | Fault::RecordLength { found: 0 })
    }
}
