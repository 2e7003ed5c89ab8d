//! Ways for names without a schema to be found.

use crate::cluster::sql::literal;
use crate::cluster::{ClusterError, Session};

/// The one that checks look with.
pub const OWN: &str = "SET search_path = pg_catalog";

/// What `search_path` may be when somebody uses the database.
pub struct Paths {
    /// Of all schemas, the usual one first.
    all: String,
}

impl Paths {
    pub async fn read(session: &Session) -> Result<Paths, ClusterError> {
        let sql = "SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname <> 'public', nspname)
                   FROM pg_namespace WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_'";
        let rows = session.query(sql, &[], "cannot list schemas").await?;
        Ok(Paths { all: rows.first().and_then(|row| row.get(0)).unwrap_or_default() })
    }

    /// That of a session to which the application says nothing about it.
    pub fn application(&self) -> String {
        "RESET search_path".to_owned()
    }

    pub fn all(&self) -> String {
        Self::of(&self.all)
    }

    /// A list as a function's own setting has it.
    pub fn of(list: &str) -> String {
        format!("SELECT set_config('search_path', {}, false)", literal(list))
    }
}
