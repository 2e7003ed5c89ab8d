//! What a recovery came to, and what it would cost and lose.

use std::io;

use anstyle::Style;
use jiff::Timestamp;

use super::{Page, add};
use crate::rehearsal::{Figures, RecoverySummary, Rehearsal, Timed};
use crate::report::text::{duration, size, visible};

impl Page<'_> {
    /// The figures of each recovery, once where they are the same.
    pub(super) fn figures(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for target in rehearsals {
            let Some(recovery) = &target.recovery else { continue };
            for line in of_one(recovery) {
                add(&mut lines, line, &target.target);
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        for (line, targets) in &lines {
            let place = match rehearsals.len() {
                1 => String::new(),
                _ if targets.len() == rehearsals.len() => String::new(),
                _ => format!("{}: ", self.canvas.first_few(targets, 3, str::to_owned).join(", ")),
            };
            self.canvas.wrapped(Style::new(), &format!("{place}{line}"))?;
        }
        Ok(())
    }
}

/// Where a recovery to this point came to: `0/7000000 on timeline 2, last transaction 2026-11-30 21:24:34 UTC`.
pub(super) fn whereabouts(recovery: &RecoverySummary) -> Option<String> {
    let replayed = recovery.replayed.as_ref()?;
    let timeline = recovery.reach.timeline.filter(|timeline| *timeline > 1 && recovery.reach.lsn == replayed.lsn);
    let timeline = timeline.map(|timeline| format!(" on timeline {timeline}")).unwrap_or_default();
    let last = replayed.last_transaction.map(|at| format!(", last transaction {}", second(at))).unwrap_or_default();
    Some(format!("{}{timeline}{last}", replayed.lsn))
}

/// A moment to the second, in UTC.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn of_one(recovery: &RecoverySummary) -> Vec<String> {
    let mut lines = Vec::new();
    if !recovery.reach.lsn.is_empty() {
        let last = recovery.reach.last_transaction.map(|at| format!(", last transaction {}", second(at)));
        let why =
            if recovery.reach_ends.is_empty() { String::new() } else { format!("; {}", visible(&recovery.reach_ends)) };
        lines.push(format!("The WAL reaches to {}{}{why}.", recovery.reach.lsn, last.unwrap_or_default()));
    }
    let Figures { base_bytes, wal_bytes, data_loss, newest_wal, lay_out, replay, promote, .. } = &recovery.figures;
    let mut parts = Vec::new();
    let took = |timed: &Timed| duration(timed.0);
    lines.extend(data_loss.as_ref().map(|lost| match newest_wal {
        Some(at) => format!("Data loss {}; the newest WAL file is of {}.", took(lost), second(*at)),
        None => format!("Data loss {}.", took(lost)),
    }));
    parts.extend(lay_out.as_ref().map(|timed| format!("lay out {} ({})", took(timed), size(*base_bytes))));
    parts.extend(replay.as_ref().map(|timed| {
        if *wal_bytes == 0 {
            return format!("replay {}", took(timed));
        }
        let rate = (*wal_bytes as f64 / timed.0.as_secs_f64().max(0.001) / 1e6).round();
        format!("replay {} ({} at {rate} MB/s)", took(timed), size(*wal_bytes))
    }));
    parts.extend(promote.as_ref().map(|timed| format!("promote {}", took(timed))));
    if !parts.is_empty() {
        let mut line = parts.join(", ");
        if let Some(first) = line.get(..1).map(str::to_uppercase) {
            line.replace_range(..1, &first);
        }
        lines.push(format!("{line}."));
    }
    lines
}
