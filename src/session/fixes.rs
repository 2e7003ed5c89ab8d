//! Files with fixes for the targets of a run, before its report is made.

use pgdump_reader::{Dump, Facts, Scan};

use super::error::in_full;
use crate::finding::Finding;
use crate::fixes::{self, Asked, Directory, Plan};
use crate::profile::Target;
use crate::rehearsal::{Rehearsal, WrittenFixes};

/// Writes what mends the findings of each target, and gives the rehearsals that say so. After a failure no more is written: the
/// report tells what was found all the same.
pub fn write(
    directory: &Directory,
    dump: &Dump,
    scan: Option<&Scan>,
    targets: &[Target],
    rehearsals: Vec<Rehearsal>,
) -> Vec<Rehearsal> {
    let glanced;
    let facts = match scan {
        Some(scan) => &scan.facts,
        // An interrupted run has not read the dump to its end; its beginning says most.
        None => {
            glanced = dump.glance().unwrap_or_default();
            &glanced
        }
    };
    let mut failed = false;
    let with_fixes = |rehearsal: Rehearsal| {
        let Some(target) = targets.iter().find(|target| target.name == rehearsal.target && !failed) else {
            return rehearsal;
        };
        let Some(plan) = plan(dump, facts, target, &rehearsal) else {
            return rehearsal.with_fixes(WrittenFixes::default(), |_| Vec::new());
        };
        match directory.write(&target.name, &plan) {
            Ok(folder) => {
                let directory = Some(folder.display().to_string());
                let written = WrittenFixes { directory, files: plan.names(), failed: None };
                rehearsal.with_fixes(written, |nth| plan.about(nth))
            }
            Err(error) => {
                failed = true;
                let failed = Some(in_full(&error));
                rehearsal.with_fixes(WrittenFixes { failed, ..WrittenFixes::default() }, |_| Vec::new())
            }
        }
    };
    rehearsals.into_iter().map(with_fixes).collect()
}

fn plan(dump: &Dump, facts: &Facts, target: &Target, rehearsal: &Rehearsal) -> Option<Plan> {
    let findings: Vec<&Finding> = rehearsal.findings().collect();
    let databases = rehearsal.restore.as_ref().map_or(&[][..], |restore| restore.databases.as_slice());
    fixes::plan(&Asked { dump, facts, target, findings: &findings, databases })
}
