//! How far an archive brings a recovery, and why it ends there: what a server would do, found without one.
//!
//! A server says nothing where a segment is missing; it promotes and is ready. It goes back to an abandoned branch where the newer
//! timeline's segment is missing, and says nothing either. So this follows the server step by step
//! (src/backend/access/transam/xlogrecovery.c of PostgreSQL 15 and 18, xlog.c of 13) and tells what it would not tell.
//!
//! Two things are not followed: what replaying a record does to data pages, and standby mode.

mod beyond;
mod end;
mod identify;
mod path;
mod question;
mod replay;
mod run;
mod segment;
mod stops;
mod timelines;

pub use end::{Beyond, End, Ended, FellOff, Refusal, ServerWould};
pub use identify::{Identity, identify};
pub use path::{Ambiguous, ReadFrom, SegmentRead};
pub use question::{Asked, BackupFrom, Goal, Point, Question, Start};
pub use replay::{KEPT_RESTORE_POINTS, RestorePoint};
pub(crate) use run::{RunEnd, RunPages};
pub use stops::{Outcome, StopAt};

use std::path::PathBuf;

use crate::archive::Trouble;
use crate::wal::{Expected, Fault, Kind, Major, MemberKind, Parameters, Record, SegmentName, Stop};
use crate::{History, Lsn, Segment, SegmentSize, Timeline};

use path::{PathEnd, PathPages};
use replay::{Replay, Replayed};
use timelines::Timelines;

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
    /// Restore points, in order; the first [`KEPT_RESTORE_POINTS`] of them.
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

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    /// Neither the backup nor a segment tells what to read.
    #[error("no segment of the archive tells its major version and size, and the backup does not either")]
    Unidentified,
}

/// Reads the log along the path, and says how far it goes.
///
/// Memory is bounded whatever the log says. A gap that does not lie on the path changes nothing.
///
/// # Errors
/// Where neither the question nor the archive tells the major version and the size of segments.
pub fn reach(question: &Question<'_>) -> Result<Reach, ReachError> {
    let start = question.start;
    let identity = match (start.major, start.segment_size, start.system) {
        (Some(_), Some(_), Some(_)) => None,
        _ => identify::for_start(question),
    };
    let major = start.major.or(identity.map(|identity| identity.major));
    let segment_size = start.segment_size.or(identity.map(|identity| identity.segment_size));
    let (Some(major), Some(segment_size)) = (major, segment_size) else {
        return Err(ReachError::Unidentified);
    };
    let system = start.system.or(identity.map(|identity| identity.system));
    let expected = Expected { major, system, segment_size };

    let mut timelines = Timelines { archive: question.archive, pg_wal: question.pg_wal, troubles: Vec::new() };
    let history = timelines.wanted(question).and_then(|wanted| timelines.history(wanted));
    let (history, replayed) = match history {
        Ok(history) => {
            let pages = PathPages::new(question.archive, question.pg_wal, &history, segment_size);
            let replayed = Replay::new(question, pages, expected).run();
            (history, replayed)
        }
        Err(refusal) => {
            let history = History::alone(start.timeline);
            (history, Replayed::refused_at_once(question, refusal))
        }
    };
    Ok(finish(question, expected, history, timelines.troubles, replayed))
}

/// Where recovery would stop for one more point: reads the log anew.
///
/// # Errors
/// As for [`reach`].
pub fn stop_at(question: &Question<'_>, asked: &Asked) -> Result<StopAt, ReachError> {
    let mut reach = reach(&Question { points: std::slice::from_ref(asked), ..*question })?;
    // For each point there is an answer.
    Ok(reach.stops.remove(0))
}

