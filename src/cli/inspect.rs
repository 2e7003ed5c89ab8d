//! `pgrehearse inspect`: what a dump or a base backup is, what it requires, and what would fail. Starts nothing.

mod backup;

use std::io::Write as _;
use std::path::Path;

use pgdump_reader::{self as dump, Facts};

use super::arguments::Inspect;
use super::output::{PROSE_WIDTH, terminal_options};
use crate::profile::{DumpFacts, Target};
use crate::rehearsal::decide;
use crate::report::inspect::{Inspection, TargetPreflight, terminal};
use crate::session::{Inspected, NamedTargets, RunError, inspected};
use crate::{exit, preflight};

/// Runs the command; the result is its exit code.
pub fn inspect(arguments: &Inspect) -> Result<u8, RunError> {
    // clap sees to it that one of the two is there.
    let Some(path) = arguments.dump.as_deref() else { return backup::archive(arguments) };
    match inspected(path, arguments.wal.is_some())? {
        Inspected::Dump => of_dump(arguments, path),
        Inspected::Base(base) => backup::base(arguments, &base),
        Inspected::Barman(servers) => backup::barman(arguments, &servers),
    }
}

fn of_dump(arguments: &Inspect, path: &Path) -> Result<u8, RunError> {
    // All that can be wrong with what was typed is said before the dump is read.
    let dump = dump::open(path)?;
    if arguments.wal.is_some() {
        return Err(RunError::Usage(format!("{} is a dump: --wal is for base backups", path.display())));
    }
    let named = NamedTargets::load(arguments.profiles.clone())?;
    let scan = if arguments.quick { None } else { Some(dump.count()?) };
    let facts = match &scan {
        Some(scan) => scan.facts.clone(),
        None => dump.glance()?,
    };
    let mut targets = named.of(|| Ok(DumpFacts::of(&dump, &facts)))?;
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    let targets = targets.iter().map(|target| preflight_of(&dump, &facts, target)).collect();
    let mut inspection = Inspection::of(&dump, &facts, scan.as_ref(), targets);
    inspection.dump.path = path.display().to_string();
    let mut out = super::stdout();
    if arguments.json {
        inspection.write_json(&mut out)?;
    } else {
        terminal::write(&inspection, &mut out, &terminal_options(arguments.all, PROSE_WIDTH))?;
    }
    out.flush()?;
    Ok(if inspection.fails() { exit::FAIL } else { exit::PASS })
}

fn preflight_of(dump: &dump::Dump, facts: &Facts, target: &Target) -> TargetPreflight {
    let foreseen = preflight::run(dump, facts, target);
    let mut findings: Vec<_> = foreseen.into_iter().map(|expected| expected.finding).collect();
    decide(findings.iter_mut(), target);
    TargetPreflight { target: target.name.clone(), description: target.description.clone(), findings }
}
