//! What lies in an archive of WAL.

use std::collections::BTreeMap;

use pgbackup_reader::archive::{Archive, FolderArchive};
use pgbackup_reader::reach::Identity;
use pgbackup_reader::survey::{Content, Damage, Survey, TimelineSurvey};
use pgbackup_reader::wal::MemberKind;
use pgbackup_reader::{Segment, SegmentSize};
use serde::Serialize;

use super::shape::{RestorePointSeen, Segments, Transaction, lsn};

/// So many names are kept of what can be many.
const NAMED: usize = 1000;

/// An archive of WAL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ArchiveSeen {
    pub path: String,
    /// Files that have to do with WAL, and their bytes as they lie there.
    pub files: u64,
    pub bytes: u64,
    /// How many segments there are, by how they are compressed as their names say it: `plain`, `.gz`, …
    pub segments: BTreeMap<&'static str, u64>,
    pub histories: u64,
    /// Backup history files.
    pub backup_histories: u64,
    /// Files that have nothing to do with WAL.
    pub foreign_files: u64,
    /// Folders that could not be listed.
    pub unlisted: Vec<String>,
    /// Whether all of it was read; the rest is known only then.
    pub read_whole: bool,
    /// The clusters whose segments lie here, that with the most first.
    pub clusters: Vec<ClusterSeen>,
    /// Of the first cluster, in order.
    pub timelines: Vec<TimelineSeen>,
    /// Segments of the other clusters, the first thousand.
    pub of_other_clusters: Vec<String>,
    /// Names under which files with different contents lie.
    pub ambiguous: Vec<String>,
    /// What cannot be read, in words.
    pub troubles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterSeen {
    pub system_identifier: String,
    pub postgres: u32,
    /// Bytes.
    pub segment_size: u64,
    pub segments: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineSeen {
    pub timeline: u32,
    /// `none`, `good` or `damaged`. Timeline 1 has none.
    pub history: &'static str,
    /// Which timeline it left, and where.
    pub parent: Option<u32>,
    pub fork_lsn: Option<String>,
    pub ranges: Vec<RangeSeen>,
    pub gaps: Vec<GapSeen>,
    pub only_partial: Vec<PartialSeen>,
    pub damaged: Vec<DamagedSeen>,
    /// Whether nobody continued it while the timeline that it left went on.
    pub polluted: bool,
    pub restore_points: Vec<RestorePointSeen>,
    pub first_commit: Option<Transaction>,
    pub last_commit: Option<Transaction>,
    pub commits: u64,
    pub records: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RangeSeen {
    pub segments: Segments,
    /// Where the first segment begins, and where the last record ends that can be read.
    pub start_lsn: String,
    pub end_lsn: String,
    /// Whether the last segment was archived before it was full.
    pub unfilled: bool,
    pub first_commit: Option<Transaction>,
    pub last_commit: Option<Transaction>,
    pub commits: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapSeen {
    /// What is missing.
    pub segments: Segments,
    /// What can be read behind it on this timeline.
    pub segments_behind: u64,
    pub last_commit_behind: Option<Transaction>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartialSeen {
    pub segment: String,
    pub commits: u64,
    pub last_commit: Option<Transaction>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedSeen {
    pub segment: String,
    /// Where, if that is within it.
    pub lsn: Option<String>,
    pub because: String,
}

impl ArchiveSeen {
    /// What its folder lists, without a look into any file.
    pub(super) fn listed(archive: &FolderArchive) -> Self {
        let members = archive.members().unwrap_or(&[]);
        let mut seen = Self {
            path: archive.root().display().to_string(),
            files: members.len() as u64,
            bytes: members.iter().map(|member| member.size).fold(0, u64::saturating_add),
            foreign_files: archive.foreign(),
            unlisted: archive.unlisted().iter().take(NAMED).map(ToString::to_string).collect(),
            ..Self::default()
        };
        for member in members {
            match member.kind {
                MemberKind::Segment(_) => {
                    let ending = Some(member.ending.text()).filter(|ending| !ending.is_empty()).unwrap_or("plain");
                    *seen.segments.entry(ending).or_default() += 1;
                }
                MemberKind::Partial(_) => *seen.segments.entry(".partial").or_default() += 1,
                MemberKind::History(_) => seen.histories += 1,
                MemberKind::BackupHistory(..) => seen.backup_histories += 1,
            }
        }
        seen
    }

    /// What reading all of it has shown; `None` where nothing in it is a segment.
    pub(super) fn take(&mut self, survey: Option<&Survey>) {
        self.read_whole = true;
        let Some(survey) = survey else { return };
        self.clusters = survey.identities.iter().map(|(identity, count)| ClusterSeen::of(identity, *count)).collect();
        if let Some((main, _)) = survey.identities.first() {
            self.timelines =
                survey.timelines.iter().map(|timeline| TimelineSeen::of(timeline, main.segment_size)).collect();
        }
        self.of_other_clusters = survey.of_others.iter().take(NAMED).map(ToString::to_string).collect();
        self.ambiguous = survey.ambiguous.iter().take(NAMED).map(|(name, ..)| name.to_string()).collect();
        self.troubles = survey.troubles.iter().take(NAMED).map(ToString::to_string).collect();
    }

    /// How many segments there are, in whatever way they are compressed.
    pub(super) fn segment_count(&self) -> u64 {
        self.segments.iter().filter(|(ending, _)| **ending != ".partial").map(|(_, count)| count).sum()
    }
}

impl ClusterSeen {
    fn of(identity: &Identity, segments: u64) -> Self {
        Self {
            system_identifier: identity.system.to_string(),
            postgres: identity.major.number(),
            segment_size: identity.segment_size.bytes(),
            segments,
        }
    }
}

impl TimelineSeen {
    fn of(timeline: &TimelineSurvey, size: SegmentSize) -> Self {
        let contents = || timeline.ranges.iter().map(|range| &range.content);
        let commits = |of: fn(&Content) -> Option<Transaction>| contents().filter_map(of).collect::<Vec<_>>();
        let parent = match &timeline.history {
            Some(Ok(history)) => history.spans().get(1).map(|parent| (parent.timeline.0, parent.end)),
            _ => None,
        };
        let ranges: Vec<RangeSeen> = timeline
            .ranges
            .iter()
            .map(|range| RangeSeen {
                segments: segments(range.first, range.last, size),
                start_lsn: lsn(range.first.first(size)),
                end_lsn: lsn(range.end),
                unfilled: range.unfilled,
                first_commit: range.content.first_commit.as_ref().map(Transaction::of),
                last_commit: range.content.last_commit.as_ref().map(Transaction::of),
                commits: range.content.commits,
            })
            .collect();
        let gaps = timeline.gaps.iter().map(|gap| {
            let behind = timeline.ranges.iter().zip(&ranges).filter(|(range, _)| range.first.number > gap.last.number);
            let behind: Vec<&RangeSeen> = behind.map(|(_, seen)| seen).collect();
            GapSeen {
                segments: segments(gap.first, gap.last, size),
                segments_behind: behind.iter().map(|range| range.segments.segments).sum(),
                last_commit_behind: behind.iter().rev().find_map(|range| range.last_commit.clone()),
            }
        });
        Self {
            timeline: timeline.timeline.0,
            history: match &timeline.history {
                None => "none",
                Some(Ok(_)) => "good",
                Some(Err(_)) => "damaged",
            },
            parent: parent.map(|(parent, _)| parent),
            fork_lsn: parent.and_then(|(_, end)| end).map(lsn),
            gaps: gaps.collect(),
            only_partial: timeline
                .partial
                .iter()
                .map(|partial| PartialSeen {
                    segment: partial.segment.name(size).to_string(),
                    commits: partial.content.commits,
                    last_commit: partial.content.last_commit.as_ref().map(Transaction::of),
                })
                .collect(),
            damaged: timeline
                .damaged
                .iter()
                .map(|damaged| DamagedSeen {
                    segment: damaged.segment.name(size).to_string(),
                    lsn: match &damaged.why {
                        Damage::Fault { at, .. } => Some(lsn(*at)),
                        _ => None,
                    },
                    because: match &damaged.why {
                        Damage::Fault { fault, .. } if fault.is_empty() => "zeros".to_owned(),
                        Damage::Fault { fault, .. } => fault.to_string(),
                        Damage::WrongSize(length) => format!("it has {length} bytes instead of {}", size.bytes()),
                        Damage::Trouble(trouble) => trouble.to_string(),
                    },
                })
                .collect(),
            polluted: timeline.polluted.is_some(),
            restore_points: contents().flat_map(|content| &content.restore_points).map(RestorePointSeen::of).collect(),
            first_commit: commits(|content| content.first_commit.as_ref().map(Transaction::of)).into_iter().next(),
            last_commit: commits(|content| content.last_commit.as_ref().map(Transaction::of)).into_iter().next_back(),
            commits: contents().map(|content| content.commits).sum(),
            records: contents().map(|content| content.records).sum(),
            ranges,
        }
    }
}

fn segments(first: Segment, last: Segment, size: SegmentSize) -> Segments {
    let count = last.number.saturating_sub(first.number).saturating_add(1);
    Segments {
        first: first.name(size).to_string(),
        last: last.name(size).to_string(),
        segments: count,
        bytes: count.saturating_mul(size.bytes()),
    }
}
