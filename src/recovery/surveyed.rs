//! What an archive of WAL shows by itself, without a base, as findings.

use pgbackup_reader::survey::{Damage, Polluted, Survey, TimelineSurvey};
use pgbackup_reader::wal::{Fault, SegmentName};
use pgbackup_reader::{SegmentSize, Timeline, from_postgres};

use super::findings::{about, shown};
use crate::counted::{agreeing, counted};
use crate::finding::{Finding, Name};

/// So many files of a kind are named.
const NAMED: usize = 1000;

/// All that is wrong in an archive, whichever base is recovered with it.
///
/// A gap is an error: a base from before it does not come past it, and what a base could be from before it is not known here.
pub fn of_survey(survey: &Survey) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some((main, _)) = survey.identities.first() else { return findings };
    let size = main.segment_size;
    for timeline in &survey.timelines {
        findings.extend(of_timeline(timeline, size));
    }
    if !survey.of_others.is_empty() {
        let count = survey.of_others.len();
        let (segments, are) = (counted(count, "segment"), agreeing(count, "is", "are"));
        let title =
            format!("{segments} {are} not of the cluster whose archive this is (system identifier {})", main.system);
        findings.push(several(Name::WalForeign, title, survey.of_others.iter().map(ToString::to_string), count));
    }
    for (segment, read, others) in &survey.ambiguous {
        let title = format!("segment {segment} is there more than once, with different contents");
        let mut finding = about(Name::WalAmbiguous, segment, title);
        finding.evidence.push(format!("read here: {}", read.display()));
        finding.evidence.extend(others.iter().map(|path| format!("another: {}", path.display())));
        findings.push(finding);
    }
    // What is wrong with a segment is said of it already.
    let of_segments = |path: &std::path::Path| {
        let all = survey.timelines.iter().flat_map(|timeline| &timeline.damaged);
        all.filter_map(|damaged| match &damaged.why {
            Damage::Trouble(trouble) => Some(trouble.path()),
            _ => None,
        })
        .any(|known| known == path)
    };
    let troubles: Vec<_> = survey.troubles.iter().filter(|trouble| !of_segments(trouble.path())).collect();
    for trouble in troubles.into_iter().take(NAMED) {
        findings.push(about(Name::WalUnreadable, trouble.path().display(), trouble.to_string()));
    }
    findings
}

/// A finding about several files, of which the first thousand are named.
fn several(name: Name, title: String, objects: impl Iterator<Item = String>, count: usize) -> Finding {
    let mut finding = Finding::new(name, title);
    finding.objects = objects.take(NAMED).collect();
    finding.count = count as u64;
    finding
}

fn of_timeline(timeline: &TimelineSurvey, size: SegmentSize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let number = timeline.timeline;
    for gap in &timeline.gaps {
        let (first, last) = (gap.first.name(size), gap.last.name(size));
        let title = match gap.segments() {
            1 => format!("segment {first} is missing"),
            count => format!("{} are missing, {first} to {last}", counted(count, "segment")),
        };
        let mut finding = about(Name::WalMissing, first, title);
        finding.count = gap.segments();
        finding.evidence.push(behind(timeline, gap.last.number, size));
        findings.push(finding);
    }
    findings.extend(timeline.damaged.iter().map(|damaged| of_damage(damaged.segment.name(size), &damaged.why, size)));
    if !timeline.partial.is_empty() {
        let names: Vec<SegmentName> = timeline.partial.iter().map(|partial| partial.segment.name(size)).collect();
        let title = match names.as_slice() {
            [one] => format!("segment {one} is there only as {one}.partial, which no recovery asks for"),
            _ => format!("{} are there only as .partial, which no recovery asks for", counted(names.len(), "segment")),
        };
        let count = names.len();
        let mut finding =
            several(Name::WalOnlyPartial, title, names.iter().map(|name| format!("{name}.partial")), count);
        let last =
            timeline.partial.iter().filter_map(|partial| partial.content.last_commit).max_by_key(|commit| commit.at);
        let at = last.and_then(|commit| from_postgres(commit.time));
        finding.evidence.extend(at.map(|at| format!("commits up to {} are lost with it", shown(at))));
        findings.push(finding);
    }
    let has_segments = !timeline.ranges.is_empty() || !timeline.damaged.is_empty() || !timeline.partial.is_empty();
    match &timeline.history {
        None if number != Timeline(1) && has_segments => {
            let title = format!(
                "timeline {number} has segments and no {}: PostgreSQL does not know of it",
                number.history_name()
            );
            findings.push(about(Name::TimelineHistoryMissing, number.history_name(), title));
        }
        Some(Err(why)) => {
            let title = format!("{} is damaged: {why}", number.history_name());
            findings.push(about(Name::TimelineHistoryMissing, number.history_name(), title));
        }
        _ => {}
    }
    findings.extend(timeline.polluted.as_ref().map(|polluted| of_polluted(number, polluted)));
    findings
}

