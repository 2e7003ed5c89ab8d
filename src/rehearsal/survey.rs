//! Asks the databases what the restore met there: rows that were there before, what an extension has created.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Baseline;
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::engine::Sandbox;
use crate::finding::{DatabaseFacts, Failure, Questions};
use crate::profile::Target;

/// Tables of the target's own that are looked into.
const MOST_TABLES: usize = 1000;

/// What was there before the restore.
pub struct DatabaseSurvey {
    databases: DatabaseFacts,
}

impl DatabaseSurvey {
    /// Looks which of the target's own tables have rows.
    pub async fn begin(sandbox: &dyn Sandbox, target: &Target, baseline: &Baseline) -> Result<Self, ClusterError> {
        let mut databases = DatabaseFacts { has_own: baseline.has_any(), ..DatabaseFacts::default() };
        let tables: Vec<(String, String)> = baseline.tables().take(MOST_TABLES).collect();
        if !tables.is_empty() {
            let session = Session::open(sandbox, &target.cluster.superuser, &target.database.name).await?;
            databases.filled_before = filled(&session, &tables).await?;
        }
        Ok(Self { databases })
    }

    /// Asks for what the failures of the restore leave open.
    pub async fn finish(
        self,
        sandbox: &dyn Sandbox,
        target: &Target,
        failures: &[Failure],
    ) -> Result<DatabaseFacts, ClusterError> {
        let (mut databases, questions) = (self.databases, Questions::of(failures));
        for database in &questions.databases {
            // One that is gone again has nothing to show.
            let Ok(session) = Session::open(sandbox, &target.cluster.superuser, database).await else { continue };
            let sql = "
                SELECT o.schema, o.name, e.extname::text
                FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                     CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS o
                WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname <> 'plpgsql'";
            for row in session.query(sql, &[], "cannot list what extensions have created").await? {
                let (schema, name, extension): (Option<String>, Option<String>, String) =
                    (row.get(0), row.get(1), row.get(2));
                if let (Some(schema), Some(name)) = (schema, name) {
                    databases.of_extension.insert((unquoted(&schema), unquoted(&name)), extension);
                }
            }
            let tables: Vec<(String, String)> = questions
                .tables
                .iter()
                .filter(|(of, ..)| of == database)
                .map(|(_, schema, table)| (schema.clone(), table.clone()))
                .collect();
            databases.filled_now.extend(filled(&session, &tables).await?);
        }
        let mut schemas: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (database, names) in &questions.routines {
            let Ok(session) = Session::open(sandbox, &target.cluster.superuser, database).await else { continue };
            let sql = "
                SELECT p.proname::text, n.nspname::text
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE p.proname::text = ANY ($1)";
            let names: Vec<&String> = names.iter().collect();
            for row in session.query(sql, &[&names], "cannot look for functions").await? {
                schemas.entry(row.get(0)).or_default().insert(row.get(1));
            }
        }
        let only = schemas.into_iter().filter(|(_, schemas)| schemas.len() == 1);
        databases.schema_of_routine =
            only.flat_map(|(name, schemas)| schemas.into_iter().map(move |one| (name.clone(), one))).collect();
        Ok(databases)
    }
}

/// Those of these tables that exist and have rows.
async fn filled(session: &Session, tables: &[(String, String)]) -> Result<BTreeSet<(String, String)>, ClusterError> {
    let mut filled = BTreeSet::new();
    for (schema, table) in tables {
        // A table that is not there, or whose rows cannot be read, has none that the restore could meet.
        let sql = format!("SELECT FROM {}.{} LIMIT 1", identifier(schema), identifier(table));
        if session.query(&sql, &[], "cannot look into a table").await.is_ok_and(|rows| !rows.is_empty()) {
            filled.insert((schema.clone(), table.clone()));
        }
    }
    Ok(filled)
}

/// A name as `pg_identify_object` quotes it, without its quotes.
fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(name) => name.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}
