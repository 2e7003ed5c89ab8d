//! What is wrong in a database that came back just as the dump has it is wrong in production too.

use pgdump_reader::major_of;

use super::left_out::LeftOut;
use crate::check::{CheckResult, OBJECTS, Outcome, ROWS};
use crate::finding::Name;
use crate::source::{DumpSource, RowMode};

/// Takes the findings that a faithful copy shows for the source's own. A database is one where every row and every object was
/// compared and found equal. What was left out was compared with nothing, so where anything was, no database is one.
pub fn take_for_source(
    checks: &mut [CheckResult],
    source: &DumpSource,
    left_out: &LeftOut,
    server_version: Option<&str>,
    rows: RowMode,
) {
    if rows != RowMode::Digest || !left_out.is_empty() {
        return;
    }
    // Another major can plan, and run, the same definitions otherwise.
    let major = source.dump.server_major();
    let same_major = major.is_some() && major == server_version.and_then(major_of);
    let databases: Vec<Option<String>> = checks
        .iter()
        .filter(|result| result.check == ROWS && is_equal(result))
        .map(|result| result.database.clone())
        .filter(|database| {
            checks.iter().any(|result| result.check == OBJECTS && result.database == *database && is_equal(result))
        })
        .collect();
    for result in checks.iter_mut().filter(|result| databases.contains(&result.database)) {
        let Outcome::Looked { findings } = &mut result.outcome else { continue };
        for finding in findings {
            let is_of_source = match finding.name {
                Name::ForeignKeyBroken | Name::UniqueBroken => true,
                Name::ViewBroken | Name::FunctionBroken => same_major,
                _ => false,
            };
            if is_of_source {
                *finding = finding.clone().of_source();
            }
        }
    }
}

/// Whether a check has found everything as the dump has it, and has compared everything.
fn is_equal(result: &CheckResult) -> bool {
    let found_nothing = matches!(&result.outcome, Outcome::Looked { findings } if findings.is_empty());
    found_nothing && result.not_compared.is_empty() && result.could_not.is_empty()
}
