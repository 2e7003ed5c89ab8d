//! What a recovery has to come to, by reading the base and the archive: known before anything starts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pgbackup_reader::Timeline;
use pgbackup_reader::archive::Archive;
use pgbackup_reader::base::{Control, Label, Origin, Survey};
use pgbackup_reader::{Lsn, SegmentSize, from_postgres, reach, to_postgres};
use reach::{Asked, BackupFrom, Ended, Goal, Outcome, Question, Reach, ServerWould, Start};

use super::{Least, Stop, Wanted, findings};
use crate::finding::{Finding, Name};
use crate::profile::{Point, PointTime, Recovery, TimelineWish};

/// What is known of a backup before it is recovered.
pub struct Material<'a> {
    pub survey: &'a Survey,
    /// The end of the WAL that the base cannot do without, as its manifest says.
    pub needs_until: Option<Lsn>,
    /// Where WAL comes from, where that can be looked into.
    pub archive: Option<&'a dyn Archive>,
    /// The base's own `pg_wal`.
    pub pg_wal: Option<&'a dyn Archive>,
}

/// What a recovery has to come to.
#[derive(Debug, Clone)]
pub struct Plan {
    pub wanted: Wanted,
    pub least: Least,
    /// As far as the archive brings; `None` where it cannot be looked into.
    pub reach: Option<Reach>,
    /// Where the server has to stop, where that is known.
    pub expected: Option<Expected>,
    /// What is wrong, as far as it keeps the point from being reached or may do so.
    pub findings: Vec<Finding>,
    /// Whether there is nothing to be tried: what is wrong is certain.
    pub is_refused: bool,
    /// How long it took to read.
    pub took: Duration,
}

/// Where the server has to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What `pg_last_wal_replay_lsn()` has to say.
    pub lsn: Lsn,
    /// What `pg_last_xact_replay_timestamp()` has to say.
    pub last_transaction: Option<Timestamp>,
    /// Whether it stops there, or gives up.
    pub server_would: ServerWould,
}

/// The moment at which a transaction ended.
pub(super) fn moment(ended: &Ended) -> Option<Timestamp> {
    from_postgres(ended.time)
}

impl Plan {
    /// What a recovery of this backup to this point has to come to.
    pub fn make(material: &Material<'_>, recovery: &Recovery, point: &Point) -> Plan {
        let began = Instant::now();
        let mut plan = Plan {
            wanted: Wanted { stop: Stop::End, timeline: timeline(recovery.timeline), settings: settings(recovery) },
            least: Least::default(),
            reach: None,
            expected: None,
            findings: Vec::new(),
            is_refused: false,
            took: Duration::ZERO,
        };
        plan.fill(material, recovery, point);
        plan.took = began.elapsed();
        plan
    }

    fn fill(&mut self, material: &Material<'_>, recovery: &Recovery, point: &Point) {
        let head = &material.survey.head;
        let (control, label) = match (head.control(), head.label()) {
            (Some(control), Some(label)) => (control, label),
            _ => {
                self.findings.extend(findings::of_head(head));
                self.is_refused = true;
                return;
            }
        };
        self.least = least(control);
        let Some(archive) = material.archive else {
            // What a command can bring is known when it was asked.
            match stop(point, None) {
                Some((Stop::Time { at, .. }, _)) if control.checkpoint_time.is_some_and(|begun| begun > at) => {
                    // The server would stop behind it, and call that the point.
                    self.findings.push(findings::before_base(point, control.checkpoint_time));
                    self.is_refused = true;
                }
                Some((stop, _)) => self.wanted.stop = stop,
                None => {
                    self.findings.push(findings::no_last_commit(point));
                    self.is_refused = true;
                }
            }
            return;
        };
        let question = |points| Question {
            archive,
            pg_wal: material.pg_wal,
            start: start(control, label, material.needs_until),
            goal: goal(recovery.timeline),
            points,
        };
        // A time that counts back from the last commit needs to know that first.
        let first = match point {
            Point::Time { time: PointTime::Back(_), .. } => Some(reach::reach(&question(&[]))),
            _ => None,
        };
        let last_commit = match &first {
            Some(Ok(reach)) => reach.last_commit.as_ref().and_then(moment),
            _ => None,
        };
        let Some((wanted, asked)) = stop(point, last_commit) else {
            match first {
                Some(Ok(reach)) => self.take(reach, None, point, control),
                _ => self.findings.push(findings::unidentified()),
            }
            self.findings.push(findings::no_last_commit(point));
            self.is_refused = true;
            return;
        };
        let points = [asked];
        match reach::reach(&question(&points)) {
            Ok(reach) => self.take(reach, Some(wanted), point, control),
            Err(_) => {
                self.findings.push(findings::unidentified());
                self.is_refused = true;
            }
        }
    }

