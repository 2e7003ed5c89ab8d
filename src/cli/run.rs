//! `pgrehearse run`: rehearse dumps in every target.

use tokio_util::sync::CancellationToken;

use super::arguments::Run as Arguments;
use super::{engines, output, say, signals};
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
    let ended = run.execute(&reporter).await;
    reporter.finish().await;
    let signal = *signal.borrow();
    let report = match (ended, signal) {
        (Err(RunError::Interrupted), Some(signal)) => return Ok(signal.exit_code()),
        (ended, _) => ended?,
    };
    // Both are tried, whatever becomes of the other.
    let (written, fixed) = (output::write(&report, &reports, &arguments.output), fixes_are_written(&report));
    let code = signal.map_or_else(|| exit::of(report.verdict, arguments.allow_untested), signals::Signal::exit_code);
    // What was asked for has not been done. Any other code says more.
    Ok(if code == exit::PASS && !(written && fixed) { exit::USAGE } else { code })
}

/// Whether all fixes that were asked for are there; what could not be written is said.
fn fixes_are_written(report: &Report) -> bool {
    let fixes = report.targets.iter().filter_map(|rehearsal| rehearsal.fixes.as_ref());
    let failed: Vec<&String> = fixes.filter_map(|fixes| fixes.failed.as_ref()).collect();
    failed.iter().for_each(|failed| say(&format!("pgrehearse: {}", visible(failed))));
    failed.is_empty()
}