/// `3 segments behind it (3 MiB, up to 2026-11-28 11:08:56 UTC) cannot be reached over it`.
fn behind(timeline: &TimelineSurvey, last: u64, size: SegmentSize) -> String {
    let ranges = timeline.ranges.iter().filter(|range| range.first.number > last);
    let (mut segments, mut upto) = (0, None);
    for range in ranges {
        segments += range.last.number.saturating_sub(range.first.number).saturating_add(1);
        upto = range.content.last_commit.or(upto);
    }
    let mib = size.bytes().saturating_mul(segments) >> 20;
    let upto = upto.and_then(|commit| from_postgres(commit.time));
    let upto = upto.map(|at| format!(", up to {}", shown(at))).unwrap_or_default();
    format!("{} behind it ({mib} MiB{upto}) cannot be reached from before it", counted(segments, "segment"))
}

fn of_damage(segment: SegmentName, why: &Damage, size: SegmentSize) -> Finding {
    let (name, title) = match why {
        Damage::WrongSize(length) => {
            (Name::WalTruncated, format!("segment {segment} has {length} bytes instead of {}", size.bytes()))
        }
        Damage::Trouble(trouble) => (Name::WalUnreadable, format!("segment {segment} cannot be read: {trouble}")),
        Damage::Fault { fault: Fault::PageAddress { found }, .. } => {
            (Name::WalMisnamed, format!("the file {segment} holds WAL of another place ({found})"))
        }
        Damage::Fault { fault: Fault::OtherSystem { found, .. }, .. } => {
            (Name::WalForeign, format!("segment {segment} is of another cluster (system identifier {found})"))
        }
        Damage::Fault { at, fault } if fault.is_empty() => {
            (Name::WalDamaged, format!("segment {segment} holds zeros from {at} on"))
        }
        Damage::Fault { at, fault } => (Name::WalDamaged, format!("segment {segment} is damaged at {at}: {fault}")),
    };
    about(name, segment, title)
}

/// A timeline that nobody continued, and that `latest` would follow.
pub fn of_polluted(timeline: Timeline, polluted: &Polluted) -> Finding {
    let Polluted { parent, fork, parent_commit, own_commit } = polluted;
    let title = format!(
        "timeline {timeline} left timeline {parent} at {fork} and was not continued, while timeline {parent} went on: `latest` follows \
         timeline {timeline}"
    );
    let mut finding = about(Name::TimelinePolluted, timeline.history_name(), title);
    let at = |time: i64| from_postgres(time).map(shown);
    finding.evidence.extend(at(parent_commit.time).map(|at| format!("last commit of timeline {parent}: {at}")));
    finding.evidence.push(match own_commit.and_then(|commit| at(commit.time)) {
        Some(at) => format!("last commit of timeline {timeline}: {at}"),
        None => format!("timeline {timeline} has no commit of its own"),
    });
    finding
}

#[cfg(test)]
mod tests {
    use pgbackup_reader::archive::Trouble;
    use pgbackup_reader::reach::{Ended, Identity};
    use pgbackup_reader::survey::{Content, Damaged, Gap, PartialSegment, Range};
    use pgbackup_reader::{Lsn, Major, Segment};

    use super::*;

    const MIB: u64 = 1 << 20;

    fn segment(number: u64) -> Segment {
        Segment { timeline: Timeline(1), number }
    }

    fn commit(at: u64) -> Ended {
        Ended { at: Lsn(at), end: Lsn(at + 40), xid: 7, time: 0, committed: true }
    }

