//! `pgrehearse demo`: an embedded dump in embedded targets.
//!
//! The shop's dump comes back on one target and must fail on three, each in another way. What is shown is what real
//! servers said: the demo compares it with what it promises, and an outcome that differs is its failure.

mod place;
mod story;

use std::io::Write as _;
use std::sync::Arc;

use pgdump_reader as dump;

use super::arguments::Demo;
use super::run::{self, Wanted};
use super::say;
use super::setup::{self, Workshop};
use crate::exit;
use crate::finding::Severity;
use crate::profile::{self, Target};
use crate::report::spec::{Destination, Format, ReportSpec};
use crate::session::RunError;
use story::Outcome;

/// What `demo/make` makes of `demo/shop.sql`.
const SHOP: &[u8] = include_bytes!("../../demo/shop.dump");

/// What reports call it instead of the file that it is written to for the run.
const SHOP_NAME: &str = "shop.dump (embedded in pgrehearse)";

/// Runs the command; the result is its exit code: 0 when everything went as the demo says.
pub async fn demo(arguments: Demo) -> Result<u8, RunError> {
    let reports = run::reports(&arguments.output)?;
    for report in &reports {
        report.probe().map_err(|error| RunError::usage(&error))?;
    }
    let mut targets = targets()?;
    let quiet = arguments.output.quiet;

    let mut workshop = Workshop::open(&arguments.engine).await?;
    let place = match place::find(&mut workshop, &arguments.engine, &targets[0], quiet).await? {
        Ok(place) => place,
        Err(nowhere) => {
            say(&nowhere.to_string());
            workshop.close().await?;
            return Ok(exit::UNTESTED);
        }
    };
    for target in &mut targets {
        target.postgres = Some(place.major);
    }
    if let Some(warning) = place.warning() {
        say(&warning);
    }
    if !quiet {
        say(&story::intro(&place));
    }

    let file = workshop
        .lease
        .file(SHOP)
        .map_err(|source| RunError::State { action: "cannot write the demo's dump to the state directory", source })?;
    let path = file.path().to_owned();
    let dump = Arc::new(tokio::task::spawn_blocking(move || dump::open(&path)).await??);
    let wanted = Wanted {
        jobs: None,
        fail_fast: false,
        rows: crate::check::RowMode::Digest,
        show_data: false,
        fail_on: Severity::Error,
        image_repository: arguments.engine.image_repository.clone(),
        cache: !arguments.engine.no_cache,
        quiet,
    };
    let scan = setup::begin_scan(&dump, wanted.rows);
    let mut finished = run::rehearse(workshop, dump, scan, targets, &wanted).await?;
    drop(file);
    finished.report.dump.path = SHOP_NAME.into();
    let written = run::write(&finished.report, &reports, &arguments.output);
    if let Some(signal) = finished.signal {
        return Ok(signal.exit_code());
    }

    let (closing, outcome) = story::closing(&finished.report, &place);
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

/// The demo's targets, in the order in which it tells of them.
fn targets() -> Result<Vec<Target>, RunError> {
    let parsed = profile::DEMO.iter().map(|(name, text)| profile::parse(text, name));
    Ok(parsed.collect::<Result<Vec<Target>, _>>()?)
}

/// Whether what is on standard output is read by people and not by a program.
fn for_people(reports: &[ReportSpec]) -> bool {
    let mut on_stdout = reports.iter().filter(|report| report.destination == Destination::Stdout);
    on_stdout.all(|report| report.format == Format::Terminal)
}
