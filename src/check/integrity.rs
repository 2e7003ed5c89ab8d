//! The dump itself: whether it is whole. Needs no database.

use pgdump_reader::Scan;

use super::{CheckResult, Group, INTEGRITY, Outcome};
use crate::counted::counted;
use crate::finding::{DUMP_TRUNCATED, Finding, Name};

/// Judges what a scan of the dump found.
pub fn dump(scan: &Scan) -> CheckResult {
    let mut findings = Vec::new();
    if !scan.damage.is_empty() {
        let mut finding = Finding::new(Name::DumpTruncated, DUMP_TRUNCATED);
        finding.count = scan.damage.len() as u64;
        finding.objects = scan.damage.iter().filter_map(|damage| damage.table.clone()).collect();
        finding.evidence = scan
            .damage
            .iter()
            .take(5)
            .map(|damage| match damage.at {
                Some(offset) => format!("{} (byte {offset})", damage.what),
                None => damage.what.clone(),
            })
            .collect();
        findings.push(finding);
    }
    let facts = &scan.facts;
    findings.extend(filtered(scan));
    let looked_at = format!(
        "{} tables, {} policies, {} extensions declared",
        facts.tables.len(),
        facts.policies.len(),
        facts.extensions.len()
    );
    // What cannot be followed leaves open whether all that the dump holds was looked at.
    let could_not = scan
        .not_followed()
        .map(|unfollowed| format!("{}; reading the script does not show what depends on it", unfollowed.label()));
    let could_not = could_not.collect();
    CheckResult {
        outcome: Outcome::Looked { findings },
        looked_at,
        could_not,
        ..CheckResult::new(INTEGRITY, Group::Integrity)
    }
}

/// A dump that was made under row level security, where it has tables with that.
fn filtered(scan: &Scan) -> Option<Finding> {
    let facts = &scan.facts;
    if !facts.row_security_on || facts.row_security.is_empty() {
        return None;
    }
    let tables = facts.row_security.len();
    let title = format!(
        "the dump was made under row level security: of {} it may hold a part of the rows",
        counted(tables, "table")
    );
    let mut finding = Finding::new(Name::DumpFiltered, title);
    finding.count = tables as u64;
    finding.objects = facts
        .row_security
        .iter()
        .map(|secured| match &secured.schema {
            Some(schema) => format!("TABLE {schema}.{}", secured.table),
            None => format!("TABLE {}", secured.table),
        })
        .collect();
    finding.evidence = vec!["the script sets row_security = on, as pg_dump --enable-row-security writes it".into()];
    finding.fix =
        "Dump as a superuser, as the tables' owner or as a role with BYPASSRLS, without --enable-row-security: \
                   pg_dump then stops instead of leaving rows out."
            .into();
    finding.commands = vec!["pg_dump -U postgres …   # without --enable-row-security".into()];
    Some(finding)
}
