//! The smoke test that everyone should have: there are user tables, and they are not all empty. It stands in where the
//! profile has no queries of its own.

use async_trait::async_trait;

use super::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::cluster::sql::identifier;
use crate::finding::{Finding, Name, Severity};

pub struct Tables;

/// Tables that hold rows of their own: ordinary ones and partitions, of no extension.
const TABLES: &str = "
SELECT n.nspname::text, c.relname::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY pg_relation_size(c.oid) DESC, 1, 2";

#[async_trait]
impl Check for Tables {
    fn name(&self) -> &'static str {
        "tables"
    }

    fn group(&self) -> Group {
        Group::Rows
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let mut tables = restored.session.query(TABLES, &[], "cannot list tables").await?;
        // Rows of the target's own tables did not come with the dump.
        tables.retain(|table| !restored.is_own_table(table.get(0), table.get(1)));
        let looked_at = format!("{} tables", tables.len());
        // Largest first: as a rule the first one decides.
        for table in &tables {
            let (schema, name): (&str, &str) = (table.get(0), table.get(1));
            let sql = format!("SELECT FROM {}.{} LIMIT 1", identifier(schema), identifier(name));
            if !restored.session.query(&sql, &[], "cannot look into a table").await?.is_empty() {
                return Ok(Looked { findings: Vec::new(), looked_at, ..Looked::default() });
            }
        }
        let title = match tables.len() {
            0 => format!("database {:?} holds no user table", restored.database),
            1 => format!("the only user table of database {:?} is empty", restored.database),
            many => format!("all {many} user tables of database {:?} are empty", restored.database),
        };
        let mut finding = Finding::new(Name::NothingRestored, title);
        let declared = &restored.scan.facts.tables;
        let with_rows = declared.iter().filter(|table| table.has_data).count();
        finding.evidence = vec![format!("the dump declares {} tables, {with_rows} of them with rows", declared.len())];
        if with_rows > 0 {
            finding.fix = "The other findings say why the rows did not come back.".into();
        } else {
            // A dump of definitions alone holds no data to come back; one with data for its tables, and no row in any,
            // is likely of the wrong database.
            if !declared.is_empty() && declared.iter().all(|table| table.rows.is_none()) {
                finding.severity = Severity::Warning;
            }
            finding.fix = "The dump itself holds no rows: check that the right database was dumped, with its data. If \
                           that is how it should be, say so with a query in the profile, which takes the place of this \
                           check."
                .into();
            finding.commands = vec!["checks: {queries: [{name: no rows wanted, sql: SELECT 1, expect: 1}]}".into()];
        }
        Ok(Looked { findings: vec![finding], looked_at, ..Looked::default() })
    }
}
