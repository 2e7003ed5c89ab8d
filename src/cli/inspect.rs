//! `pgrehearse inspect`: what a dump is, what it requires, and what targets would fail on. Starts nothing.

use std::io::Write as _;

use pgdump_reader::{self as dump, Facts};

use super::arguments::Inspect;
use super::output::{PROSE_WIDTH, terminal_options};
use super::recovery;
use crate::profile::{DumpFacts, Target};
use crate::rehearsal::decide;
use crate::report::inspect::{Inspection, TargetPreflight, terminal};
use crate::session::{NamedTargets, RunError};
use crate::{exit, preflight};

/// Runs the command; the result is its exit code.
pub fn inspect(arguments: &Inspect) -> Result<u8, RunError> {
    // All that can be wrong with what was typed is said before the dump is read.
    let path = recovery::inspected(arguments)?;
    let dump = dump::open(path)?;
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
