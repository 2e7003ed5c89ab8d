//! What is shown while a run goes on, and where its reports go.

use std::io::IsTerminal as _;

use super::arguments::Output;
use super::complain;
use crate::event::Reporter;
use crate::report::live::View;
use crate::report::spec::{Destination, Format, ReportSpec};
use crate::report::terminal::TerminalOptions;
use crate::session::{Report, RunError};

/// What shows a run while it goes on, on standard error.
pub fn reporter(quiet: bool) -> Reporter {
    Reporter::default().with(View::choose(quiet).listener())
}

/// What `--report` asks for; a report on standard output is the least.
pub fn reports(output: &Output) -> Result<Vec<ReportSpec>, RunError> {
    let mut reports = output.reports.clone();
    if !reports.iter().any(|report| report.destination == Destination::Stdout) {
        reports.push(ReportSpec { format: Format::Terminal, destination: Destination::Stdout });
    }
    ReportSpec::check_together(&reports).map_err(|error| RunError::usage(&error))?;
    Ok(reports)
}

/// Finds out whether all of them can be written. For before the run.
pub fn probe(reports: &[ReportSpec]) -> Result<(), RunError> {
    reports.iter().try_for_each(|report| report.probe().map_err(|error| RunError::usage(&error)))
}

/// Writes every report on its own, and says of each that could not be written why; whether all could.
pub fn write(report: &Report, reports: &[ReportSpec], output: &Output) -> bool {
    let options = terminal_options(output.all, LOG_WIDTH);
    // Who asks for a report by name gets it.
    let is_asked_for = output.reports.iter().any(|report| report.destination == Destination::Stdout);
    let on_stdout = TerminalOptions { verdict_only: output.quiet && !is_asked_for, ..options };
    // What is read at once comes first: a named pipe may let one wait for its reader.
    let (first, others): (Vec<&ReportSpec>, Vec<&ReportSpec>) =
        reports.iter().partition(|spec| spec.destination == Destination::Stdout);
    let mut whole = true;
    for spec in first.into_iter().chain(others) {
        let options = if spec.destination == Destination::Stdout { &on_stdout } else { &options };
        if let Err(error) = spec.write(report, options) {
            complain(&error);
            whole = false;
        }
    }
    whole
}

/// How to draw on standard output, which has so many columns where it is no terminal.
pub fn terminal_options(all: bool, otherwise: usize) -> TerminalOptions {
    let stdout = std::io::stdout().is_terminal();
    TerminalOptions {
        color: anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        grid_width: (!stdout && columns().is_none()).then_some(LOG_GRID_WIDTH),
        width: columns().unwrap_or_else(|| if stdout { terminal_width() } else { otherwise }),
        all,
        verdict_only: false,
    }
}

/// The columns of a report that goes to no terminal, such as a CI log, and those that its grid may take there.
const LOG_WIDTH: usize = 100;
const LOG_GRID_WIDTH: usize = 160;

/// The columns of prose that goes to no terminal.
pub const PROSE_WIDTH: usize = 80;

/// What `COLUMNS` asks for, as a shell or a CI system sets it.
fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.trim().parse().ok().filter(|columns| (20..=1000).contains(columns))
}

/// The columns of the terminal on standard output.
fn terminal_width() -> usize {
    let (_, columns) = console::Term::stdout().size();
    usize::from(columns).max(40)
}
