//! Which timeline a recovery follows: `findNewestTimeLine` and `readTimeLineHistory` of src/backend/access/transam/timeline.c, as
//! `validateRecoveryParameters` of xlogrecovery.c (PostgreSQL 15 and 18; xlog.c in 13) uses them.

use crate::archive::{Archive, Found, Opened, Trouble};
use crate::history::LONGEST_HISTORY;
use crate::reach::end::Refusal;
use crate::reach::question::{Goal, Question};
use crate::wal::MemberKind;
use crate::{History, Timeline};

/// Looks for histories in the archive and, after it, in the base backup's pg_wal.
pub(crate) struct Timelines<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) pg_wal: Option<&'a dyn Archive>,
    /// Histories that are there and cannot be read: a server takes them for missing.
    pub(crate) troubles: Vec<Trouble>,
}

impl Timelines<'_> {
    fn open(&mut self, timeline: Timeline) -> Option<Opened> {
        // Timeline 1 has no history, and a server does not look for one.
        if timeline == Timeline(1) {
            return None;
        }
        let name = timeline.history_name();
        for source in [Some(self.archive), self.pg_wal].into_iter().flatten() {
            match source.open(&name, LONGEST_HISTORY) {
                Found::Absent => {}
                Found::Broken(trouble) => self.note(trouble),
                Found::File(file) => return Some(file),
            }
        }
        None
    }

    fn note(&mut self, trouble: Trouble) {
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }

    /// The timeline that is followed.
    pub(crate) fn wanted(&mut self, question: &Question<'_>) -> Result<Timeline, Refusal> {
        let start = question.start;
        let known = start.control_timeline.map_or(start.timeline, |control| control.max(start.timeline));
        match question.goal {
            Goal::Current => Ok(known),
            Goal::Timeline(wanted) if wanted == Timeline(1) || self.open(wanted).is_some() => Ok(wanted),
            Goal::Timeline(wanted) => Err(Refusal::TimelineUnknown { wanted }),
            Goal::Latest => {
                let mut newest = known;
                while let Some(next) = newest.0.checked_add(1).map(Timeline) {
                    if self.open(next).is_none() {
                        break;
                    }
                    newest = next;
                }
                Ok(newest)
            }
        }
    }

    /// The history of a timeline; that of one without ancestors where there is no file.
    pub(crate) fn history(&mut self, timeline: Timeline) -> Result<History, Refusal> {
        let Some(mut file) = self.open(timeline) else {
            return Ok(History::alone(timeline));
        };
        let mut text = vec![0; LONGEST_HISTORY as usize + 1];
        match file.read(&mut text) {
            Ok(length) => {
                text.truncate(length);
                History::parse(timeline, &text).map_err(|why| Refusal::HistoryBroken { timeline, why })
            }
            Err(trouble) => {
                self.note(trouble);
                Ok(History::alone(timeline))
            }
        }
    }
}

/// Timelines that have segments in an archive and no history: a server does not know of them, and says nothing.
pub(crate) fn without_history(archive: &dyn Archive) -> Vec<Timeline> {
    let members = archive.members().unwrap_or(&[]);
    let mut with: Vec<Timeline> = Vec::new();
    let mut histories: Vec<Timeline> = Vec::new();
    for member in members {
        match member.kind {
            MemberKind::Segment(name) => with.push(name.timeline),
            MemberKind::History(timeline) => histories.push(timeline),
            MemberKind::Partial(_) | MemberKind::BackupHistory(..) => {}
        }
    }
    with.sort_unstable();
    with.dedup();
    with.retain(|timeline| *timeline > Timeline(1) && !histories.contains(timeline));
    with
}
