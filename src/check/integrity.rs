//! The dump itself: whether it is whole, and whether it asks for what this target does not allow. Needs no database.

use super::{CheckResult, DUMP, Outcome};
use crate::cluster::sql::identifier;
use crate::dump::Scan;
use crate::finding::{Finding, Name};
use crate::profile::Target;

/// Judges what a scan of the dump found, against the target's rules.
pub fn dump(scan: &Scan, target: &Target) -> CheckResult {
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
        finding.fix =
            "Dump again, and check that the whole file arrived: pg_dump's exit code, the size and a checksum on \
                       both sides. What follows the break cannot be recovered from this file."
                .into();
        findings.push(finding);
    }
    if let Some(allowed) = &target.extensions.allowed {
        for extension in &scan.facts.extensions {
            // plpgsql is there in every cluster.
            if extension.name == "plpgsql" || allowed.contains(&extension.name) {
                continue;
            }
            let title = format!("extension {:?} is not among those that this target allows", extension.name);
            let mut finding = Finding::new(Name::ExtensionNotAllowed, title);
            finding.objects = vec![format!("EXTENSION {}", extension.name)];
            finding.evidence = vec![format!("the profile allows: {}", allowed.join(", "))];
            finding.fix =
                "Do without the extension, or choose a target that has it; if it is allowed after all, add it to \
                           extensions.allowed in the profile."
                    .into();
            finding.commands =
                vec![format!("DROP EXTENSION {};   -- in the source, before the dump", identifier(&extension.name))];
            findings.push(finding);
        }
    }
    let facts = &scan.facts;
    let looked_at = format!(
        "{} tables, {} policies, {} extensions declared",
        facts.tables.len(),
        facts.policies.len(),
        facts.extensions.len()
    );
    CheckResult { check: DUMP.into(), outcome: Outcome::Looked { findings }, looked_at }
}
