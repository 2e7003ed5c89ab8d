//! Asks how far an archive brings a recovery.

use std::path::PathBuf;

use crate::archive::Trouble;
use crate::reach::end::{End, FellOff};
use crate::reach::found::Reach;
use crate::reach::path::PathPages;
use crate::reach::question::{Asked, Question};
use crate::reach::replay::Replay;
use crate::reach::replayed::Replayed;
use crate::reach::stops::StopAt;
use crate::reach::timelines::{self, Timelines};
use crate::reach::{beyond, identify};
use crate::wal::{Expected, MemberKind, SegmentName};
use crate::{History, Segment, SegmentSize};

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
