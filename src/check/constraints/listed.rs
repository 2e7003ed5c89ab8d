//! The constraints of a database, and those that the server takes for not verified.

use crate::check::catalog::of_dump;
use crate::cluster::{ClusterError, Session};
use crate::postgres::Change;

/// A constraint that is `NOT VALID` or `NOT ENFORCED`.
#[derive(Debug, PartialEq, Eq)]
pub struct Unverified {
    pub schema: String,
    /// The table or domain.
    pub of: String,
    pub name: String,
    pub is_domain: bool,
    pub enforced: bool,
}

async fn list(session: &Session) -> Result<String, ClusterError> {
    let enforced = if session.server_major().await?.has(Change::NotEnforced) { "con.conenforced" } else { "true" };
    // Those of partitions and children follow the one that they come from.
    let of_dump = of_dump("t", "n");
    Ok(format!(
        "SELECT n.nspname::text, t.relname::text, con.conname::text, false, {enforced}, con.convalidated
         FROM pg_constraint con JOIN pg_class t ON t.oid = con.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE {of_dump} AND con.contype <> 't'
           AND NOT EXISTS (SELECT FROM pg_constraint up WHERE up.oid = con.conparentid AND NOT up.convalidated)
           AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_constraint up ON up.conrelid = h.inhparent
                           WHERE h.inhrelid = t.oid AND up.conname = con.conname AND NOT up.convalidated)
         UNION ALL
         SELECT n.nspname::text, d.typname::text, con.conname::text, true, {enforced}, con.convalidated
         FROM pg_constraint con JOIN pg_type d ON d.oid = con.contypid JOIN pg_namespace n ON n.oid = d.typnamespace
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
           AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = d.oid
                           AND e.deptype = 'e')"
    ))
}

/// How many constraints there are.
///
/// # Errors
/// When the server refuses.
pub async fn count(session: &Session) -> Result<i64, ClusterError> {
    let sql = format!("SELECT count(*) FROM ({}) AS listed", list(session).await?);
    let counted = session.query(&sql, &[], "cannot count constraints").await?;
    Ok(counted.first().map_or(0, |row| row.get(0)))
}

/// Those that are not verified, by name.
///
/// # Errors
/// When the server refuses.
pub async fn unverified(session: &Session) -> Result<Vec<Unverified>, ClusterError> {
    let sql =
        format!("SELECT * FROM ({}) AS listed(a, b, c, d, e, f) WHERE NOT f ORDER BY 1, 2, 3", list(session).await?);
    let rows = session.query(&sql, &[], "cannot look for constraints that are not verified").await?;
    Ok(rows
        .iter()
        .map(|row| Unverified {
            schema: row.get(0),
            of: row.get(1),
            name: row.get(2),
            is_domain: row.get(3),
            enforced: row.get(4),
        })
        .collect())
}
