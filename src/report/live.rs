//! What is seen while a run goes on: bars on a terminal, plain lines in a log, or nothing.
//!
//! It listens to the run's events and writes to standard error; standard output is the report's. Nothing that it
//! fails to show stops a run.

mod bars;
mod lines;

use std::io::IsTerminal as _;

use tokio::sync::mpsc::UnboundedReceiver;

use self::bars::Bars;
use self::lines::Lines;
use super::text;
use crate::event::{Event, Unit};

/// How a run is shown while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// One bar for each running target; for a terminal.
    Bars,
    /// Plain lines; for CI logs and files.
    Lines,
    /// Nothing.
    Quiet,
}

impl View {
    /// Bars where standard error is a terminal that can move its cursor and no CI (`CI` unset or empty, `TERM` not
    /// `dumb`), lines elsewhere, nothing where the user wants it quiet.
    pub fn choose(quiet: bool) -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        Self::fitting(quiet, std::io::stderr().is_terminal(), &variable("CI"), &variable("TERM"))
    }

    fn fitting(quiet: bool, terminal: bool, ci: &str, term: &str) -> Self {
        let in_ci = !matches!(ci, "" | "false" | "0");
        match (quiet, terminal && !in_ci && term != "dumb") {
            (true, _) => Self::Quiet,
            (false, true) => Self::Bars,
            (false, false) => Self::Lines,
        }
    }
}

/// Shows the events of these targets until the channel closes.
///
/// Where it is dropped before that, or the channel closes early because the run was interrupted, bars that are on the
/// screen are wiped, so that whatever is printed next begins on a clean line.
pub async fn listen(mut receiver: UnboundedReceiver<Event>, targets: Vec<String>, view: View) {
    match view {
        // Events are taken all the same: a channel that nobody reads would grow.
        View::Quiet => while receiver.recv().await.is_some() {},
        View::Lines => {
            let mut lines = Lines::new(colored());
            while let Some(event) = receiver.recv().await {
                if let Some(line) = lines.line(&event) {
                    // Standard error may be gone; eprintln would panic.
                    let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), format!("{line}\n").as_bytes());
                }
            }
        }
        View::Bars => {
            let mut bars = Bars::new(&targets, colored());
            let mut tick = tokio::time::interval(bars::TICK);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    event = receiver.recv() => match event {
                        Some(event) => bars.show(&event),
                        None => break,
                    },
                    _ = tick.tick() => bars.tick(),
                }
            }
        }
    }
}

/// `NO_COLOR`, `CLICOLOR_FORCE` and the terminal, as anstream reads them.
fn colored() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// `40 % (4.8 of 12.0 MB)`, or only how much is done where the total is not known.
fn progress(done: u64, total: u64, unit: Unit) -> String {
    let amount = |count: u64| match unit {
        Unit::Bytes => text::size(count),
        Unit::Entries => count.to_string(),
    };
    let noun = match unit {
        Unit::Bytes => "",
        Unit::Entries => " entries",
    };
    if total == 0 {
        return format!("{}{noun}", amount(done));
    }
    // A total can be an estimate that turns out to be too small.
    let done = done.min(total);
    let percent = u128::from(done) * 100 / u128::from(total);
    let (done, total) = (amount(done), amount(total));
    let done = match (done.rsplit_once(' '), total.rsplit_once(' ')) {
        // "4.8 of 12.0 MB"
        (Some((number, unit)), Some((_, other))) if unit == other => number.to_owned(),
        _ => done,
    };
    format!("{percent} % ({done} of {total}{noun})")
}

/// Where the last error count goes: `, 3 errors so far`.
fn errors_so_far(errors: u64) -> String {
    if errors == 0 { String::new() } else { format!(", {} so far", text::counted(errors, "error")) }
}

/// The mark and style of a verdict as printed.
fn mark(verdict: &str) -> (&'static str, anstyle::Style) {
    use anstyle::AnsiColor::{Green, Red, Yellow};
    match verdict {
        "pass" => ("✔", Green.on_default()),
        "fail" => ("✘", Red.on_default()),
        _ => ("?", Yellow.on_default()),
    }
}

fn painted(style: anstyle::Style, text: &str, color: bool) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_only_for_people_at_a_terminal() {
        assert_eq!(View::fitting(false, true, "", "xterm-256color"), View::Bars);
        assert_eq!(View::fitting(false, true, "false", "xterm"), View::Bars);
        assert_eq!(View::fitting(false, true, "true", "xterm"), View::Lines);
        assert_eq!(View::fitting(false, true, "", "dumb"), View::Lines);
        assert_eq!(View::fitting(false, false, "", "xterm"), View::Lines);
        assert_eq!(View::fitting(true, true, "", "xterm"), View::Quiet);
    }

    #[test]
    fn progress_names_its_unit_once() {
        assert_eq!(progress(4_800_000, 12_000_000, Unit::Bytes), "40 % (4.8 of 12.0 MB)");
        assert_eq!(progress(800_000, 12_000_000, Unit::Bytes), "6 % (800.0 kB of 12.0 MB)");
        assert_eq!(progress(12, 40, Unit::Entries), "30 % (12 of 40 entries)");
        assert_eq!(progress(5_000, 0, Unit::Bytes), "5.0 kB");
        assert_eq!(progress(50, 40, Unit::Entries), "100 % (40 of 40 entries)");
        assert_eq!(progress(u64::MAX, u64::MAX, Unit::Entries).split_once(' ').unwrap().0, "100");
    }

    #[tokio::test]
    async fn listening_ends_when_the_run_does() {
        for view in [View::Quiet, View::Lines, View::Bars] {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            let events = crate::event::Events::new("a", std::time::Instant::now(), sender);
            events.phase(crate::event::Phase::Start);
            drop(events);
            listen(receiver, vec!["a".to_owned()], view).await;
        }
    }
}
