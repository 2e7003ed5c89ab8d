//! Plain lines for CI logs: each phase as it begins, progress now and then, every notice, every verdict.

use std::collections::HashMap;
use std::time::Duration;

use super::{errors_so_far, line_of_run, mark, print, progress, pulled};
use crate::event::{Event, EventKind, Listener, RehearsalName, Unit};
use crate::report::canvas::painted;
use crate::report::labels::Labels;
use crate::report::text::visible;

/// No target prints its progress more often than this: a log is kept.
const BETWEEN_PROGRESS: Duration = Duration::from_secs(10);

/// What has been printed so far, as far as it matters for what comes next.
pub(super) struct Lines {
    color: bool,
    labels: Labels,
    rehearsals: HashMap<RehearsalName, Printed>,
}

#[derive(Default)]
struct Printed {
    /// When its last line about a phase or progress was printed.
    last: Duration,
    errors: u64,
}

impl Lines {
    pub fn new(color: bool) -> Self {
        Self { color, labels: Labels::default(), rehearsals: HashMap::new() }
    }

    /// The line for this event, if it deserves one: `[  12.3s] rds-like: restore 40 % (4.8 of 12.0 MB)`.
    pub fn line(&mut self, event: &Event) -> Option<String> {
        if let EventKind::RunStarted { rehearsals } = &event.kind {
            self.labels = Labels::of(rehearsals.iter().map(|name| name.source.as_str()));
        }
        let Some(name) = &event.rehearsal else { return line_of_run(&event.kind) };
        let printed = self.rehearsals.entry(name.clone()).or_default();
        // That a pull begins is no progress yet.
        let is_progress = match event.kind {
            EventKind::Pulling { done, .. } => done > 0,
            EventKind::Restoring { .. } => true,
            _ => false,
        };
        if is_progress && event.elapsed.saturating_sub(printed.last) < BETWEEN_PROGRESS {
            return None;
        }
        let text = match &event.kind {
            EventKind::PhaseStarted { phase } => phase.label().to_owned(),
            EventKind::Pulling { image, done, total } => match done {
                0 => format!("pulling {}", pulled(image)),
                _ => format!("pulling {}: {}", pulled(image), progress(*done, *total, Unit::Bytes)),
            },
            EventKind::SandboxReady { engine, server_version } => {
                format!("PostgreSQL {} is ready ({engine})", visible(server_version))
            }
            EventKind::Restoring { done, total, unit } => {
                let errors = errors_so_far(printed.errors).map(|errors| format!(", {errors}")).unwrap_or_default();
                format!("restore {}{errors}", progress(*done, *total, *unit))
            }
            EventKind::RestoreErrors { count } => {
                printed.errors = *count;
                return None;
            }
            EventKind::Notice { text } => format!("notice: {}", visible(text)),
            EventKind::RehearsalFinished { verdict, reason } => {
                let label = painted(mark(*verdict).1, &verdict.label().to_uppercase(), self.color);
                if reason.is_empty() { label } else { format!("{label}: {}", visible(reason)) }
            }
            EventKind::RehearsalStarted
            | EventKind::PhaseFinished { .. }
            | EventKind::CheckFinished { .. }
            | EventKind::TargetsChosen { .. }
            | EventKind::RunStarted { .. }
            | EventKind::RunFinished { .. }
            | EventKind::Missed { .. } => return None,
        };
        if matches!(event.kind, EventKind::PhaseStarted { .. }) || is_progress {
            printed.last = event.elapsed;
        }
        let label = self.labels.label(&name.source, &name.target);
        Some(format!("[{:6.1}s] {}: {text}", event.elapsed.as_secs_f64(), visible(&label)))
    }
}

