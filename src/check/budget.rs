//! Time and size against the profile's budget.

use std::time::Duration;

use async_trait::async_trait;

use super::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::finding::{Finding, Name};
use crate::source::Witness;

pub struct Budget;

const SIZES: &str = "
SELECT datname::text, pg_database_size(oid) FROM pg_database WHERE datname::text = ANY ($1) ORDER BY 2 DESC, 1";

#[async_trait]
impl Check for Budget {
    fn name(&self) -> &'static str {
        "budget"
    }

    fn group(&self) -> Group {
        Group::Budget
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    fn looks_once(&self) -> bool {
        true
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let Some(budget) = restored.target.checks.budget else { return Ok(Looked::default()) };
        let mut looked = Looked::default();
        let mut measured = Vec::new();
        if let Some(most) = budget.restore {
            let took = seconds(restored.restore_took);
            measured.push(format!("restored in {took}"));
            looked.compared.insert("duration".into(), 1);
            if restored.restore_took > most.0 {
                let mut finding = Finding::new(
                    Name::RestoreTooSlow,
                    format!("the restore took {took}, more than its budget of {most}"),
                );
                finding.evidence =
                    vec![format!("from the start of the client to its end; {} databases", restored.databases.len())];
                finding.fix =
                    "Restore with more jobs and CPUs (`restore.jobs`, `limits.cpus`), mend what is slow in the \
                               dump, or raise `checks.budget.restore`."
                        .into();
                looked.findings.push(finding);
            }
        }
        if let Some(most) = budget.size {
            let rows = restored.session.query(SIZES, &[&restored.databases], "cannot measure databases").await?;
            let sizes: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            let total: u64 = sizes.iter().map(|(_, bytes)| bytes.unsigned_abs()).sum();
            measured.push(size(total));
            looked.compared.insert("database".into(), sizes.len() as u64);
            if total > most.0 {
                let what =
                    if sizes.len() == 1 { "the database takes".to_owned() } else { "the databases take".to_owned() };
                let title = format!("{what} {}, more than the budget of {most}", size(total));
                let mut finding = Finding::new(Name::DatabaseTooLarge, title);
                finding.count = sizes.len() as u64;
                finding.objects = sizes.iter().map(|(name, _)| format!("DATABASE {name}")).collect();
                finding.evidence = vec![format!("measured {total} bytes, budget {} bytes", most.0)];
                if sizes.len() > 1 {
                    let each = sizes.iter().map(|(name, bytes)| format!("{name}: {}", size(bytes.unsigned_abs())));
                    finding.evidence.extend(each);
                }
                finding.commands = vec![
                    "SELECT oid::regclass, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class \
                     WHERE relkind IN ('r', 'm') ORDER BY pg_total_relation_size(oid) DESC LIMIT 10;"
                        .into(),
                ];
                looked.findings.push(finding);
            }
        }
        looked.looked_at = measured.join(", ");
        Ok(looked)
    }
}

/// `12.34 s`
fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

/// In the units of a budget: `7.6 MiB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_reads_as_people_write_it() {
        assert_eq!(seconds(Duration::from_millis(12_345)), "12.35 s");
        assert_eq!((size(512), size(8 << 20), size(3 << 29)), ("0.5 KiB".into(), "8.0 MiB".into(), "1.5 GiB".into()));
    }
}
