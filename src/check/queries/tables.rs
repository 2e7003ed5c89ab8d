//! What the profile asks of tables: that they are there, and how many rows they have.

use super::Restored;
use crate::check::Looked;
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session, was_cancelled};
use crate::finding::{Finding, Name};
use crate::profile::{Expect, Query};

/// The tables that are meant by each name: those that reports call so, and the one that `search_path` finds. The names
/// come as they were asked, in an array.
const MEANT: &str = "
WITH asked AS (SELECT name, number FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS a (name, number)),
     relations AS (
         SELECT n.nspname::text AS schema, c.relname::text AS name,
                pg_catalog.array_position(pg_catalog.current_schemas(false), n.nspname) AS place
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
         WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'))
SELECT asked.number, relations.schema, relations.name FROM asked JOIN relations
    ON (relations.schema OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) relations.name) OPERATOR(pg_catalog.=) asked.name
UNION
SELECT number, schema, name FROM (
    SELECT asked.number, relations.schema, relations.name,
           pg_catalog.row_number() OVER (PARTITION BY asked.number ORDER BY relations.place) AS nth
    FROM asked JOIN relations ON relations.name OPERATOR(pg_catalog.=) asked.name AND relations.place IS NOT NULL) AS found
WHERE nth OPERATOR(pg_catalog.=) 1
ORDER BY 1, 2, 3";

/// Asks all of them, over a session with the application's `search_path`.
pub async fn ask(session: &Session, restored: &Restored<'_>, looked: &mut Looked) -> Result<(), ClusterError> {
    let asked = &restored.target.checks.tables;
    let names: Vec<&String> = asked.keys().collect();
    let mut meant: Vec<Vec<(String, String)>> = vec![Vec::new(); names.len()];
    for row in session.query(MEANT, &[&names], "cannot look for tables").await? {
        let number: i64 = row.get(0);
        if let Some(tables) = usize::try_from(number - 1).ok().and_then(|index| meant.get_mut(index)) {
            tables.push((row.get(1), row.get(2)));
        }
    }
    super::limit(session, Query::default_timeout().0, "cannot prepare a connection").await?;
    let (mut missing, mut others) = (Vec::new(), Vec::new());
    for ((name, ask), tables) in asked.iter().zip(&meant) {
        match tables.as_slice() {
            [] => missing.push(name.clone()),
            [table] => match count(session, table, &ask.rows).await {
                Ok(rows) if ask.rows.met_by_count(rows) => {}
                Ok(rows) => {
                    let found = if matches!(ask.rows, Expect::Empty) { "rows".to_owned() } else { rows.to_string() };
                    others.push((name.clone(), format!("expected {}, found {found}", ask.rows.describe_count())));
                }
                Err(error) => match error.as_db_error() {
                    Some(refused) if was_cancelled(refused.code().code(), refused.routine()) => {
                        looked
                            .could_not
                            .push(format!("table {name:?}: not counted within {}", Query::default_timeout()));
                    }
                    Some(refused) => others.push((name.clone(), format!("cannot be read ({})", refused.code().code()))),
                    None => return Err(crate::cluster::refused(&format!("table {name:?}"), &error)),
                },
            },
            several => {
                let all: Vec<String> = several.iter().map(|(schema, table)| format!("{schema:?}.{table:?}")).collect();
                looked.could_not.push(format!("table {name:?} of checks.tables may be {}", all.join(" or ")));
            }
        }
    }
    if !missing.is_empty() {
        let title = match missing.as_slice() {
            [one] => format!("table {one:?}, which the profile asks for, does not exist"),
            many => format!("{} tables that the profile asks for do not exist", many.len()),
        };
        let mut finding = Finding::new(Name::QueryFailed, title);
        finding.count = missing.len() as u64;
        finding.evidence = vec![format!("looked in database {:?}", restored.database)];
        finding.objects = missing;
        finding.fix = "Look at the findings above first. Otherwise write the name with its schema, as reports do: \
                       `shop.orders`; without one it is looked for in the database's search_path."
            .into();
        looked.findings.push(finding);
    }
    if !others.is_empty() {
        let title = match others.as_slice() {
            [(one, _)] => format!("table {one:?} does not hold the rows that the profile expects"),
            many => format!("{} tables do not hold the rows that the profile expects", many.len()),
        };
        let mut finding = Finding::new(Name::QueryFailed, title);
        finding.count = others.len() as u64;
        finding.evidence = others.iter().map(|(name, evidence)| format!("{name}: {evidence}")).collect();
        finding.objects = others.into_iter().map(|(name, _)| name).collect();
        finding.fix =
            "Look at the findings above first: they name rows that did not come back. Otherwise compare with the source."
                .into();
        looked.findings.push(finding);
    }
    Ok(())
}

/// How many rows a table has; where only emptiness matters, 0 or 1.
async fn count(
    session: &Session,
    (schema, name): &(String, String),
    rows: &Expect,
) -> Result<u64, tokio_postgres::Error> {
    let table = format!("{}.{}", identifier(schema), identifier(name));
    if matches!(rows, Expect::Empty | Expect::NotEmpty) {
        let found = session.client().query(&format!("SELECT FROM {table} LIMIT 1"), &[]).await?;
        return Ok(found.len() as u64);
    }
    let row = session.client().query_one(&format!("SELECT pg_catalog.count(*) FROM {table}"), &[]).await?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}
