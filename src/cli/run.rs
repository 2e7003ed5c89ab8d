//! `pgrehearse run`: rehearse dumps in every target.

use tokio_util::sync::CancellationToken;

use super::arguments::Run as Arguments;
use super::signals::{self, Signal};
use super::{engines, output, recovery, say};
use crate::event::Reporter;
use crate::exit;
use crate::report::text::visible;
use crate::session::{Report, Run, RunError, Targets};

/// Runs the command; the result is its exit code.
pub async fn run(arguments: Arguments) -> Result<u8, RunError> {
    let reports = output::reports(&arguments.output)?;
    let interrupt = CancellationToken::new();
    let signal = signals::watch(interrupt.clone())?;
    let targets = match arguments.profiles {
        names if names.is_empty() => Targets::Suiting,
        names => Targets::Named(names),
    };
    let reporter = output::reporter(arguments.output.quiet);
    let mut dumps = arguments.dumps.into_iter();
    // clap sees to it that there is one.
    let first = dumps.next().ok_or_else(|| RunError::Usage("no dump is given".to_owned()))?;
    let run = dumps
        .fold(Run::new(first, targets), Run::and)
        .recovery(recovery::options(arguments.recovery))
        .engines(engines::options(&arguments.engine))
        .jobs(arguments.jobs)
        .fail_fast(arguments.fail_fast)
        .fail_on(arguments.fail_on.into())
        .rows(arguments.rows.into())
        .show_data(arguments.show_data)
        .write_fixes(arguments.write_fixes)
        .before_start({
            let reports = reports.clone();
            move || output::probe(&reports)
        })
        .interrupted_by(interrupt);
    let (report, signal) = match ended(run, reporter, &signal).await? {
        Ended::Reported(report, signal) => (report, signal),
        Ended::Interrupted(signal) => return Ok(signal.exit_code()),
    };
    // Both are tried, whatever becomes of the other.
    let (written, fixed) = (output::write(&report, &reports, &arguments.output), fixes_are_written(&report));
    let code = signal.map_or_else(|| exit::of(report.verdict, arguments.allow_untested), Signal::exit_code);
    // What was asked for has not been done. Any other code says more.
    Ok(if code == exit::PASS && !(written && fixed) { exit::USAGE } else { code })
}

/// How a run has ended.
pub(super) enum Ended {
    /// With a report, though a signal may have cut it short.
    Reported(Box<Report>, Option<Signal>),
    /// By a signal, before there was anything to report.
    Interrupted(Signal),
}

/// Goes through a run to its end. `signal` is what [`signals::watch`] gives.
pub(super) async fn ended(
    run: Run,
    reporter: Reporter,
    signal: &tokio::sync::watch::Receiver<Option<Signal>>,
) -> Result<Ended, RunError> {
    let ended = run.execute(&reporter).await;
    reporter.finish().await;
    let signal = *signal.borrow();
    match (ended, signal) {
        (Err(RunError::Interrupted), Some(signal)) => Ok(Ended::Interrupted(signal)),
        (ended, signal) => Ok(Ended::Reported(Box::new(ended?), signal)),
    }
}

/// Whether all fixes that were asked for are there; what could not be written is said.
fn fixes_are_written(report: &Report) -> bool {
    let fixes = report.targets.iter().filter_map(|rehearsal| rehearsal.fixes.as_ref());
    let failed: Vec<&String> = fixes.filter_map(|fixes| fixes.failed.as_ref()).collect();
    failed.iter().for_each(|failed| say(&format!("pgrehearse: {}", visible(failed))));
    failed.is_empty()
}
