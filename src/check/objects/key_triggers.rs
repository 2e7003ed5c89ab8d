//! The triggers by which the server keeps foreign keys and deferred constraints. pg_dump never writes whether they fire: a
//! restore makes them so that they do.

use crate::check::Restored;
use crate::check::catalog::{MOST_NAMED, of_dump, qualified};
use crate::cluster::ClusterError;
use crate::counted::counted_as;
use crate::finding::{Finding, Name};

/// Tables with triggers of constraints that do not fire as they are made, and how many constraints of them it hits.
/// `tgenabled` is `O` for what fires unless a session replicates (src/include/commands/trigger.h).
const OFF: &str = "
SELECT n.nspname::text, t.relname::text, array_agg(DISTINCT con.conname::text ORDER BY con.conname::text),
       bool_or(g.tgenabled = 'D')
FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_constraint con ON con.oid = g.tgconstraint
WHERE g.tgisinternal AND g.tgenabled <> 'O' AND con.contype IN ('f', 'p', 'u', 'x') AND {of_dump}
GROUP BY 1, 2 ORDER BY 1, 2";

pub(super) async fn look(restored: &Restored<'_>) -> Result<Option<Finding>, ClusterError> {
    let sql = OFF.replace("{of_dump}", &of_dump("t", "n"));
    let rows = restored.session.query(&sql, &[], "cannot look for triggers of constraints").await?;
    let tables: Vec<(String, String, Vec<String>, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .filter(|(schema, table, ..): &(String, String, _, _)| !restored.is_own_table(schema, table))
        .collect();
    if tables.is_empty() {
        return Ok(None);
    }
    let tables_hit = counted_as(tables.len(), "table", "tables");
    let title = match tables.iter().any(|(.., off)| *off) {
        true => format!("triggers that enforce the constraints of {tables_hit} are disabled"),
        false => format!("triggers that enforce the constraints of {tables_hit} fire differently than after a restore"),
    };
    let mut finding = Finding::new(Name::TriggerStateChanged, title);
    finding.count = tables.len() as u64;
    finding.objects = tables.iter().map(|(schema, table, ..)| format!("TABLE {schema}.{table}")).collect();
    finding.evidence = tables
        .iter()
        .take(MOST_NAMED)
        .map(|(schema, table, constraints, _)| {
            format!("{schema}.{table}: {} are not enforced for new rows", constraints.join(", "))
        })
        .collect();
    finding.fix =
        "Enable them before the application writes, and have the server validate the keys; this takes a superuser. \
         Triggers that are disabled in the dump are enabled with them: disable those again."
            .into();
    finding.commands = tables
        .iter()
        .map(|(schema, table, ..)| format!("ALTER TABLE {} ENABLE TRIGGER ALL;", qualified(schema, table)))
        .collect();
    Ok(Some(finding))
}
