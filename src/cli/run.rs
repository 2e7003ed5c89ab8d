//! `pgrehearse run`: rehearse a dump in every target.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Instant;

use pgdump_reader::{self as dump, Dump, Scan};
use tokio_util::sync::CancellationToken;

use super::arguments::{Output, Run};
use super::setup::{self, Workshop};
use super::{complain, say, targets};
use crate::check::RowMode;
use crate::event::{EventKind, Reporter};
use crate::exit;
use crate::finding::{Finding, Severity};
use crate::fixes::{self, Asked, Directory, DirectoryError};
use crate::matrix;
use crate::profile::Target;
use crate::rehearsal::{ScanInProgress, Stage, Verdict, WrittenFixes, while_it_answers};
use crate::report::live::View;
use crate::report::spec::{Destination, Format, ReportSpec};
use crate::report::terminal::TerminalOptions;
use crate::report::{DumpFacts, Report, SCHEMA};
use crate::session::RunError;

/// Runs the command; the result is its exit code.
pub async fn run(arguments: Run) -> Result<u8, RunError> {
    let reports = reports(&arguments.output)?;
    // All that can be wrong with what was typed is said before anything is started.
    let path = arguments.dump.clone();
    let dump = Arc::new(tokio::task::spawn_blocking(move || dump::open(&path)).await??);
    let names = arguments.profiles.clone();
    // One pass over the dump serves the choice and the rehearsals.
    let scan = setup::begin_scan(&dump, arguments.rows.into());
    let (asked, passing) = (Arc::clone(&dump), scan.clone());
    let facts = move || {
        tokio::runtime::Handle::current().block_on(passing).map(|scan| scan.facts.clone()).map_err(RunError::DumpUnread)
    };
    let choose = move || targets::choose(&names, || targets::source_of(&asked, facts));
    let targets::Chosen { targets, why } = tokio::task::spawn_blocking(choose).await??;
    if let Some(why) = why.filter(|_| !arguments.output.quiet) {
        say(&format!("pgrehearse: {}", crate::report::text::visible(&why)));
    }
    for report in &reports {
        report.probe().map_err(|error| RunError::usage(&error))?;
    }
    let wanted = Wanted {
        jobs: arguments.jobs,
        fail_fast: arguments.fail_fast,
        rows: arguments.rows.into(),
        show_data: arguments.show_data,
        fail_on: arguments.fail_on.into(),
        image_repository: arguments.engine.image_repository.clone(),
        cache: !arguments.engine.no_cache,
        quiet: arguments.output.quiet,
    };
    let fixes = arguments.write_fixes.as_deref().map(Directory::open).transpose()?;
    let workshop = Workshop::open(&arguments.engine).await?;
    let mut finished = rehearse(workshop, Arc::clone(&dump), scan, targets.clone(), &wanted).await?;
    // A report tells what was found, whatever became of the files.
    let written = match &fixes {
        Some(directory) => write_fixes(directory, &dump, &targets, &mut finished),
        None => Ok(()),
    };
    let mut whole = write(&finished.report, &reports, &arguments.output);
    if let Err(error) = written {
        complain(&error);
        whole = false;
    }
    Ok(match finished.code(arguments.allow_untested) {
        // What was asked for has not been done. Any other code says more.
        exit::PASS if !whole => exit::USAGE,
        code => code,
    })
}

/// Writes what mends the findings of each target, and says so in the report.
fn write_fixes(
    directory: &Directory,
    dump: &Dump,
    targets: &[Target],
    finished: &mut Finished,
) -> Result<(), DirectoryError> {
    let glanced;
    let facts = match &finished.scan {
        Some(scan) => &scan.facts,
        // An interrupted run has not read the dump to its end; its beginning says most.
        None => {
            glanced = dump.glance().unwrap_or_default();
            &glanced
        }
    };
    for rehearsal in &mut finished.report.targets {
        let Some(target) = targets.iter().find(|target| target.name == rehearsal.target) else { continue };
        let findings: Vec<&Finding> = rehearsal.findings().collect();
        let databases = rehearsal.restore.as_ref().map_or(&[][..], |restore| restore.databases.as_slice());
        let plan = fixes::plan(&Asked { dump, facts, target, findings: &findings, databases });
        rehearsal.fixes = Some(WrittenFixes { directory: None, files: Vec::new() });
        let Some(plan) = plan else { continue };
        let folder = directory.write(&target.name, &plan)?;
        for (at, finding) in rehearsal.findings_mut().enumerate() {
            finding.fix_files = plan.about(at);
        }
        let written = WrittenFixes { directory: Some(folder.display().to_string()), files: plan.names() };
        rehearsal.fixes = Some(written);
    }
    Ok(())
}

