//! The dump itself: whether it is whole. Needs no database.

use super::{CheckResult, DUMP, Group, Outcome};
use crate::dump::Scan;
use crate::finding::{DUMP_TRUNCATED_FIX, Finding, Name};

/// Judges what a scan of the dump found.
pub fn dump(scan: &Scan) -> CheckResult {
    let mut findings = Vec::new();
    if !scan.damage.is_empty() {
        let mut finding = Finding::new(Name::DumpTruncated, "the dump is cut off or damaged");
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
        finding.fix = DUMP_TRUNCATED_FIX.into();
        findings.push(finding);
    }
    let facts = &scan.facts;
    let looked_at = format!(
        "{} tables, {} policies, {} extensions declared",
        facts.tables.len(),
        facts.policies.len(),
        facts.extensions.len()
    );
    CheckResult { outcome: Outcome::Looked { findings }, looked_at, ..CheckResult::new(DUMP, Group::Dump) }
}
