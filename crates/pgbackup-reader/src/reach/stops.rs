//! Where recovery stops for a point: `recoveryStopsBefore` and `recoveryStopsAfter` of
//! src/backend/access/transam/xlogrecovery.c (PostgreSQL 15 and 18; the same in xlog.c of 13).

use crate::Lsn;
use crate::reach::end::Ended;
use crate::reach::question::{Asked, Point};
use crate::wal::{Kind, Record};

/// Where recovery would stop for a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopAt {
    /// The point.
    pub asked: Asked,
    /// What becomes of it.
    pub outcome: Outcome,
    /// What pg_last_wal_replay_lsn() says at the stop; at the end where the point is not reached.
    pub lsn: Lsn,
    /// The transaction whose time pg_last_xact_replay_timestamp() says: the last that ended before it. One that ends with the very record
    /// at a place that was asked for has ended too, and its time is not said.
    pub last_transaction: Option<Ended>,
    /// The last commit before it.
    pub last_commit: Option<Ended>,
    /// The first end of a transaction behind it.
    pub next_transaction: Option<Ended>,
    /// The time asked for is before that of the backup's checkpoint: if it is reached, it is with a later state than asked for.
    pub before_backup: bool,
}

/// What becomes of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Recovery stops for it.
    Reached,
    /// It lies before the backup is consistent, and the server gives up: `requested recovery stop point is before consistent recovery
    /// point`.
    BeforeConsistency,
    /// The log ends first, and the server gives up: `recovery ended before configured recovery target was reached`.
    NotReached,
    /// The server gives up for another reason, before it gets there.
    Refused,
}

/// What was replayed so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) end: Lsn,
    pub(crate) last_transaction: Option<Ended>,
    pub(crate) last_commit: Option<Ended>,
    pub(crate) consistent: bool,
}

/// Watches for a point while records pass.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    asked: &'a Asked,
    stopped: Option<(Outcome, Progress)>,
    next: Option<Ended>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(asked: &'a Asked) -> Self {
        Self { asked, stopped: None, next: None }
    }

    /// Whether no stop is asked for.
    pub(crate) fn is_latest(&self) -> bool {
        self.asked.point == Point::Latest
    }

    /// A record is about to be replayed.
    pub(crate) fn before(&mut self, record: &Record, transaction: Option<&Ended>, progress: &Progress) {
        if self.stopped.is_none() && self.stops_before(record, transaction, progress.consistent) {
            self.stop(progress);
        }
        if self.stopped.is_some() && self.next.is_none() {
            self.next = transaction.copied();
        }
    }

    /// A record was replayed, and before it this was the last end of a transaction.
    pub(crate) fn after(
        &mut self,
        record: &Record,
        transaction: Option<&Ended>,
        progress: &Progress,
        before: Option<Ended>,
    ) {
        if self.stopped.is_none() && self.stops_after(record, transaction, progress.consistent) {
            match self.asked.point {
                // At a place the server stops before it has noted the time of the record there (recoveryStopsAfter).
                Point::Lsn(_) => self.stop(&Progress { last_transaction: before, ..*progress }),
                _ => self.stop(progress),
            }
        }
    }

    fn stop(&mut self, progress: &Progress) {
        let outcome = if progress.consistent { Outcome::Reached } else { Outcome::BeforeConsistency };
        self.stopped = Some((outcome, *progress));
    }

    fn stops_before(&self, record: &Record, transaction: Option<&Ended>, consistent: bool) -> bool {
        match (&self.asked.point, self.asked.inclusive) {
            (Point::Immediate, _) => consistent,
            (Point::Lsn(lsn), false) => record.at >= *lsn,
            (Point::Xid(xid), false) => transaction.is_some_and(|ended| ended.xid == *xid),
            (Point::Time(time), true) => transaction.is_some_and(|ended| ended.time > *time),
            (Point::Time(time), false) => transaction.is_some_and(|ended| ended.time >= *time),
            _ => false,
        }
    }

    fn stops_after(&self, record: &Record, transaction: Option<&Ended>, consistent: bool) -> bool {
        match (&self.asked.point, self.asked.inclusive) {
            (Point::Name(wanted), _) => matches!(&record.kind, Kind::RestorePoint { name, .. } if name == wanted),
            (Point::Lsn(lsn), true) => record.at >= *lsn,
            (Point::Xid(xid), true) => transaction.is_some_and(|ended| ended.xid == *xid),
            // The server gets to this test with records of transactions only; behind others it stops before the next record.
            (Point::Immediate, _) => consistent && transaction.is_some(),
            _ => false,
        }
    }

    /// The answer, once no record is left. `last` is what was replayed up to the end, `refused` whether the server gave up there.
    pub(crate) fn answer(self, last: &Progress, refused: bool, checkpoint_time: Option<i64>) -> StopAt {
        let (outcome, at) = self.stopped.unwrap_or_else(|| {
            let outcome = match (&self.asked.point, refused) {
                (_, true) => Outcome::Refused,
                (Point::Latest, false) => Outcome::Reached,
                (_, false) => Outcome::NotReached,
            };
            (outcome, *last)
        });
        let before_backup = match self.asked.point {
            Point::Time(time) => checkpoint_time.is_some_and(|taken| time < taken),
            _ => false,
        };
        StopAt {
            asked: self.asked.clone(),
            outcome,
            lsn: at.end,
            last_transaction: at.last_transaction,
            last_commit: at.last_commit,
            next_transaction: self.next,
            before_backup,
        }
    }
}
