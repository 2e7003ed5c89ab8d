//! What reading a base and its WAL shows, as findings.

use std::fmt::Display;

use jiff::Timestamp;
use pgbackup_reader::base::{Control, Head};
use pgbackup_reader::{Lsn, reach};
use reach::{Beyond, End, Ended, Reach, Refusal};

use super::plan::moment;
use crate::counted::{agreeing, counted};
use crate::finding::{Finding, Name};
use crate::profile::{Point, PointTime};

/// A moment as PostgreSQL's logs have it, in UTC.
pub fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.f UTC").to_string()
}

/// A finding that is about a file or a timeline.
pub(super) fn about(name: Name, subject: impl Display, title: String) -> Finding {
    let mut finding = Finding::new(name, title);
    finding.objects = vec![subject.to_string()];
    finding
}

/// What is missing of a base that says what it is.
pub fn of_head(head: &Head) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &head.label {
        None => {
            let title = "it has no backup_label: this is a copy of a data directory, and no backup";
            findings.push(about(Name::BackupLabelMissing, "backup_label", title.to_owned()));
        }
        Some(Err(error)) => {
            findings.push(about(
                Name::BackupIncomplete,
                "backup_label",
                format!("its backup_label is damaged: {error}"),
            ));
        }
        Some(Ok(_)) => {}
    }
    match &head.control {
        None => {
            let title = "it has no global/pg_control, without which no server starts";
            findings.push(about(Name::BackupIncomplete, "global/pg_control", title.to_owned()));
        }
        Some(Err(error)) => {
            let title = format!("its global/pg_control is damaged: {error}");
            findings.push(about(Name::BackupIncomplete, "global/pg_control", title));
        }
        Some(Ok(_)) => {}
    }
    findings
}

/// Nothing says what to read.
pub fn unidentified() -> Finding {
    let title = "neither the base nor any segment says which version and size the WAL has".to_owned();
    Finding::new(Name::BackupWalMissing, title)
}

/// A time that counts back from a last commit that there is not.
pub(super) fn no_last_commit(point: &Point) -> Finding {
    let title = format!("{point} counts back from the last commit of the WAL, and no commit is known");
    Finding::new(Name::PointNotReached, title)
}

/// Why the WAL ends where it does, where that is not its newest segment.
pub(super) fn of_end(reach: &Reach) -> Vec<Finding> {
    let stops = stops_at(reach);
    let name = |segment: &pgbackup_reader::Segment| segment.name(reach.expected.segment_size).to_string();
    let mut finding = match &reach.why {
        End::Archive { .. } => return Vec::new(),
        End::Missing { segment } => about(Name::WalMissing, segment, format!("segment {segment} is missing; {stops}")),
        End::OnlyPartial { segment, .. } => {
            let title = format!("segment {segment} is there only as .partial, which no recovery asks for; {stops}");
            about(Name::WalOnlyPartial, segment, title)
        }
        End::Zeroed { at, segment } => {
            let segment = name(segment);
            let title = format!("segment {segment} holds zeros from {at} on; {stops}");
            about(Name::WalDamaged, segment, title)
        }
        End::BadChecksum { at, segment } => {
            let segment = name(segment);
            about(Name::WalDamaged, &segment, format!("segment {segment} is damaged in the record at {at}; {stops}"))
        }
        End::Damaged { at, segment, fault } => {
            let segment = name(segment);
            about(Name::WalDamaged, &segment, format!("segment {segment} is damaged at {at} ({fault}); {stops}"))
        }
        End::PageOfAnotherSegment { segment, found, .. } => {
            let segment = name(segment);
            let title = format!("segment {segment} holds WAL of another place ({found}); {stops}");
            about(Name::WalMisnamed, &segment, title)
        }
        End::OtherSystem { segment, found } => {
            let segment = name(segment);
            let title = format!("segment {segment} is of another cluster (system identifier {found}); {stops}");
            about(Name::WalForeign, &segment, title)
        }
        End::OtherMajor { segment, found } => {
            let segment = name(segment);
            let title = format!("segment {segment} is of PostgreSQL {}; {stops}", found.number());
            about(Name::WalForeign, &segment, title)
        }
        End::WrongSize { segment, length, expected } => {
            let segment = name(segment);
            let title = format!("segment {segment} has {length} bytes instead of {expected}; {stops}");
            about(Name::WalTruncated, &segment, title)
        }
        End::Unreadable { segment, trouble } => {
            about(Name::WalUnreadable, segment, format!("segment {segment} cannot be read ({trouble}); {stops}"))
        }
        End::Refused(refusal) => return vec![of_refusal(refusal, reach)],
    };
    // A backup whose own WAL is not whole brings nothing at all, whatever is wrong with it.
    if reach.consistent.is_none() {
        finding.evidence.push(finding.title.clone());
        finding.name = Name::BackupWalMissing;
        finding.severity = Name::BackupWalMissing.severity();
        finding.fix = Name::BackupWalMissing.kind().fix.to_owned();
        let needed = match &reach.server_would {
            reach::ServerWould::Refuse(Refusal::BackupWalMissing { needed: Some(needed), .. }) => {
                format!(" (up to {needed})")
            }
            _ => String::new(),
        };
        finding.title = format!("nothing can be recovered from this base: WAL of its own making{needed} is not there");
    }
    finding.evidence.extend(reach.beyond.as_ref().map(|beyond| lies_beyond(beyond, reach)));
    vec![finding]
}