fn finish(
    question: &Question<'_>,
    expected: Expected,
    history: History,
    mut troubles: Vec<Trouble>,
    replayed: Replayed,
) -> Reach {
    let size = expected.segment_size;
    let later = match &replayed.stopped_in {
        Some(number) => {
            let from = number.saturating_add(u64::from(replayed.has_its_segment));
            beyond::on_path(question.archive, &history, replayed.last_timeline, from, size)
        }
        None => Default::default(),
    };
    let mut why = replayed.why;
    let (mut behind, mut suffix) = (later, "");
    if let End::Missing { segment } = why
        && behind.is_empty()
    {
        why = match partial(question, &history, segment, size) {
            Some((segment, path)) => {
                behind.insert(segment.number, segment);
                suffix = ".partial";
                End::OnlyPartial { segment: segment.name(size), path }
            }
            None => match replayed.segments.last() {
                Some(newest) => End::Archive { newest: newest.segment },
                None => End::Missing { segment },
            },
        };
    }
    troubles.extend(replayed.troubles.into_iter().filter(|trouble| !troubles.contains(trouble)).collect::<Vec<_>>());
    Reach {
        expected,
        end: replayed.progress.end,
        end_timeline: replayed.timeline,
        server_would: replayed.server_would,
        why,
        consistent: replayed.consistent,
        last_transaction: replayed.progress.last_transaction,
        first_commit: replayed.first_commit,
        last_commit: replayed.progress.last_commit,
        commits: replayed.commits,
        records: replayed.records,
        restore_points: replayed.restore_points,
        parameters: replayed.parameters,
        custom_resource_managers: replayed.custom_resource_managers,
        checkpoint_time: replayed.checkpoint_time,
        segments: replayed.segments,
        fell_off: replayed.fell_off.map(|fell| FellOff { came_back: fell.fork < replayed.progress.end, ..fell }),
        beyond: beyond::beyond(question.archive, &behind, suffix, expected),
        without_history: timelines::without_history(question.archive),
        ambiguous: replayed.ambiguous,
        troubles,
        stops: replayed.stops,
        history,
    }
}

/// The segment of that number that is there as `.partial`, of the newest timeline of the path that has one: at a promotion, that of the
/// timeline that was left.
fn partial(
    question: &Question<'_>,
    history: &History,
    missing: SegmentName,
    size: SegmentSize,
) -> Option<(Segment, PathBuf)> {
    let number = missing.segment(size)?.number;
    let partials = question.archive.members()?.iter().filter_map(|member| match member.kind {
        MemberKind::Partial(name) => Some((name.segment(size)?, member.path.clone())),
        _ => None,
    });
    partials
        .filter(|(segment, _)| segment.number == number && history.contains(segment.timeline))
        .max_by_key(|(segment, _)| segment.timeline)
}

/// How a record ends a transaction, where it does.
pub(crate) fn transaction_of(record: &Record) -> Option<Ended> {
    let (transaction, committed) = match &record.kind {
        Kind::Commit(transaction) => (transaction, true),
        Kind::Abort(transaction) => (transaction, false),
        _ => return None,
    };
    Some(Ended { at: record.at, end: record.end, xid: transaction.xid, time: transaction.time, committed })
}

/// What a reader's stop means for the log's end.
fn end_of(stop: Stop<PathEnd>, segment: Option<Segment>, size: SegmentSize) -> End {
    let (at, fault) = match stop {
        Stop::End(PathEnd::Missing { segment, .. }) => return End::Missing { segment },
        Stop::End(PathEnd::Unreadable { segment, trouble, .. }) => return End::Unreadable { segment, trouble },
        Stop::End(PathEnd::WrongSize { segment, length }) => {
            return End::WrongSize { segment, length, expected: size.bytes() };
        }
        Stop::Fault { at, fault } => (at, fault),
    };
    let timeline = segment.map_or(Timeline(0), |segment| segment.timeline);
    let segment = Segment::at(timeline, at, size);
    match fault {
        fault if fault.is_empty() => End::Zeroed { at, segment },
        Fault::Checksum => End::BadChecksum { at, segment },
        Fault::PageAddress { found } => End::PageOfAnotherSegment { at, segment, found },
        Fault::OtherSystem { found, .. } => End::OtherSystem { segment, found },
        Fault::Magic { found } if Major::of_magic(found).is_some() => {
            End::OtherMajor { segment, found: Major::of_magic(found).unwrap_or(Major::V18) }
        }
        fault => End::Damaged { at, segment, fault },
    }
}
