//! Reads all of an archive.

use std::collections::BTreeMap;

use crate::archive::{Archive, Found, Trouble};
use crate::history::{BadHistory, LONGEST_HISTORY};
use crate::reach::Identity;
use crate::survey::found::Survey;
use crate::survey::{read, timelines};
use crate::wal::{Expected, LONG_HEADER, MemberKind, PAGE_SIZE, SegmentName};
use crate::{History, Segment, Timeline};

/// Reads all of an archive; `None` where it cannot be listed, or nothing in it is a segment.
pub fn survey(archive: &dyn Archive) -> Option<Survey> {
    let members = archive.members()?;
    let mut names: Vec<SegmentName> = Vec::new();
    let mut partial: Vec<SegmentName> = Vec::new();
    let mut histories: BTreeMap<Timeline, Result<History, BadHistory>> = BTreeMap::new();
    let mut troubles = Vec::new();
    for member in members {
        match member.kind {
            MemberKind::Segment(name) => names.push(name),
            MemberKind::Partial(name) => partial.push(name),
            MemberKind::History(timeline) if !histories.contains_key(&timeline) => match history(archive, timeline) {
                Ok(found) => drop(histories.insert(timeline, found)),
                Err(trouble) => troubles.push(trouble),
            },
            MemberKind::History(_) | MemberKind::BackupHistory(..) => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    let (identities, of) = identities(archive, names.iter().map(ToString::to_string));
    let (all, of_partial) = identities_with_partial(archive, identities, &partial);
    let (main, _) = *all.first()?;
    let expected = Expected { major: main.major, system: Some(main.system), segment_size: main.segment_size };
    let mut of_others = Vec::new();
    let mut segments: BTreeMap<Timeline, BTreeMap<u64, Segment>> = BTreeMap::new();
    for (name, identity) in names.iter().zip(of) {
        match name.segment(main.segment_size) {
            // What says nothing of itself counts as damaged and not as another's.
            Some(segment) if identity.is_none_or(|identity| identity == main) => {
                segments.entry(segment.timeline).or_default().insert(segment.number, segment);
            }
            _ => of_others.push(*name),
        }
    }
    let partial = partial.into_iter().zip(of_partial);
    let partial: Vec<Segment> = partial
        .filter(|(_, identity)| identity.is_none_or(|identity| identity == main))
        .filter_map(|(name, _)| name.segment(main.segment_size))
        .collect();
    let mut reading = read::Reading { archive, expected, ambiguous: Vec::new(), troubles };
    let timelines = timelines::of(&mut reading, &segments, &partial, histories);
    Some(Survey { identities: all, timelines, of_others, troubles: reading.troubles, ambiguous: reading.ambiguous })
}

/// How many segments each cluster has, the one with the most first.
type Identities = Vec<(Identity, u64)>;

fn identities(archive: &dyn Archive, names: impl Iterator<Item = String>) -> (Identities, Vec<Option<Identity>>) {
    let of: Vec<Option<Identity>> = names.map(|name| identity(archive, &name)).collect();
    let mut counts: BTreeMap<Identity, u64> = BTreeMap::new();
    for identity in of.iter().flatten() {
        *counts.entry(*identity).or_default() += 1;
    }
    let mut all: Identities = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    (all, of)
}

/// Where there is no whole segment, partial ones say whose archive it is.
fn identities_with_partial(
    archive: &dyn Archive,
    all: Identities,
    partial: &[SegmentName],
) -> (Identities, Vec<Option<Identity>>) {
    let (of_partial, each) = identities(archive, partial.iter().map(|name| format!("{name}.partial")));
    (if all.is_empty() { of_partial } else { all }, each)
}

/// What a segment's first page says of its cluster.
fn identity(archive: &dyn Archive, name: &str) -> Option<Identity> {
    let Found::File(mut file) = archive.open(name, PAGE_SIZE as u64) else { return None };
    let mut head = [0; LONG_HEADER];
    file.read(&mut head).ok()?;
    Identity::read(&head)
}

fn history(archive: &dyn Archive, timeline: Timeline) -> Result<Result<History, BadHistory>, Trouble> {
    match archive.open(&timeline.history_name(), LONGEST_HISTORY) {
        Found::File(mut file) => {
            let mut text = vec![0; LONGEST_HISTORY as usize + 1];
            let length = file.read(&mut text)?;
            text.truncate(length);
            Ok(History::parse(timeline, &text))
        }
        Found::Broken(trouble) => Err(trouble),
        Found::Absent => Err(Trouble::Vanished { path: timeline.history_name().into() }),
    }
}
