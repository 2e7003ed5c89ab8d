//! Puts what was read of each timeline together.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{BadHistory, Span};
use crate::survey::read::Reading;
use crate::survey::{Gap, Polluted, TimelineSurvey};
use crate::{History, Lsn, Segment, SegmentSize, Timeline};

pub(super) fn of(
    reading: &mut Reading<'_>,
    segments: &BTreeMap<Timeline, BTreeMap<u64, Segment>>,
    partial: &[Segment],
    mut histories: BTreeMap<Timeline, Result<History, BadHistory>>,
) -> Vec<TimelineSurvey> {
    let none = BTreeMap::new();
    let mut all: BTreeSet<Timeline> = segments.keys().chain(histories.keys()).copied().collect();
    all.extend(partial.iter().map(|segment| segment.timeline));
    let forks = forks(&histories);
    let mut surveys: Vec<TimelineSurvey> = Vec::new();
    for timeline in all {
        let segments = segments.get(&timeline).unwrap_or(&none);
        let (ranges, damaged) = reading.timeline(segments);
        let mut alone: Vec<Segment> = partial
            .iter()
            .copied()
            .filter(|segment| segment.timeline == timeline && !segments.contains_key(&segment.number))
            .collect();
        alone.sort_unstable();
        alone.dedup();
        let partial = alone.into_iter().map(|segment| reading.partial(segment)).collect();
        let gaps = gaps(timeline, segments, &forks, reading.expected.segment_size);
        let history = histories.remove(&timeline);
        surveys.push(TimelineSurvey { timeline, history, ranges, gaps, partial, damaged, polluted: None });
    }
    let polluted: Vec<Option<Polluted>> = surveys.iter().map(|survey| polluted(survey, &surveys, &forks)).collect();
    for (survey, polluted) in surveys.iter_mut().zip(polluted) {
        survey.polluted = polluted;
    }
    surveys
}

/// Where a timeline left another.
#[derive(Debug, Clone, Copy)]
struct Fork {
    parent: Timeline,
    child: Timeline,
    at: Lsn,
}

/// Every timeline's own fork: the last line of its history.
fn forks(histories: &BTreeMap<Timeline, Result<History, BadHistory>>) -> Vec<Fork> {
    let of = |history: &History| {
        let [Span { timeline: child, begin, .. }, Span { timeline: parent, .. }, ..] = history.spans() else {
            return None;
        };
        Some(Fork { parent: *parent, child: *child, at: *begin })
    };
    histories.values().flatten().filter_map(of).collect()
}

fn gaps(timeline: Timeline, segments: &BTreeMap<u64, Segment>, forks: &[Fork], size: SegmentSize) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut add = |from: u64, to: u64| {
        let segment = |number| Segment { timeline, number };
        gaps.push(Gap { first: segment(from), last: segment(to) });
    };
    let (Some(first), Some(last)) = (segments.keys().next().copied(), segments.keys().next_back().copied()) else {
        return gaps;
    };
    // The segment in which a timeline leaves another has its name.
    if let Some(fork) = forks.iter().find(|fork| fork.child == timeline) {
        let begins = size.number_at(fork.at);
        if begins < first {
            add(begins, first - 1);
        }
    }
    for (here, next) in segments.keys().zip(segments.keys().skip(1)) {
        if here + 1 < *next {
            add(here + 1, next - 1);
        }
    }
    // Up to where the last of its children leaves it, it has to be there itself.
    let left = forks.iter().filter(|fork| fork.parent == timeline).map(|fork| size.number_at(fork.at)).max();
    if let Some(left) = left
        && last + 1 < left
    {
        add(last + 1, left - 1);
    }
    gaps
}

fn polluted(survey: &TimelineSurvey, all: &[TimelineSurvey], forks: &[Fork]) -> Option<Polluted> {
    let fork = forks.iter().find(|fork| fork.child == survey.timeline)?;
    if forks.iter().any(|other| other.parent == survey.timeline) {
        return None;
    }
    let parent = all.iter().find(|other| other.timeline == fork.parent)?;
    let last = |survey: &TimelineSurvey| {
        survey.ranges.iter().filter_map(|range| range.content.last_commit).max_by_key(|commit| commit.at)
    };
    let parent_commit = last(parent).filter(|commit| commit.at >= fork.at)?;
    // Commits before the fork are the parent's, although they lie in the segment of the fork.
    let own_commit = last(survey).filter(|commit| commit.at >= fork.at);
    let went_on = own_commit.is_none_or(|own| own.time < parent_commit.time);
    let polluted = Polluted { parent: fork.parent, fork: fork.at, parent_commit, own_commit };
    went_on.then_some(polluted)
}
