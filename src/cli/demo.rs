//! `pgrehearse demo`: an embedded dump in embedded targets.
//!
//! The shop's dump comes back on one target and must fail on three, each in another way. What is shown is what real
//! servers said: the demo compares it with what it promises, and an outcome that differs is its failure.

mod story;

use std::io::Write as _;

use tokio_util::sync::CancellationToken;

use super::arguments::Demo;
use super::run::{Ended, ended};
use super::{engines, output, say, signals};
use crate::exit;
use crate::postgres::Major;
use crate::profile::{self, Target};
use crate::report::spec::{Destination, Format, ReportSpec};
use crate::session::{CommonEngine, Run, RunError, Targets};
use story::Outcome;

/// What `demo/make` makes of `demo/shop.sql`.
const SHOP: &[u8] = include_bytes!("../../demo/shop.dump");

/// What reports call it instead of the file that it is written to for the run.
const SHOP_NAME: &str = "shop.dump (embedded in pgrehearse)";

/// The versions that the demo's dump and targets are made for, in the order of preference: an image of the usual one is the
/// likeliest to be at hand.
fn majors() -> Vec<Major> {
    let others = Major::tested().rev().filter(|major| *major != Major::USUAL);
    std::iter::once(Major::USUAL).chain(others).collect()
}

/// Runs the command; the result is its exit code: 0 when everything went as the demo says.
pub async fn demo(arguments: Demo) -> Result<u8, RunError> {
    let reports = output::reports(&arguments.output)?;
    output::probe(&reports)?;
    let mut targets = targets()?;
    let quiet = arguments.output.quiet;

    let interrupt = CancellationToken::new();
    let mut pool = engines::open(&arguments.engine).await?;
    // Pulling an image has a view of its own, which ends before the demo speaks.
    let looking = output::reporter(quiet);
    let found = CommonEngine::find(&mut pool, &majors(), &targets[0], &looking).await?;
    looking.finish().await;
    let judge = match found {
        Ok(judge) => judge,
        Err(nothing) => {
            say(&story::nowhere(&nothing));
            pool.close().await?;
            return Ok(exit::UNTESTED);
        }
    };
    for target in &mut targets {
        target.postgres = Some(judge.major);
    }
    if let Some(warning) = story::warning(&judge) {
        say(&warning);
    }
    if !quiet {
        say(&story::intro(&judge));
    }

    let signal = signals::watch(interrupt.clone())?;
    let file = pool
        .lease
        .file(SHOP)
        .map_err(|source| RunError::State { action: "cannot write the demo's dump to the state directory", source })?;
    let reporter = output::reporter(quiet);
    let run = Run::new(file.path(), Targets::These(targets)).called(SHOP_NAME).on(pool).interrupted_by(interrupt);
    let ended = ended(run, reporter, &signal).await;
    drop(file);
    let (report, signal) = match ended? {
        Ended::Reported(report, signal) => (report, signal),
        Ended::Interrupted(signal) => return Ok(signal.exit_code()),
    };
    let written = output::write(&report, &reports, &arguments.output);
    if let Some(signal) = signal {
        return Ok(signal.exit_code());
    }

    let (closing, outcome) = story::closing(&report, &judge);
    if for_people(&reports) {
        let _ = writeln!(super::stdout(), "\n{closing}");
    } else {
        say(&closing);
    }
    Ok(match outcome {
        Outcome::AsPromised if !written => exit::USAGE,
        Outcome::AsPromised => exit::PASS,
        Outcome::Otherwise => exit::FAIL,
        Outcome::Untested => exit::UNTESTED,
    })
}

/// The demo's targets, in the order in which it speaks of them.
fn targets() -> Result<Vec<Target>, RunError> {
    let parsed = profile::DEMO.iter().map(|(name, text)| profile::parse(text, name));
    Ok(parsed.collect::<Result<Vec<Target>, _>>()?)
}

/// Whether what is on standard output is read by people and not by a program.
fn for_people(reports: &[ReportSpec]) -> bool {
    let mut on_stdout = reports.iter().filter(|report| report.destination == Destination::Stdout);
    on_stdout.all(|report| report.format == Format::Terminal)
}