/// How a run is to go.
pub struct Wanted {
    pub jobs: Option<u16>,
    pub fail_fast: bool,
    pub rows: RowMode,
    pub show_data: bool,
    pub fail_on: Severity,
    pub image_repository: Option<String>,
    pub cache: bool,
    pub quiet: bool,
}

/// A run that is over; nothing of it is left but the report.
pub struct Finished {
    pub report: Report,
    /// What a full pass over the dump has found, where it came to its end.
    pub scan: Option<Arc<Scan>>,
    /// What interrupted it, if anything did.
    pub signal: Option<setup::Signal>,
}

impl Finished {
    pub fn code(&self, allow_untested: bool) -> u8 {
        match self.signal {
            Some(signal) => signal.exit_code(),
            None => exit::of(self.report.verdict, allow_untested),
        }
    }
}

/// Rehearses the dump, over which a full pass has begun, in every target, shows how it goes, and removes everything.
pub async fn rehearse(
    workshop: Workshop,
    dump: Arc<Dump>,
    scan: ScanInProgress,
    targets: Vec<Target>,
    wanted: &Wanted,
) -> Result<Finished, RunError> {
    let began = Instant::now();
    let started = jiff::Timestamp::now();
    let interrupt = CancellationToken::new();
    let signal = setup::watch_signals(interrupt.clone())?;
    let room = workshop.room(wanted.jobs);
    let Workshop { lease, engines, .. } = workshop;
    let engines = Arc::new(engines);
    let stage = Stage {
        engines: Arc::clone(&engines),
        scan,
        dump: Arc::clone(&dump),
        image_repository: wanted.image_repository.clone(),
        cache: wanted.cache,
        rows: wanted.rows,
        show_data: wanted.show_data,
        fail_on: wanted.fail_on,
        interrupt: interrupt.clone(),
        after: None,
    };
    let mut names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
    names.sort();
    let mut reporter = Reporter::default();
    if let Some(listener) = View::choose(wanted.quiet).listener() {
        reporter = reporter.with(listener);
    }
    let source = dump.path.display().to_string();
    reporter.of_run().send(EventKind::RunStarted { source, targets: names }).await;
    let rehearsals = matrix::run(&stage, targets, room, wanted.fail_fast, &reporter).await;
    // No target is no pass.
    let verdict = Verdict::worst(rehearsals.iter().map(|rehearsal| rehearsal.verdict));
    reporter.of_run().send(EventKind::RunFinished { verdict }).await;
    reporter.finish().await;
    let scan = stage.scan.peek().and_then(|scan| scan.as_ref().ok()).cloned();
    drop(stage);
    for engine in engines.all() {
        // What could not be removed is the next run's; the report stands.
        let closed = while_it_answers(&**engine, &interrupt, engine.close()).await.and_then(|closed| closed);
        if let Err(error) = closed {
            say(&format!("pgrehearse: something was left behind: {error}; run `pgrehearse sweep`"));
        }
    }
    drop(lease);
    let report = Report {
        schema: SCHEMA.into(),
        pgrehearse: env!("CARGO_PKG_VERSION").into(),
        started,
        elapsed: began.elapsed(),
        dump: facts(&dump, scan.as_deref()),
        verdict,
        targets: rehearsals,
    };
    let signal = *signal.borrow();
    Ok(Finished { report, scan, signal })
}

fn facts(dump: &Dump, scan: Option<&Scan>) -> DumpFacts {
    let encoding = match dump.archive() {
        Some(archive) => archive.encoding.clone(),
        None => scan.and_then(|scan| scan.facts.encoding.clone()),
    };
    DumpFacts {
        path: dump.path.display().to_string(),
        format: dump.format_label(),
        size: dump.size,
        server_version: dump.server_version().map(str::to_owned),
        pg_dump_version: dump.pg_dump_version().map(str::to_owned),
        encoding,
    }
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

/// Writes every report on its own, and says of each that could not be written why; whether all could.
pub fn write(report: &Report, reports: &[ReportSpec], output: &Output) -> bool {
    let options = terminal_options(output.all);
    // What is read at once comes first: a named pipe may let one wait for its reader.
    let (first, others): (Vec<&ReportSpec>, Vec<&ReportSpec>) =
        reports.iter().partition(|spec| spec.destination == Destination::Stdout);
    let mut whole = true;
    for spec in first.into_iter().chain(others) {
        if let Err(error) = spec.write(report, &options) {
            complain(&error);
            whole = false;
        }
    }
    whole
}

/// How to draw on standard output.
pub fn terminal_options(all: bool) -> TerminalOptions {
    let stdout = std::io::stdout().is_terminal();
    TerminalOptions {
        color: stdout && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        width: if stdout { terminal_width() } else { TerminalOptions::default().width },
        all,
    }
}

/// The columns of the terminal on standard output.
fn terminal_width() -> usize {
    let (_, columns) = console::Term::stdout().size();
    usize::from(columns).max(40)
}