    #[test]
    fn a_timeline_that_nobody_continued_says_what_latest_would_follow() {
        let polluted =
            Polluted { parent: Timeline(1), fork: Lsn(3 * MIB), parent_commit: commit(5 * MIB), own_commit: None };
        let finding = of_polluted(Timeline(2), &polluted);
        assert_eq!(finding.name, Name::TimelinePolluted);
        assert_eq!(finding.objects, ["00000002.history"]);
        let evidence = ["last commit of timeline 1: 2000-01-01 00:00:00 UTC", "timeline 2 has no commit of its own"];
        assert_eq!(finding.evidence, evidence);
    }

    /// An archive with timeline 1 alone, which `change` makes of it.
    fn survey(change: impl FnOnce(&mut TimelineSurvey)) -> Survey {
        let size = SegmentSize::new(1 << 20).unwrap();
        let range = |first: u64, last: u64| Range {
            first: segment(first),
            last: segment(last),
            end: Lsn((last + 1) * MIB),
            unfilled: false,
            content: Content { last_commit: Some(commit(last * MIB + 100)), ..Content::default() },
        };
        let mut timeline = TimelineSurvey {
            timeline: Timeline(1),
            history: None,
            ranges: vec![range(2, 3), range(5, 6)],
            gaps: Vec::new(),
            partial: Vec::new(),
            damaged: Vec::new(),
            polluted: None,
        };
        change(&mut timeline);
        Survey {
            identities: vec![(Identity { major: Major::V17, system: 42, segment_size: size }, 4)],
            timelines: vec![timeline],
            of_others: Vec::new(),
            troubles: Vec::new(),
            ambiguous: Vec::new(),
        }
    }

    fn names(findings: &[Finding]) -> Vec<Name> {
        findings.iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn a_whole_archive_has_no_finding() {
        assert_eq!(of_survey(&survey(|_| ())), []);
    }

    #[test]
    fn a_gap_fails_and_says_what_lies_behind_it() {
        let findings = of_survey(&survey(|timeline| timeline.gaps = vec![Gap { first: segment(4), last: segment(4) }]));
        let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
        assert!(finding.fails());
        assert_eq!(finding.title, "segment 000000010000000000000004 is missing");
        let behind = "2 segments behind it (2 MiB, up to 2000-01-01 00:00:00 UTC) cannot be reached from before it";
        assert_eq!(finding.evidence, [behind]);
    }

    #[test]
    fn each_kind_of_damage_has_its_name() {
        let trouble = Trouble::Folder { path: "000000010000000000000006".into() };
        let fault = |fault| Damage::Fault { at: Lsn(5 * MIB + 24), fault };
        let kinds = [
            (Damage::WrongSize(5), Name::WalTruncated),
            (Damage::Trouble(trouble), Name::WalUnreadable),
            (fault(Fault::Checksum), Name::WalDamaged),
            (fault(Fault::PageAddress { found: Lsn(0) }), Name::WalMisnamed),
        ];
        for (why, name) in kinds {
            let damaged = vec![Damaged { segment: segment(5), why }];
            let findings = of_survey(&survey(|timeline| timeline.damaged = damaged));
            assert_eq!(names(&findings), [name]);
            assert_eq!(findings[0].objects, ["000000010000000000000005"]);
        }
    }

    #[test]
    fn trouble_with_a_segment_is_told_once() {
        let trouble = Trouble::Folder { path: "000000010000000000000005".into() };
        let damaged = vec![Damaged { segment: segment(5), why: Damage::Trouble(trouble.clone()) }];
        let mut survey = survey(|timeline| timeline.damaged = damaged);
        survey.troubles = vec![trouble];
        assert_eq!(names(&of_survey(&survey)), [Name::WalUnreadable]);
    }

    #[test]
    fn wal_that_is_there_only_as_partial_is_a_warning_with_the_commits_that_are_lost() {
        let content = Content { last_commit: Some(commit(7 * MIB)), ..Content::default() };
        let partial = vec![PartialSegment { segment: segment(7), content }];
        let findings = of_survey(&survey(|timeline| timeline.partial = partial));
        assert_eq!((names(&findings), findings[0].fails()), (vec![Name::WalOnlyPartial], false));
        assert_eq!(findings[0].evidence, ["commits up to 2000-01-01 00:00:00 UTC are lost with it"]);
    }

    #[test]
    fn a_timeline_without_its_history_is_told_and_the_first_needs_none() {
        let findings = of_survey(&survey(|timeline| timeline.timeline = Timeline(2)));
        assert_eq!(names(&findings), [Name::TimelineHistoryMissing]);
    }
}
