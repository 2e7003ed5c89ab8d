//! Rows that the dump holds and that did not come back, though nobody complained: a script that stops early, data that
//! a client took for complete.
//!
//! Counts are compared, table by table. More rows than the dump holds are no loss: extensions bring their own.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::ownership::{in_database, schema_of};
use super::{Check, Looked, NotApplied, Restored};
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::finding::{Finding, Name};
use crate::profile::Target;
use crate::restore::has_option;

pub struct Rows;

/// Tables counted by one statement.
const AT_ONCE: usize = 200;

/// For each of these names: whether there is such a table, and of which partitioned table it is a part.
const PRESENT: &str = "
SELECT n.nspname::text, c.relname::text, pn.nspname::text, p.relname::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class p ON c.relispartition AND p.oid = pg_partition_root(c.oid)
LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname <> 'pg_catalog'";

type Table = (String, String);

#[async_trait]
impl Check for Rows {
    fn name(&self) -> &'static str {
        "rows"
    }

    fn does_not_apply(&self, target: &Target, restore_findings: &[Finding]) -> Option<NotApplied> {
        if let Some(option) = selects(&target.restore.options) {
            let reason = format!("rows were not counted: {option} restores a part of the dump");
            return Some(NotApplied::Profile(reason));
        }
        // What the restore complained of explains what is missing.
        restore_findings.iter().any(Finding::fails).then_some(NotApplied::Explained)
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let roots = roots(session).await?;
        // Rows of partitions are added up: loaded through their root they may land in another one.
        let mut dumped: BTreeMap<Table, Dumped> = BTreeMap::new();
        for table in in_database(&restored.scan.facts.tables, restored, |table| &table.database) {
            let own = (schema_of(&table.schema), table.name.clone());
            let at = roots.get(&own).cloned().flatten().unwrap_or(own);
            let sum = dumped.entry(at).or_default();
            // An INSERT is at least one row; how many is not counted.
            sum.at_least += table.rows.unwrap_or(u64::from(table.has_data));
        }
        dumped.retain(|_, dumped| dumped.at_least > 0);
        let (mut missing, mut compared): (Vec<(Table, u64, u64)>, u64) = (Vec::new(), 0);
        let (present, absent): (Vec<_>, Vec<_>) = dumped.into_iter().partition(|(table, _)| roots.contains_key(table));
        missing.extend(absent.into_iter().map(|(table, dumped)| (table, dumped.at_least, 0)));
        for chunk in present.chunks(AT_ONCE) {
            for ((table, dumped), found) in chunk.iter().zip(count(session, chunk).await?) {
                compared += dumped.at_least;
                if found < dumped.at_least {
                    missing.push((table.clone(), dumped.at_least, found));
                }
            }
        }
        let looked_at = format!("{compared} rows in {} tables", present.len());
        Ok(Looked { findings: finding(missing).into_iter().collect(), looked_at })
    }
}

#[derive(Debug, Default)]
struct Dumped {
    at_least: u64,
}

/// The option, if any, with which pg_restore leaves out data that the dump holds.
fn selects(options: &[String]) -> Option<&'static str> {
    const SELECTING: [(&str, char); 12] = [
        ("--schema-only", 's'),
        ("--table", 't'),
        ("--schema", 'n'),
        ("--exclude-schema", 'N'),
        ("--use-list", 'L'),
        ("--section", '\0'),
        ("--index", 'I'),
        ("--function", 'P'),
        ("--trigger", 'T'),
        ("--filter", '\0'),
        ("--no-data", '\0'),
        ("--list", 'l'),
    ];
    SELECTING.into_iter().find(|(long, short)| has_option(options, long, *short)).map(|(long, _)| long)
}

async fn roots(session: &Session) -> Result<BTreeMap<Table, Option<Table>>, ClusterError> {
    let rows = session.query(PRESENT, &[], "cannot list tables").await?;
    Ok(rows
        .iter()
        .map(|row| {
            let root: Option<Table> = row.get::<_, Option<String>>(2).zip(row.get(3));
            ((row.get(0), row.get(1)), root)
        })
        .collect())
}

/// The number of rows of each table, in order.
async fn count(session: &Session, tables: &[(Table, Dumped)]) -> Result<Vec<u64>, ClusterError> {
    let selects: Vec<String> = tables
        .iter()
        .map(|((schema, name), dumped)| {
            let table = format!("{}.{}", identifier(schema), identifier(name));
            // Where one row is all that is known, one row is all that is looked for.
            match dumped.at_least {
                1 => format!("(SELECT count(*) FROM (SELECT FROM {table} LIMIT 1) AS one)"),
                _ => format!("(SELECT count(*) FROM {table})"),
            }
        })
        .collect();
    let sql = format!("SELECT ARRAY[{}]::bigint[]", selects.join(", "));
    let rows = session.query(&sql, &[], "cannot count rows").await?;
    let counts: Vec<i64> = rows.first().map(|row| row.get(0)).unwrap_or_default();
    Ok(counts.into_iter().map(|count| u64::try_from(count).unwrap_or(0)).collect())
}

fn finding(missing: Vec<(Table, u64, u64)>) -> Option<Finding> {
    let rows: u64 = missing.iter().map(|(_, dumped, found)| dumped - found).sum();
    let ((schema, name), _, _) = missing.first()?;
    let tables = if missing.len() == 1 { "1 table".to_owned() } else { format!("{} tables", missing.len()) };
    let mut finding =
        Finding::new(Name::RowsMissing, format!("{rows} rows of {tables} did not come back, and no error said so"));
    finding.count = missing.len() as u64;
    finding.objects = missing.iter().map(|((schema, name), _, _)| format!("TABLE {schema}.{name}")).collect();
    finding.evidence = missing
        .iter()
        .take(5)
        .map(|((schema, name), dumped, found)| {
            format!("{schema}.{name}: the dump holds {dumped} rows at least, the database {found}")
        })
        .collect();
    finding.fix =
        "The client ended as if all were well. Look for a \\q or a COMMIT that is missing in an edited script, \
                   and dump again."
            .into();
    let regclass = literal(&format!("{}.{}", identifier(schema), identifier(name)));
    finding.commands =
        vec![format!("SELECT to_regclass({regclass}), count(*) FROM {}.{};", identifier(schema), identifier(name))];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_leave_data_out_are_known() {
        assert_eq!(selects(&["--no-owner".into(), "-x".into()]), None);
        assert_eq!(selects(&["--section=pre-data".into()]), Some("--section"));
        assert_eq!(selects(&["-t".into(), "orders".into()]), Some("--table"));
    }
}
