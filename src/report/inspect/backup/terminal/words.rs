//! How places, times and stretches of WAL are said.

use jiff::Timestamp;

use super::super::BackupInspection;
use super::super::shape::{Segments, Transaction};
use crate::counted::counted;

/// A moment in UTC, as PostgreSQL's logs have it.
pub fn moment(at: Timestamp) -> String {
    crate::recovery::shown(at)
}

/// The moment of a transaction.
pub fn time_of(transaction: &Transaction) -> String {
    transaction.at.map_or_else(|| format!("at {}", transaction.lsn), moment)
}

/// MiB of WAL; less than one is one.
pub fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// `9 segments from 000000010000000000000006 on`: in one line.
pub fn stretch(segments: &Segments) -> String {
    match segments.segments {
        1 => segments.first.clone(),
        count => format!("{} from {} on", counted(count, "segment"), segments.first),
    }
}

/// The first, the last, and how many.
pub fn segments(segments: &Segments) -> String {
    match segments.segments {
        1 => segments.first.clone(),
        count => format!("{} to {} ({})", segments.first, segments.last, counted(count, "segment")),
    }
}

/// A span of time for people, in its two greatest units.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// What is said where nothing is wrong.
pub fn whole(inspection: &BackupInspection) -> String {
    match (&inspection.base, &inspection.archive) {
        (Some(_), _) => match inspection.reach.last().and_then(|reach| reach.last_commit.as_ref()) {
            Some(commit) => {
                format!("it can be recovered up to {}; only a rehearsal shows that it comes back", time_of(commit))
            }
            None => "its WAL is there, and holds no commit; only a rehearsal shows that it comes back".to_owned(),
        },
        (None, Some(_)) => "every segment was read, and none is missing or damaged".to_owned(),
        (None, None) => {
            let backups: usize = inspection.servers.iter().map(|server| server.backups.len()).sum();
            format!("{}, each with its WAL", counted(backups, "backup"))
        }
    }
}
