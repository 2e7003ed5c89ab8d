//! What is seen while a run goes on: bars on a terminal, plain lines in a log, or nothing.
//!
//! It listens to the run's events and writes to standard error; standard output is the report's. Nothing that it
//! fails to show stops a run.

mod bars;
mod lines;

use std::io::{IsTerminal as _, Write as _};

use self::bars::Bars;
use self::lines::Lines;
use super::text;
use crate::counted::{counted, number};
use crate::event::{Event, EventKind, Listener, Unit};
use crate::verdict::Verdict;

/// How a run is shown while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// One bar for each running target; for a terminal.
    Bars,
    /// Plain lines; for CI logs and files.
    Lines,
    /// Nothing but what could not be removed.
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

    /// What shows a run in this way, on standard error. Where bars are on the screen when it is dropped, because the run was
    /// interrupted, they are wiped, so that whatever is printed next begins on a clean line.
    pub fn listener(self) -> Box<dyn Listener> {
        match self {
            View::Quiet => Box::new(Notices),
            View::Lines => Box::new(Lines::new(colored())),
            View::Bars => Box::new(Bars::new(colored())),
        }
    }
}

/// Shows only what nobody may miss.
struct Notices;

impl Listener for Notices {
    fn hear(&mut self, event: &Event) {
        if let (None, EventKind::Notice { .. }) = (&event.rehearsal, &event.kind)
            && let Some(line) = line_of_run(&event.kind)
        {
            print(&line);
        }
    }
}

/// What is printed of the whole run.
fn line_of_run(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::TargetsChosen { why: text } | EventKind::Notice { text } => {
            Some(format!("pgrehearse: {}", text::visible(text)))
        }
        _ => None,
    }
}

/// Prints a line. Standard error may be gone; eprintln would panic.
fn print(line: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// `NO_COLOR`, `CLICOLOR_FORCE` and the terminal, as anstream reads them.
fn colored() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// `40 % (4.8 of 12.0 MB)`, or only how much is done where the total is not known.
fn progress(done: u64, total: u64, unit: Unit) -> String {
    let amount = |count: u64| match unit {
        Unit::Bytes => text::size(count),
        Unit::Entries => number(count),
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

/// What the client has complained of so far: `3 errors so far`; nothing where it has not.
fn errors_so_far(errors: u64) -> Option<String> {
    (errors > 0).then(|| format!("{} so far", counted(errors, "error")))
}

/// An image with its registry, since one that does not answer is what one waits for: `postgres:17 from docker.io`.
fn pulled(image: &str) -> String {
    // The first part is a registry where it could be no user of the default one (`reference.ParseDockerRef` of Docker).
    let names_registry =
        image.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost");
    format!("{}{}", text::visible(image), if names_registry { "" } else { " from docker.io" })
}

/// The mark and style of a verdict.
fn mark(verdict: Verdict) -> (&'static str, anstyle::Style) {
    use anstyle::AnsiColor::{Green, Red, Yellow};
    match verdict {
        Verdict::Pass => ("✔", Green.on_default()),
        Verdict::Fail => ("✘", Red.on_default()),
        Verdict::Untested => ("?", Yellow.on_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Reporter;

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

    #[test]
    fn a_notice_of_the_run_bears_the_programs_name_and_cannot_forge_a_line() {
        let notice = EventKind::Notice { text: "left\n\u{1b}[2J".to_owned() };
        assert_eq!(line_of_run(&notice).unwrap(), r"pgrehearse: left\n\u{1b}[2J");
        let why = EventKind::TargetsChosen { why: "no -p is given".to_owned() };
        assert_eq!(line_of_run(&why).unwrap(), "pgrehearse: no -p is given");
    }

    #[tokio::test]
    async fn listening_ends_when_the_run_does() {
        for view in [View::Quiet, View::Lines, View::Bars] {
            let reporter = Reporter::default().with(view.listener());
            reporter.of_target("a").phase(crate::event::Phase::Start).await;
            reporter.finish().await;
        }
    }
}
