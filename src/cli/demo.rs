//! `pgrehearse demo`: an embedded dump, or an embedded base backup, in embedded targets.
//!
//! It comes back on one target and must fail on the others, each in another way. What is shown is what real servers said: the
//! demo compares it with what it promises, and an outcome that differs is its failure.

mod promises;
mod stage;
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
use crate::session::{CommonEngine, RunError};
use stage::Staged;
use story::Outcome;

/// The versions that the demo's dump and targets are made for, in the order of preference: an image of the usual one is the
/// likeliest to be at hand.
fn majors() -> Vec<Major> {
    let others = Major::tested().rev().filter(|major| *major != Major::USUAL);
    std::iter::once(Major::USUAL).chain(others).collect()
}

/// The version that the base backup of the demo is of, which no other takes.
const OF_BACKUP: Major = Major(17);

/// Runs the command; the result is its exit code: 0 when everything went as the demo says.
pub async fn demo(arguments: Demo) -> Result<u8, RunError> {
    let reports = output::reports(&arguments.output)?;
    output::probe(&reports)?;
    let (story, profiles, majors) = match arguments.recovery {
        true => (&promises::RECOVERY, profile::RECOVERY_DEMO, vec![OF_BACKUP]),
        false => (&promises::SHOP, profile::DEMO, majors()),
    };
    let mut targets = targets(profiles)?;
    let quiet = arguments.output.quiet;

    let interrupt = CancellationToken::new();
    let mut pool = engines::open(&arguments.engine).await?;
    // Pulling an image has a view of its own, which ends before the demo speaks.
    let looking = output::reporter(quiet);
    let found = CommonEngine::find(&mut pool, &majors, &targets[0], &looking).await?;
    looking.finish().await;
    let judge = match found {
        Ok(judge) => judge,
        Err(nothing) => {
            say(&story::nowhere(story, &nothing));
            pool.close().await?;
            return Ok(exit::UNTESTED);
        }
    };
    for target in &mut targets {
        target.postgres = Some(judge.major);
    }
    if let Some(warning) = story::warning(story, &judge) {
        say(&warning);
    }
    if !quiet {
        say(&story::intro(story, &judge));
    }

    let signal = signals::watch(interrupt.clone())?;
    let Staged { run, files } = match arguments.recovery {
        true => stage::recovery(&pool.lease, targets).await?,
        false => stage::shop(&pool.lease, targets)?,
    };
    let reporter = output::reporter(quiet);
    let ended = ended(run.on(pool).interrupted_by(interrupt), reporter, &signal).await;
    drop(files);
    let (report, signal) = match ended? {
        Ended::Reported(report, signal) => (report, signal),
        Ended::Interrupted(signal) => return Ok(signal.exit_code()),
    };
    let written = output::write(&report, &reports, &arguments.output);
    if let Some(signal) = signal {
        return Ok(signal.exit_code());
    }

    let (closing, outcome) = story::closing(story, &report, &judge);
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
fn targets(profiles: &[(&str, &str)]) -> Result<Vec<Target>, RunError> {
    let parsed = profiles.iter().map(|(name, text)| profile::parse(text, name));
    Ok(parsed.collect::<Result<Vec<Target>, _>>()?)
}

/// Whether what is on standard output is read by people and not by a program.
fn for_people(reports: &[ReportSpec]) -> bool {
    let mut on_stdout = reports.iter().filter(|report| report.destination == Destination::Stdout);
    on_stdout.all(|report| report.format == Format::Terminal)
}
