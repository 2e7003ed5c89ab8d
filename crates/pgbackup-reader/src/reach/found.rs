//! What is found.

use crate::archive::Trouble;
use crate::reach::end::{Beyond, End, Ended, FellOff, ServerWould};
use crate::reach::path::{Ambiguous, SegmentRead};
use crate::reach::replayed::RestorePoint;
use crate::reach::stops::StopAt;
use crate::wal::{Expected, Parameters};
use crate::{History, Lsn, Timeline};

/// How far an archive brings a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The timelines that are followed.
    pub history: History,
    /// The system identifier, major version and size of segments that segments had to have.
    pub expected: Expected,
    /// What pg_last_wal_replay_lsn() says at the end: where the next record would begin.
    pub end: Lsn,
    /// The timeline of the last record.
    pub end_timeline: Timeline,
    /// Why it ends there.
    pub why: End,
    /// What a server would do there if no point was asked for.
    pub server_would: ServerWould,
    /// From where on the backup is consistent; `None` where the end comes first.
    pub consistent: Option<Lsn>,
    /// The last end of a transaction: pg_last_xact_replay_timestamp() says its time.
    pub last_transaction: Option<Ended>,
    /// The first commit.
    pub first_commit: Option<Ended>,
    /// The last commit.
    pub last_commit: Option<Ended>,
    /// How many commits there are.
    pub commits: u64,
    /// How many records were read.
    pub records: u64,
    /// Restore points, in order; the first [`crate::reach::KEPT_RESTORE_POINTS`] of them.
    pub restore_points: Vec<RestorePoint>,
    /// The greatest of each setting that a standby has to have; `None` where the log changes none.
    pub parameters: Option<Parameters>,
    /// Resource managers of extensions: the server needs these to replay.
    pub custom_resource_managers: Vec<u8>,
    /// When the checkpoint was made that recovery starts from, in seconds since 1970.
    pub checkpoint_time: Option<i64>,
    /// The segments that were read, in order.
    pub segments: Vec<SegmentRead>,
    /// A newer timeline's segment is missing, and an older one's was read instead.
    pub fell_off: Option<FellOff>,
    /// What lies behind the end.
    pub beyond: Option<Beyond>,
    /// Timelines that have segments and no history.
    pub without_history: Vec<Timeline>,
    /// Names under which files with different contents lie.
    pub ambiguous: Vec<Ambiguous>,
    /// Files that should have been read and could not be.
    pub troubles: Vec<Trouble>,
    /// Where recovery would stop for each point that was asked for.
    pub stops: Vec<StopAt>,
}

impl Reach {
    /// Whether all that lies on the path was read: nothing is missing or damaged before the archive's newest segment, and no older
    /// timeline's segment was read for a newer one's.
    pub fn is_complete(&self) -> bool {
        matches!(self.why, End::Archive { .. }) && self.fell_off.is_none()
    }

    /// Whether what a recovery replays last before that place had been given up, as the timelines tell.
    pub fn is_abandoned(&self, place: Lsn) -> bool {
        self.fell_off.as_ref().is_some_and(|fell_off| place > fell_off.fork)
    }
}
