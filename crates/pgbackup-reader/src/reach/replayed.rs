//! What a replay found.

use crate::archive::Trouble;
use crate::reach::end::{End, Ended, FellOff, Refusal, ServerWould};
use crate::reach::path::{Ambiguous, SegmentRead};
use crate::reach::question::Question;
use crate::reach::stops::{Judge, Progress, StopAt};
use crate::wal::Parameters;
use crate::{Lsn, Timeline};

/// How many restore points are kept.
pub const KEPT_RESTORE_POINTS: usize = 10_000;

/// A restore point on the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestorePoint {
    /// Where recovery stops for it: behind its record.
    pub end: Lsn,
    /// Its name.
    pub name: String,
    /// When it was made, in microseconds since 2000 ([`crate::from_postgres`]).
    pub time: i64,
}

/// What a replay found.
pub(crate) struct Replayed {
    pub(crate) progress: Progress,
    pub(crate) timeline: Timeline,
    pub(crate) why: End,
    pub(crate) server_would: ServerWould,
    pub(crate) consistent: Option<Lsn>,
    pub(crate) first_commit: Option<Ended>,
    pub(crate) commits: u64,
    pub(crate) records: u64,
    pub(crate) restore_points: Vec<RestorePoint>,
    pub(crate) parameters: Option<Parameters>,
    pub(crate) custom_resource_managers: Vec<u8>,
    pub(crate) checkpoint_time: Option<i64>,
    pub(crate) segments: Vec<SegmentRead>,
    pub(crate) last_timeline: Timeline,
    pub(crate) fell_off: Option<FellOff>,
    pub(crate) ambiguous: Vec<Ambiguous>,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) stops: Vec<StopAt>,
    /// The number of the segment in which reading stopped.
    pub(crate) stopped_in: Option<u64>,
    /// Whether that segment was there.
    pub(crate) has_its_segment: bool,
}

impl Replayed {
    /// A recovery that never read a segment.
    pub(crate) fn refused_at_once(question: &Question<'_>, refusal: Refusal) -> Self {
        let progress = Progress { end: question.start.redo, ..Progress::default() };
        let stops = question.points.iter().map(|asked| Judge::new(asked).answer(&progress, true, None)).collect();
        Self {
            progress,
            timeline: question.start.timeline,
            why: End::Refused(refusal.clone()),
            server_would: ServerWould::Refuse(refusal),
            consistent: None,
            first_commit: None,
            commits: 0,
            records: 0,
            restore_points: Vec::new(),
            parameters: None,
            custom_resource_managers: Vec::new(),
            checkpoint_time: None,
            segments: Vec::new(),
            last_timeline: question.start.timeline,
            fell_off: None,
            ambiguous: Vec::new(),
            troubles: Vec::new(),
            stops,
            stopped_in: None,
            has_its_segment: false,
        }
    }
}