impl Listener for Lines {
    fn hear(&mut self, event: &Event) {
        if let Some(line) = self.line(event) {
            print(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CheckOutcome, Phase};
    use crate::verdict::Verdict;

    fn at(seconds: f64, target: &str, kind: EventKind) -> Event {
        let rehearsal = Some(RehearsalName { source: "shop.dump".to_owned(), target: target.to_owned() });
        Event { rehearsal, elapsed: Duration::from_secs_f64(seconds), kind }
    }

    fn began(phase: Phase) -> EventKind {
        EventKind::PhaseStarted { phase }
    }

    fn notice(text: &str) -> EventKind {
        EventKind::Notice { text: text.to_owned() }
    }

    fn restoring(seconds: f64, done: u64) -> Event {
        at(seconds, "rds-like", EventKind::Restoring { done, total: 12_000_000, unit: Unit::Bytes })
    }

    fn lines(events: &[Event]) -> Vec<String> {
        let mut lines = Lines::new(false);
        events.iter().filter_map(|event| lines.line(event)).collect()
    }

    #[test]
    fn a_rehearsal_reads_as_a_short_log() {
        let target = "rds-like";
        let events = [
            at(0.0, target, EventKind::RehearsalStarted),
            at(0.1, target, began(Phase::Start)),
            at(
                0.6,
                target,
                EventKind::SandboxReady { engine: "docker", server_version: "17.11 (Debian 17.11-1)".to_owned() },
            ),
            at(0.7, target, began(Phase::Restore)),
            restoring(2.0, 1_000_000),
            at(2.5, target, EventKind::RestoreErrors { count: 3 }),
            restoring(12.3, 4_800_000),
            at(13.0, target, began(Phase::Check)),
            at(13.0, target, EventKind::PhaseFinished { phase: Phase::Restore, took: Duration::from_secs(12) }),
            at(
                13.1,
                target,
                EventKind::CheckFinished {
                    check: "rows",
                    database: "app".to_owned(),
                    outcome: CheckOutcome::Looked { findings: 0, could_not: 0 },
                },
            ),
            at(13.2, target, notice("restored with --no-owner")),
            at(
                123.4,
                target,
                EventKind::RehearsalFinished {
                    verdict: Verdict::Fail,
                    reason: "role \"shop_app\" does not exist".to_owned(),
                },
            ),
        ];
        assert_eq!(
            lines(&events),
            [
                "[   0.1s] rds-like: start",
                "[   0.6s] rds-like: PostgreSQL 17.11 (Debian 17.11-1) is ready (docker)",
                "[   0.7s] rds-like: restore",
                "[  12.3s] rds-like: restore 40 % (4.8 of 12.0 MB), 3 errors so far",
                "[  13.0s] rds-like: check",
                "[  13.2s] rds-like: notice: restored with --no-owner",
                "[ 123.4s] rds-like: FAIL: role \"shop_app\" does not exist",
            ]
        );
    }

    #[test]
    fn progress_is_printed_at_most_every_ten_seconds_for_each_target() {
        let mut events: Vec<Event> = (0..=300).map(|tenth| restoring(f64::from(tenth) / 10.0, 1)).collect();
        assert_eq!(lines(&events).len(), 3);
        events.push(at(30.0, "other", EventKind::Restoring { done: 1, total: 2, unit: Unit::Entries }));
        assert_eq!(lines(&events).len(), 4);
    }

    #[test]
    fn a_pull_of_unknown_size_says_how_much_it_has() {
        let event = at(20.0, "a", EventKind::Pulling { image: "postgres:17".to_owned(), done: 120_000_000, total: 0 });
        assert_eq!(lines(&[event]), ["[  20.0s] a: pulling postgres:17 from docker.io: 120.0 MB"]);
    }

    #[test]
    fn line_breaks_cannot_forge_a_line() {
        let event = at(1.0, "a\nb", notice("x\n[ 2.0s] a: PASS\u{1b}[0m"));
        assert_eq!(lines(&[event]), [r"[   1.0s] a\nb: notice: x\n[ 2.0s] a: PASS\u{1b}[0m"]);
    }

    #[test]
    fn a_verdict_is_coloured_only_where_colours_are_wanted() {
        let event = at(1.0, "a", EventKind::RehearsalFinished { verdict: Verdict::Pass, reason: String::new() });
        assert_eq!(Lines::new(false).line(&event).unwrap(), "[   1.0s] a: PASS");
        assert_eq!(Lines::new(true).line(&event).unwrap(), "[   1.0s] a: \u{1b}[32mPASS\u{1b}[0m");
    }
}
