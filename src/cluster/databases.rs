//! The databases of a cluster.

use super::{ClusterError, Session};

/// One database; what it is called can change while its oid stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    pub oid: u32,
    pub name: String,
    /// Whether anybody may connect to it.
    pub connectable: bool,
}

/// All of a cluster's databases by name, templates among them, but for `template0`, which nobody can change.
///
/// # Errors
/// When they could not be listed.
pub async fn databases(session: &Session) -> Result<Vec<Database>, ClusterError> {
    let sql = "SELECT oid, datname::text, datallowconn FROM pg_database WHERE datname <> 'template0' ORDER BY 2";
    let rows = session.query(sql, &[], "cannot list databases").await?;
    Ok(rows.iter().map(|row| Database { oid: row.get(0), name: row.get(1), connectable: row.get(2) }).collect())
}