    /// Takes what reading the archive has shown.
    fn take(&mut self, reach: Reach, wanted: Option<Stop>, point: &Point, control: &Control) {
        if let Some(parameters) = &reach.parameters {
            self.least = self.least.and(Least::of(
                parameters.max_connections,
                parameters.max_worker_processes,
                parameters.max_wal_senders,
                parameters.max_prepared_transactions,
                parameters.max_locks_per_transaction,
            ));
        }
        let at_end = Expected {
            lsn: reach.end,
            last_transaction: reach.last_transaction.as_ref().and_then(moment),
            server_would: reach.server_would.clone(),
        };
        let stop_at = reach.stops.first().filter(|_| *point != Point::Latest);
        let outcome = stop_at.map(|stop_at| stop_at.outcome);
        match (stop_at, outcome) {
            (Some(stop_at), Some(Outcome::Reached)) if !stop_at.before_backup => {
                self.wanted.stop = wanted.unwrap_or(Stop::End);
                self.expected = Some(Expected {
                    lsn: stop_at.lsn,
                    last_transaction: stop_at.last_transaction.as_ref().and_then(moment),
                    server_would: ServerWould::Promote,
                });
            }
            (Some(_), Some(Outcome::Reached | Outcome::BeforeConsistency)) => {
                self.findings.push(findings::before_backup(&reach, point));
                self.is_refused = true;
            }
            (None, _) | (Some(_), Some(Outcome::NotReached | Outcome::Refused) | None) => {
                self.expected = Some(at_end);
                self.findings.extend(findings::of_end(&reach));
                if stop_at.is_some() {
                    self.findings.push(findings::not_reached(&reach, point));
                }
            }
        }
        if reach.fell_off.is_some() {
            // What comes next on the newer timeline does not continue the older one: no damage of its own.
            self.findings.retain(|finding| finding.name != Name::WalDamaged);
        }
        self.findings.extend(findings::of_path(&reach, control));
        self.reach = Some(reach);
    }
}

fn settings(recovery: &Recovery) -> BTreeMap<String, String> {
    recovery.settings.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.0.clone())).collect()
}

fn timeline(wish: TimelineWish) -> String {
    match wish {
        TimelineWish::Latest => "latest".to_owned(),
        TimelineWish::Current => "current".to_owned(),
        TimelineWish::Exactly(number) => number.to_string(),
    }
}

fn goal(wish: TimelineWish) -> Goal {
    match wish {
        TimelineWish::Latest => Goal::Latest,
        TimelineWish::Current => Goal::Current,
        TimelineWish::Exactly(number) => Goal::Timeline(Timeline(number)),
    }
}

fn least(control: &Control) -> Least {
    Least::of(
        control.max_connections,
        control.max_worker_processes,
        control.max_wal_senders,
        control.max_prepared_transactions,
        control.max_locks_per_transaction,
    )
}

/// Where the server starts to read.
pub fn start(control: &Control, label: &Label, needs_until: Option<Lsn>) -> Start {
    Start {
        timeline: label.timeline,
        redo: label.start,
        checkpoint: Some(label.checkpoint),
        backup: match label.from {
            Some(Origin::Standby) => BackupFrom::Standby {
                minimum: control.min_recovery_point,
                timeline: control.min_recovery_timeline.unwrap_or(label.timeline),
            },
            _ => BackupFrom::Primary,
        },
        end: needs_until,
        control_timeline: Some(control.timeline.max(control.min_recovery_timeline.unwrap_or(control.timeline))),
        system: Some(control.system_identifier),
        major: control.major(),
        segment_size: SegmentSize::new(control.wal_segment_size),
    }
}

/// What the server is asked to stop at, and the same for the reader; `None` for a time that counts back from a last commit that there is
/// not.
fn stop(point: &Point, last_commit: Option<Timestamp>) -> Option<(Stop, Asked)> {
    let asked = |point, inclusive| Asked { point, inclusive };
    Some(match point {
        Point::Latest => (Stop::End, asked(reach::Point::Latest, true)),
        Point::Immediate => (Stop::Immediate, asked(reach::Point::Immediate, true)),
        Point::Time { time, inclusive } => {
            let at = match time {
                PointTime::At(at) => *at,
                PointTime::Back(back) => last_commit?.checked_sub(back.0).ok()?,
            };
            (Stop::Time { at, inclusive: *inclusive }, asked(reach::Point::Time(to_postgres(at)), *inclusive))
        }
        Point::Lsn { lsn, inclusive } => {
            let at = Lsn(*lsn);
            (Stop::Lsn { at, inclusive: *inclusive }, asked(reach::Point::Lsn(at), *inclusive))
        }
        Point::Xid { xid, inclusive } => {
            (Stop::Xid { xid: *xid, inclusive: *inclusive }, asked(reach::Point::Xid(*xid), *inclusive))
        }
        Point::Name(name) => (Stop::Name(name.clone()), asked(reach::Point::Name(name.clone()), true)),
    })
}