/// `recovery stops at 0/D000000, last commit 2026-11-28 11:08:35 UTC`.
fn stops_at(reach: &Reach) -> String {
    format!("recovery stops at {}{}", reach.end, last(reach.last_commit.as_ref()))
}

fn last(commit: Option<&Ended>) -> String {
    match commit.and_then(moment) {
        Some(at) => format!(", last commit {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        None => ", without a commit".to_owned(),
    }
}

/// `3 segments behind it (48 MiB, up to 2026-11-28 11:08:56 UTC) cannot be reached; the next one present is …`.
fn lies_beyond(beyond: &Beyond, reach: &Reach) -> String {
    let size = reach.expected.segment_size;
    let mib = beyond.segments.saturating_mul(size.bytes()) >> 20;
    let upto = beyond.last_commit.as_ref().and_then(moment);
    let upto = upto.map(|at| format!(", up to {}", shown(at))).unwrap_or_default();
    format!(
        "{} behind it ({mib} MiB{upto}) cannot be reached; the next one present is {}",
        counted(beyond.segments, "segment"),
        beyond.first.name(size)
    )
}

/// Why a server would give up.
fn of_refusal(refusal: &Refusal, reach: &Reach) -> Finding {
    match refusal {
        Refusal::TimelineUnknown { wanted } => {
            let title = format!("timeline {wanted} is not known: the archive has no {}", wanted.history_name());
            about(Name::TimelineNotReachable, wanted.history_name(), title)
        }
        Refusal::HistoryBroken { timeline, why } => {
            let title = format!("{} is damaged: {why}", timeline.history_name());
            about(Name::TimelineHistoryMissing, timeline.history_name(), title)
        }
        Refusal::NotAChild { wanted, .. } | Refusal::MinimumNotOnPath { wanted, .. } => {
            let title = format!("this base cannot be recovered along timeline {wanted}: {refusal}");
            about(Name::TimelineNotReachable, wanted.history_name(), title)
        }
        Refusal::CheckpointMissing { at } | Refusal::RedoMissing { at } => {
            let segment = pgbackup_reader::Segment::at(reach.end_timeline, *at, reach.expected.segment_size);
            let title = "nothing can be recovered from this base: the WAL that it begins with is not there".to_owned();
            let mut finding = about(Name::BackupWalMissing, segment.name(reach.expected.segment_size), title);
            finding.evidence.push(refusal.to_string());
            finding
        }
        Refusal::BackupWalMissing { .. } => {
            let mut finding = Finding::new(
                Name::BackupWalMissing,
                "nothing can be recovered from this base: WAL of its own making is not there",
            );
            finding.evidence.push(refusal.to_string());
            finding
        }
        Refusal::WrongSize { .. }
        | Refusal::TimelineSwitch { .. }
        | Refusal::OverwrittenDiffers { .. }
        | Refusal::BackupCancelled { .. }
        | Refusal::MinimalWal { .. } => {
            Finding::new(Name::RecoveryRefused, format!("the server would give up: {refusal}"))
        }
    }
}

/// A point that lies before the base is consistent.
pub(super) fn before_backup(reach: &Reach, point: &Point) -> Finding {
    let mut title = format!("{point} lies before the end of this base");
    if let Some(consistent) = reach.consistent {
        title.push_str(&format!(", which is consistent at {consistent} and not earlier"));
    }
    let mut finding = Finding::new(Name::PointBeforeBackup, title);
    let first = reach.stops.first().and_then(|stop| stop.next_transaction.as_ref()).and_then(moment);
    finding.evidence.extend(first.map(|at| format!("the first transaction that ends behind it ends at {}", shown(at))));
    finding
}

/// A time before the base was begun, where nothing else is known of the WAL.
pub(super) fn before_base(point: &Point, begun: Option<Timestamp>) -> Finding {
    let begun = begun.map(|begun| format!(", which was begun at {}", shown(begun))).unwrap_or_default();
    Finding::new(Name::PointBeforeBackup, format!("{point} lies before this base{begun}"))
}

/// A point that the WAL does not reach.
pub(super) fn not_reached(reach: &Reach, point: &Point) -> Finding {
    let is_unknown = matches!(point, Point::Name(_) | Point::Xid { .. });
    let name = if is_unknown { Name::PointUnknown } else { Name::PointNotReached };
    let ends = format!("the WAL that can be replayed ends at {}{}", reach.end, last(reach.last_commit.as_ref()));
    let title = match point {
        Point::Name(wanted) => format!("there is no restore point {wanted:?} in the WAL that can be replayed"),
        Point::Xid { xid, .. } => format!("transaction {xid} does not end in the WAL that can be replayed"),
        _ => format!("{point} cannot be reached: {ends}"),
    };
    let mut finding = Finding::new(name, title);
    if is_unknown {
        finding.evidence.push(ends);
    }
    match point {
        Point::Name(_) if reach.restore_points.is_empty() => {
            finding.evidence.push("the WAL has no restore point".to_owned());
        }
        Point::Name(_) => {
            let names: Vec<String> = reach.restore_points.iter().map(|point| format!("{:?}", point.name)).collect();
            let (all, points) = (names.len(), names.iter().take(10).cloned().collect::<Vec<_>>().join(", "));
            finding.evidence.push(format!(
                "{}: {points}",
                agreeing(all, "the restore point that it has", "restore points that it has")
            ));
        }
        Point::Time { time: PointTime::At(_), .. } => {
            let at = reach.last_commit.as_ref().and_then(moment);
            finding.evidence.extend(at.map(|at| format!("the last time that works is {}", shown(at))));
        }
        _ => {}
    }
    finding
}

/// What is wrong along the path, or beside it where a server could be misled.
pub(super) fn of_path(reach: &Reach, _control: &Control) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A base that is on no path to the timeline has fallen off none: that the server refuses it is all that is wrong.
    let is_on_path = !matches!(reach.why, End::Refused(Refusal::NotAChild { .. } | Refusal::MinimumNotOnPath { .. }));
    if let Some(fell) = reach.fell_off.as_ref().filter(|_| is_on_path) {
        let title = format!(
            "segment {} is missing, so recovery goes on with {} of the timeline that was left at {}: what was given up there comes back",
            fell.wanted, fell.read, fell.fork
        );
        findings.push(about(Name::TimelineSegmentMissing, fell.wanted, title));
    }
    for timeline in &reach.without_history {
        let title = format!(
            "timeline {timeline} has segments and no {}: PostgreSQL does not know of it, and stays on timeline {}",
            timeline.history_name(),
            reach.end_timeline
        );
        findings.push(about(Name::TimelineHistoryMissing, timeline.history_name(), title));
    }
    for ambiguous in &reach.ambiguous {
        let mut finding = about(
            Name::WalAmbiguous,
            ambiguous.segment,
            format!("segment {} is there more than once, with different contents", ambiguous.segment),
        );
        finding.evidence.push(format!("read here: {}", ambiguous.read.display()));
        finding.evidence.extend(ambiguous.others.iter().map(|path| format!("another: {}", path.display())));
        findings.push(finding);
    }
    findings
}

