//! The loop of a recovery, without the data pages: `InitWalRecovery`, `PerformWalRecovery` and `ApplyWalRecord` of
//! src/backend/access/transam/xlogrecovery.c (PostgreSQL 15 and 18; `StartupXLOG` of xlog.c in 13).

use crate::reach::end::{End, Ended, Refusal, ServerWould};
use crate::reach::path::{PathEnd, PathPages};
use crate::reach::question::{BackupFrom, Question};
use crate::reach::replayed::{KEPT_RESTORE_POINTS, Replayed, RestorePoint};
use crate::reach::stops::Judge;
use crate::reach::why::end_of;
use crate::wal::{Checkpoint, Expected, Fault, Kind, PAGE_SIZE, Record, SHORT_HEADER, Stop, Walker};
use crate::{Lsn, Timeline};

/// The length of a checkpoint's record: its header, the two bytes before its data, and `sizeof(CheckPoint)`.
const CHECKPOINT_RECORD: u32 = 24 + 2 + 88;

/// Why replay ends.
enum Ends {
    Stop(Stop<PathEnd>),
    Refusal(Refusal),
}

impl From<Stop<PathEnd>> for Ends {
    fn from(stop: Stop<PathEnd>) -> Self {
        Ends::Stop(stop)
    }
}

impl From<Refusal> for Ends {
    fn from(refusal: Refusal) -> Self {
        Ends::Refusal(refusal)
    }
}

