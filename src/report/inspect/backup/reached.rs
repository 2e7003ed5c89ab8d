//! How far WAL brings a base along one timeline.

use jiff::Timestamp;
use pgbackup_reader::archive::Archive;
use pgbackup_reader::base::{Control, Label};
use pgbackup_reader::reach::{Asked, End, Goal, Outcome, Point, Question, Reach, ServerWould, reach};
use pgbackup_reader::wal::MemberKind;
use pgbackup_reader::{Lsn, Timeline};
use serde::Serialize;

use super::shape::{RestorePointSeen, Segments, Transaction, lsn};
use crate::recovery::{start, why_it_ends};

/// So many timelines are followed beside the latest: those with the highest numbers.
const FOLLOWED: usize = 15;

/// How far WAL brings a base along one timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// Which `recovery_target_timeline`.
    pub timeline: u32,
    /// Whether it is the one that a recovery follows where nothing is said.
    pub is_latest: bool,
    /// Whether all was read that lies on the way.
    pub is_complete: bool,
    /// Where recovery ends: what `pg_last_wal_replay_lsn()` would say.
    pub end_lsn: String,
    /// The timeline of the last record.
    pub end_timeline: u32,
    /// Why it ends there, in words.
    pub because: String,
    /// Why a server would give up; null where it would promote.
    pub refused: Option<String>,
    /// The earliest point; null where the backup does not become consistent.
    pub earliest: Option<Earliest>,
    pub first_commit: Option<Transaction>,
    pub last_commit: Option<Transaction>,
    /// The last commit or rollback, whose time `pg_last_xact_replay_timestamp()` would say.
    pub last_transaction: Option<Transaction>,
    pub commits: u64,
    pub records: u64,
    /// How many segments are read on the way.
    pub segments: u64,
    /// Bytes of WAL from the base's start to the end.
    pub wal_bytes: u64,
    /// Seconds from the last commit until now.
    pub data_loss_seconds: Option<i64>,
    pub restore_points: Vec<RestorePointSeen>,
    /// What lies behind the end and cannot be reached.
    pub beyond: Option<Beyond>,
    /// Where an abandoned branch would come back: the segment that is missing.
    pub fell_off: Option<String>,
}

/// The earliest point of a base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earliest {
    /// From where on it is consistent.
    pub lsn: String,
    /// The last commit that it holds then, of those whose end lies in the WAL.
    pub last_commit: Option<Transaction>,
    /// The first commit or rollback behind it.
    pub next: Option<Transaction>,
}

/// What lies behind the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beyond {
    pub segments: Segments,
    pub last_commit: Option<Transaction>,
}

/// A base, as far as a recovery of it hangs on it, and its WAL.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) control: &'a Control,
    pub(super) label: &'a Label,
    pub(super) needs_until: Option<Lsn>,
    pub(super) archive: &'a dyn Archive,
    pub(super) pg_wal: Option<&'a dyn Archive>,
}

impl Way<'_> {
    /// Along the latest timeline; `None` where nothing says what to read.
    pub(super) fn latest(&self) -> Option<Reach> {
        self.along(Goal::Latest)
    }

    fn along(&self, goal: Goal) -> Option<Reach> {
        let points = [Asked::at(Point::Immediate)];
        let start = start(self.control, self.label, self.needs_until);
        reach(&Question { archive: self.archive, pg_wal: self.pg_wal, start, goal, points: &points }).ok()
    }

    /// Along all other timelines that there are, from the base's own on.
    pub(super) fn others(&self, latest: Timeline) -> Vec<(Timeline, Reach)> {
        let histories = self.archive.members().unwrap_or(&[]).iter().filter_map(|member| match member.kind {
            MemberKind::History(timeline) => Some(timeline),
            _ => None,
        });
        let mut timelines: Vec<Timeline> = histories.filter(|timeline| *timeline > self.label.timeline).collect();
        timelines.push(self.label.timeline);
        timelines.sort_unstable();
        timelines.dedup();
        timelines.retain(|timeline| *timeline != latest);
        let kept = timelines.len().saturating_sub(FOLLOWED);
        let along = |timeline: Timeline| Some((timeline, self.along(Goal::Timeline(timeline))?));
        timelines.split_off(kept).into_iter().filter_map(along).collect()
    }
}

impl Reached {
    pub(super) fn of(reach: &Reach, timeline: Timeline, is_latest: bool, start: Lsn) -> Self {
        let size = reach.expected.segment_size;
        let last_commit = reach.last_commit.as_ref().map(Transaction::of);
        let at = last_commit.as_ref().and_then(|commit| commit.at);
        Self {
            timeline: timeline.0,
            is_latest,
            is_complete: reach.is_complete(),
            end_lsn: lsn(reach.end),
            end_timeline: reach.end_timeline.0,
            because: match &reach.why {
                End::Refused(refusal) => refusal.to_string(),
                _ => why_it_ends(reach),
            },
            refused: match &reach.server_would {
                ServerWould::Promote => None,
                ServerWould::Refuse(refusal) => Some(refusal.to_string()),
            },
            earliest: reach.consistent.map(|consistent| {
                let stop = reach.stops.first().filter(|stop| stop.outcome == Outcome::Reached);
                Earliest {
                    lsn: lsn(consistent),
                    last_commit: stop.and_then(|stop| stop.last_commit.as_ref()).map(Transaction::of),
                    next: stop.and_then(|stop| stop.next_transaction.as_ref()).map(Transaction::of),
                }
            }),
            first_commit: reach.first_commit.as_ref().map(Transaction::of),
            last_commit,
            last_transaction: reach.last_transaction.as_ref().map(Transaction::of),
            commits: reach.commits,
            records: reach.records,
            segments: reach.segments.len() as u64,
            wal_bytes: reach.end.since(start),
            data_loss_seconds: at.map(|at| Timestamp::now().duration_since(at).as_secs()),
            restore_points: reach.restore_points.iter().map(RestorePointSeen::of).collect(),
            beyond: reach.beyond.as_ref().map(|beyond| Beyond {
                segments: Segments {
                    first: beyond.first.name(size).to_string(),
                    last: beyond.last.name(size).to_string(),
                    segments: beyond.segments,
                    bytes: beyond.segments.saturating_mul(size.bytes()),
                },
                last_commit: beyond.last_commit.as_ref().map(Transaction::of),
            }),
            fell_off: reach.fell_off.as_ref().map(|fell| fell.wanted.to_string()),
        }
    }
}