/// All that is wrong with the way to the end of the WAL.
pub fn of_reach(reach: &Reach, control: &Control) -> Vec<Finding> {
    let mut findings = of_end(reach);
    findings.extend(of_path(reach, control));
    findings
}

/// Why the WAL ends where it does, in a sentence.
pub fn why_it_ends(reach: &Reach) -> String {
    match &reach.why {
        End::Archive { newest } => {
            format!("{} is the newest segment", newest.name(reach.expected.segment_size))
        }
        _ => match of_end(reach).into_iter().next() {
            Some(finding) => finding.title.split_once("; ").map_or(finding.title.clone(), |(why, _)| why.to_owned()),
            None => String::new(),
        },
    }
}

/// Where the server had to stop and where it did, where these are not the same.
pub fn disagreement(expected: (Lsn, Option<Timestamp>), is: (Option<Lsn>, Option<Timestamp>)) -> Option<String> {
    let (lsn, at) = expected;
    let same_lsn = is.0 == Some(lsn);
    // Without a transaction the server says nothing.
    if same_lsn && is.1 == at {
        return None;
    }
    let words = |at: Option<Timestamp>| at.map_or("no transaction".to_owned(), shown);
    Some(format!(
        "the server stopped at {} ({}), and by reading the archive it had to be {lsn} ({}): one of the two is wrong, please report it",
        is.0.map_or("no place".to_owned(), |lsn| lsn.to_string()),
        words(is.1),
        words(at)
    ))
}