pub(crate) struct Replay<'a> {
    question: &'a Question<'a>,
    walker: Walker<PathPages<'a>>,
    expected: Expected,
    judges: Vec<Judge<'a>>,
    found: Replayed,
    /// Whether the end of the backup is still to come.
    backup_end_needed: bool,
    /// The backup's end, once it is known.
    backup_end: Option<Lsn>,
    minimum: Lsn,
    minimum_timeline: Timeline,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(question: &'a Question<'a>, pages: PathPages<'a>, expected: Expected) -> Self {
        let start = question.start;
        let (minimum, minimum_timeline, backup_end) = match start.backup {
            BackupFrom::Standby { minimum, timeline } if minimum >= start.redo => (minimum, timeline, Some(minimum)),
            BackupFrom::Standby { .. } => (start.redo, start.timeline, Some(start.redo)),
            BackupFrom::Primary | BackupFrom::Stopped => (start.redo, start.timeline, None),
        };
        let none = Refusal::RedoMissing { at: start.redo };
        Self {
            question,
            walker: Walker::new(pages, expected),
            expected,
            judges: question.points.iter().map(Judge::new).collect(),
            found: Replayed { stops: Vec::new(), ..Replayed::refused_at_once(question, none) },
            backup_end_needed: !matches!(start.backup, BackupFrom::Stopped),
            backup_end,
            minimum,
            minimum_timeline,
        }
    }

    /// Replays up to the end.
    pub(crate) fn run(mut self) -> Replayed {
        let ends = match self.locate().and_then(|()| self.replay()) {
            Ok(never) => match never {},
            Err(ends) => ends,
        };
        self.finish(ends)
    }

    fn next_record(&mut self) -> Result<Record, Stop<PathEnd>> {
        let record = self.walker.next_record()?;
        let found = self.walker.timeline();
        // `ReadRecord`: pages of no other timelines than those of the path.
        if !self.walker.pages().history.contains(found) {
            let at = self.walker.latest_page();
            return Err(Stop::Fault { at, fault: Fault::TimelineNotOnPath { found } });
        }
        Ok(record)
    }

    /// Finds the checkpoint and the record that replay starts with, and tests that the backup lies on the path.
    fn locate(&mut self) -> Result<(), Ends> {
        let start = self.question.start;
        let place = match start.checkpoint {
            Some(at) => {
                let (record, checkpoint) = self.checkpoint(at)?;
                self.found.checkpoint_time = Some(checkpoint.time);
                if checkpoint.redo < at {
                    self.first_record(checkpoint.redo)?;
                }
                if start.redo < at {
                    self.walker.begin(start.redo);
                } else {
                    self.walker.begin(at);
                    // It was read a moment ago.
                    let _ = self.next_record()?;
                    self.found.progress.end = record.end;
                }
                at
            }
            None => {
                self.first_record(start.redo)?;
                self.walker.begin(start.redo);
                start.redo
            }
        };
        let history = self.walker.pages().history;
        let wanted = history.timeline();
        if history.owner_of(place) != Some(start.timeline) {
            let fork = history.span_of(start.timeline).and_then(|span| span.end);
            return Err(Refusal::NotAChild { wanted, start: start.timeline, checkpoint: place, fork }.into());
        }
        if let BackupFrom::Standby { minimum, timeline } = start.backup
            && minimum != Lsn(0)
            && history.owner_of(Lsn(minimum.0 - 1)) != Some(timeline)
        {
            return Err(Refusal::MinimumNotOnPath { wanted, minimum, timeline }.into());
        }
        Ok(())
    }

    /// `ReadCheckpointRecord`.
    fn checkpoint(&mut self, at: Lsn) -> Result<(Record, Checkpoint), Ends> {
        let missing = Refusal::CheckpointMissing { at };
        if at.0 % (PAGE_SIZE as u64) < SHORT_HEADER as u64 {
            return Err(missing.into());
        }
        self.walker.begin(at);
        let record = match self.next_record() {
            Ok(record) => record,
            Err(stop) => return Err(self.no_start(stop, missing)),
        };
        match record.kind {
            Kind::Checkpoint(checkpoint) if record.length == CHECKPOINT_RECORD => Ok((record, checkpoint)),
            _ => Err(missing.into()),
        }
    }

    fn first_record(&mut self, at: Lsn) -> Result<(), Ends> {
        self.walker.begin(at);
        match self.next_record() {
            Ok(_) => Ok(()),
            Err(stop) => Err(self.no_start(stop, Refusal::RedoMissing { at })),
        }
    }

    /// Nothing can start. Why the log has no record there is told all the same.
    fn no_start(&mut self, stop: Stop<PathEnd>, refusal: Refusal) -> Ends {
        self.note_stop(&stop);
        let size = self.expected.segment_size;
        let refusal = self.wrong_size(&stop).unwrap_or(refusal);
        self.found.why = end_of(stop, self.walker.pages().segment(), size);
        Ends::Refusal(refusal)
    }

    fn replay(&mut self) -> Result<std::convert::Infallible, Ends> {
        self.look_for_consistency();
        loop {
            let record = self.next_record()?;
            let transaction = Ended::of(&record);
            for judge in &mut self.judges {
                judge.before(&record, transaction.as_ref(), &self.found.progress);
            }
            let before = self.found.progress.last_transaction;
            self.apply(&record)?;
            self.note(&record, transaction);
            self.look_for_consistency();
            for judge in &mut self.judges {
                judge.after(&record, transaction.as_ref(), &self.found.progress, before);
            }
        }
    }

    /// What replaying a record can end with.
    fn apply(&mut self, record: &Record) -> Result<(), Refusal> {
        let at = record.at;
        match record.kind {
            Kind::Checkpoint(checkpoint) if checkpoint.shutdown => {
                self.switch_to(record, checkpoint.timeline, checkpoint.previous)?;
                if self.backup_end_needed && self.backup_end.is_none() {
                    return Err(Refusal::BackupCancelled { at });
                }
            }
            Kind::Checkpoint(checkpoint) if checkpoint.timeline != self.found.timeline => {
                return Err(Refusal::TimelineSwitch { at, from: self.found.timeline, to: checkpoint.timeline });
            }
            Kind::EndOfRecovery { timeline, previous, .. } => self.switch_to(record, timeline, previous)?,
            Kind::OverwriteContrecord { overwritten, .. } if self.walker.take_overwritten() != Some(overwritten) => {
                return Err(Refusal::OverwrittenDiffers { at });
            }
            // `CheckRequiredParameterValues` of xlog.c. The other settings are whoever starts the server's to make great enough.
            Kind::ParameterChange(parameters) if parameters.wal_level == 0 => {
                return Err(Refusal::MinimalWal { at });
            }
            Kind::BackupEnd { start } if self.backup_end_needed && start == self.question.start.redo => {
                self.backup_end = Some(record.end);
            }
            _ => {}
        }
        Ok(())
    }

    /// `checkTimeLineSwitch`.
    fn switch_to(&mut self, record: &Record, to: Timeline, previous: Timeline) -> Result<(), Refusal> {
        let from = self.found.timeline;
        if to == from {
            return Ok(());
        }
        let known = self.walker.pages().history.contains(to);
        let too_early = record.end < self.minimum && to > self.minimum_timeline;
        if previous != from || to < from || !known || too_early {
            return Err(Refusal::TimelineSwitch { at: record.at, from, to });
        }
        self.found.timeline = to;
        Ok(())
    }

    fn note(&mut self, record: &Record, transaction: Option<Ended>) {
        let found = &mut self.found;
        found.records += 1;
        found.progress.end = record.end;
        if let Some(ended) = transaction {
            found.progress.last_transaction = Some(ended);
            if ended.committed {
                found.commits += 1;
                found.first_commit.get_or_insert(ended);
                found.progress.last_commit = Some(ended);
            }
        }
        match &record.kind {
            Kind::RestorePoint { name, time } if found.restore_points.len() < KEPT_RESTORE_POINTS => {
                found.restore_points.push(RestorePoint { end: record.end, name: name.clone(), time: *time });
            }
            Kind::ParameterChange(parameters) => {
                found.parameters = Some(found.parameters.map_or(*parameters, |known| known.greatest(*parameters)));
            }
            _ => {}
        }
        let manager = record.resource_manager;
        if manager >= 128 && !found.custom_resource_managers.contains(&manager) {
            found.custom_resource_managers.push(manager);
        }
    }

    /// `CheckRecoveryConsistency`.
    fn look_for_consistency(&mut self) {
        if self.found.progress.consistent {
            return;
        }
        let end = self.found.progress.end;
        if self.backup_end.is_some_and(|backup_end| backup_end <= end) {
            self.backup_end_needed = false;
        }
        if !self.backup_end_needed && self.minimum <= end {
            self.found.progress.consistent = true;
            self.found.consistent = Some(end);
        }
    }

    /// A file of a wrong size stops the server wherever it is brought.
    fn wrong_size(&self, stop: &Stop<PathEnd>) -> Option<Refusal> {
        match stop {
            Stop::End(PathEnd::WrongSize { length, .. }) => {
                Some(Refusal::WrongSize { length: *length, expected: self.expected.segment_size.bytes() })
            }
            _ => None,
        }
    }

    fn note_stop(&mut self, stop: &Stop<PathEnd>) {
        let size = self.expected.segment_size;
        (self.found.stopped_in, self.found.has_its_segment) = match stop {
            Stop::End(end) => (Some(end.number()), !matches!(end, PathEnd::Missing { .. })),
            Stop::Fault { at, .. } => (Some(size.number_at(*at)), true),
        };
    }

    fn finish(mut self, ends: Ends) -> Replayed {
        let size = self.expected.segment_size;
        let refusal = match ends {
            Ends::Refusal(refusal) => {
                // Where the log has no record to start with, that is why; else the refusal is.
                if self.found.stopped_in.is_none() {
                    self.found.why = End::Refused(refusal.clone());
                }
                Some(refusal)
            }
            Ends::Stop(stop) => {
                self.note_stop(&stop);
                let refusal = match self.wrong_size(&stop) {
                    Some(refusal) => Some(refusal),
                    _ if self.found.records == 0 && !self.starts_at_checkpoint() => {
                        Some(Refusal::RedoMissing { at: self.question.start.redo })
                    }
                    _ if !self.found.progress.consistent => {
                        let end = self.found.progress.end;
                        let needed = self.backup_end.map(|backup_end| backup_end.max(self.minimum));
                        let needed = needed.or(self.question.start.end);
                        Some(Refusal::BackupWalMissing { end, needed })
                    }
                    _ => None,
                };
                self.found.why = end_of(stop, self.walker.pages().segment(), size);
                refusal
            }
        };
        // A point that is not reached is told before the missing rest of a backup, but after a file of a wrong size.
        let gives_up = refusal.as_ref().is_some_and(|refusal| !matches!(refusal, Refusal::BackupWalMissing { .. }));
        let checkpoint_time = self
            .found
            .checkpoint_time
            .map(|seconds| seconds.saturating_sub(crate::time::EPOCH).saturating_mul(1_000_000));
        let progress = self.found.progress;
        let latest_fails = refusal.is_some();
        self.found.stops = self
            .judges
            .into_iter()
            .map(|judge| {
                let refused = if judge.is_latest() { latest_fails } else { gives_up };
                judge.answer(&progress, refused, checkpoint_time)
            })
            .collect();
        self.found.server_would = refusal.map_or(ServerWould::Promote, ServerWould::Refuse);
        let pages = self.walker.into_pages();
        self.found.last_timeline = pages.timeline;
        (self.found.segments, self.found.fell_off) = (pages.read, pages.fell_off);
        (self.found.ambiguous, self.found.troubles) = (pages.ambiguous, pages.troubles);
        self.found
    }

    fn starts_at_checkpoint(&self) -> bool {
        self.question.start.checkpoint.is_some_and(|checkpoint| self.question.start.redo >= checkpoint)
    }
}
