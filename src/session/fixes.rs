//! Files with fixes for the targets of a run, before its report is made.

use pgdump_reader::{Dump, Facts};

use super::error::in_full;
use crate::finding::Finding;
use crate::fixes::{self, Directory, FixPlan, Request};
use crate::profile::Target;
use crate::rehearsal::{Rehearsal, WrittenFixes};
use crate::source::Source;

/// Writes what mends the findings of each target, and gives the rehearsals that say so. After a failure no more is written: the
/// report shows what was found all the same. Without a directory the rehearsals say only whether there is anything to write.
pub fn write(
    directory: Option<&Directory>,
    chosen: &[(Source, Vec<Target>)],
    rehearsals: Vec<Rehearsal>,
) -> Vec<Rehearsal> {
    let mut rehearsals = rehearsals.into_iter().peekable();
    let mut written = Vec::new();
    let mut failed = false;
    for (nth, (source, targets)) in chosen.iter().enumerate() {
        let Source::Dump(of) = source else {
            // What mends a backup is done where backups are made.
            while let Some(rehearsal) = rehearsals.next_if(|rehearsal| rehearsal.source == source.name()) {
                written.push(match directory {
                    Some(_) => rehearsal.with_fixes(WrittenFixes::default(), |_| Vec::new()),
                    None => Rehearsal { nothing_to_write: true, ..rehearsal },
                });
            }
            continue;
        };
        let scan = of.scanned();
        // An interrupted run has not read the dump to its end, and a damaged one has none: its beginning is what is known then.
        let glanced = if scan.is_none() { of.dump.glance().unwrap_or_default() } else { Facts::default() };
        let facts = scan.as_ref().map_or(&glanced, |scan| &scan.facts);
        while let Some(rehearsal) = rehearsals.next_if(|rehearsal| rehearsal.source == source.name()) {
            let target = targets.iter().find(|target| target.name == rehearsal.target && !failed);
            let Some(target) = target else {
                written.push(rehearsal);
                continue;
            };
            let plan = plan(&of.dump, facts, target, &rehearsal);
            let Some(directory) = directory else {
                written.push(Rehearsal { nothing_to_write: plan.is_none(), ..rehearsal });
                continue;
            };
            let folder = if chosen.len() == 1 { target.name.clone() } else { folder(nth, &of.dump, target) };
            let one = write_one(directory, &folder, plan, rehearsal);
            failed |= one.fixes.as_ref().is_some_and(|fixes| fixes.failed.is_some());
            written.push(one);
        }
    }
    written.extend(rehearsals);
    written
}

/// `1-shop.dump-rds-like`: two dumps can have the same file name.
fn folder(nth: usize, dump: &Dump, target: &Target) -> String {
    let file = dump.path.file_name().unwrap_or_default().to_string_lossy();
    format!("{}-{file}-{}", nth + 1, target.name)
}

fn write_one(directory: &Directory, folder: &str, plan: Option<FixPlan>, rehearsal: Rehearsal) -> Rehearsal {
    let Some(plan) = plan else {
        return rehearsal.with_fixes(WrittenFixes::default(), |_| Vec::new());
    };
    match directory.write(folder, &plan) {
        Ok(folder) => {
            let directory = Some(folder.display().to_string());
            let written = WrittenFixes { directory, files: plan.names(), failed: None };
            rehearsal.with_fixes(written, |nth| plan.about(nth))
        }
        Err(error) => {
            let failed = Some(in_full(&error));
            rehearsal.with_fixes(WrittenFixes { failed, ..WrittenFixes::default() }, |_| Vec::new())
        }
    }
}

fn plan(dump: &Dump, facts: &Facts, target: &Target, rehearsal: &Rehearsal) -> Option<FixPlan> {
    let findings: Vec<&Finding> = rehearsal.findings().collect();
    let databases = rehearsal.restore.as_ref().map_or(&[][..], |restore| restore.databases.as_slice());
    fixes::plan(&Request { dump, facts, target, findings: &findings, databases })
}
