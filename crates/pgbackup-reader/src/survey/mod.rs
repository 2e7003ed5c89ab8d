//! What lies in an archive, without a base backup: every segment is read whole.

mod read;
mod timelines;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::archive::{Archive, Found, Trouble};
use crate::history::{BadHistory, LONGEST_HISTORY};
use crate::reach::{Ended, Identity, RestorePoint};
use crate::wal::{Expected, Fault, LONG_HEADER, MemberKind, PAGE_SIZE, SegmentName};
use crate::{History, Lsn, Segment, Timeline};

/// What lies in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The clusters whose segments lie here, the one with the most first, and how many segments each has. More than one means that
    /// two servers archive to the same place, or that the cluster was upgraded or made anew.
    pub identities: Vec<(Identity, u64)>,
    /// The timelines of the first of these, in order.
    pub timelines: Vec<TimelineSurvey>,
    /// Segments of the other clusters.
    pub of_others: Vec<SegmentName>,
    /// Files that cannot be read.
    pub troubles: Vec<Trouble>,
    /// Names under which files with different contents lie: the one that was read, and the others.
    pub ambiguous: Vec<(SegmentName, PathBuf, Vec<PathBuf>)>,
}

/// What an archive holds of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineSurvey {
    /// Which.
    pub timeline: Timeline,
    /// Where it comes from; `None` where there is no history, without which a server does not know of it unless it is timeline 1.
    pub history: Option<Result<History, BadHistory>>,
    /// Stretches of segments that can be read without a break, in order.
    pub ranges: Vec<Range>,
    /// Segments that are missing between them, and between a timeline and where others leave it.
    pub gaps: Vec<Gap>,
    /// Segments that lie here as `.partial` alone.
    pub partial: Vec<PartialSegment>,
    /// Segments that are damaged, of a wrong size, or cannot be read.
    pub damaged: Vec<Damaged>,
    /// Nobody continued this timeline, and the latest of an archive would be looked for on it.
    pub polluted: Option<Polluted>,
}

/// Segments that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first: Segment,
    /// The last.
    pub last: Segment,
    /// Where the last record that can be read ends.
    pub end: Lsn,
    /// Whether the last segment is empty from there on: it was archived before it was full, which a switch does not do.
    pub unfilled: bool,
    /// What the records say.
    pub content: Content,
}

/// What records say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// How many records there are.
    pub records: u64,
    /// How many commits.
    pub commits: u64,
    /// The first commit.
    pub first_commit: Option<Ended>,
    /// The last commit.
    pub last_commit: Option<Ended>,
    /// Restore points, as many as [`crate::reach::KEPT_RESTORE_POINTS`].
    pub restore_points: Vec<RestorePoint>,
}

/// Segments that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first that is.
    pub first: Segment,
    /// The last.
    pub last: Segment,
}

impl Gap {
    /// How many are missing.
    pub fn segments(&self) -> u64 {
        self.last.number.saturating_sub(self.first.number).saturating_add(1)
    }
}

/// A segment that lies there as `.partial` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialSegment {
    /// Which.
    pub segment: Segment,
    /// What it holds, as far as it can be read: this is lost to any recovery.
    pub content: Content,
}

/// A segment that cannot be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Which.
    pub segment: Segment,
    /// Why.
    pub why: Damage,
}

/// Why a segment cannot be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A page or record is none.
    Fault {
        /// Where.
        at: Lsn,
        /// What is wrong.
        fault: Fault,
    },
    /// It has another length than segments have, in bytes.
    WrongSize(u64),
    /// The file cannot be read.
    Trouble(Trouble),
}

/// A timeline that nobody continued, as a restore test leaves one that archives into the archive that it reads.
///
/// The rule: no other timeline comes from it, and the timeline that it left has a later commit than it has itself, behind the place
/// where it left. A failover looks otherwise: there the timeline that was left ends, or its server's last commits are older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polluted {
    /// The timeline that was left, and went on.
    pub parent: Timeline,
    /// Where.
    pub fork: Lsn,
    /// The last commit of the timeline that was left.
    pub parent_commit: Ended,
    /// The last commit of this one.
    pub own_commit: Option<Ended>,
}

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
    all.sort_by(|a, b| b.1.cmp(&a.1));
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
