//! Another superuser, for the time that a script of pg_dumpall or of anyone runs.
//!
//! Such a script drops and makes databases that nobody else may be connected to then, `postgres` and `template1` among them,
//! and it can take superuser from the role that restores: the form that managed services give it does. So pgrehearse leaves
//! before it begins, and comes back as somebody whom the script does not know.

use pgdump_reader::Dump;

use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, MAINTENANCE_DATABASE, Session};
use crate::engine::Sandbox;

/// Databases that every cluster has and that a script can replace.
const EVERYWHERE: [&str; 2] = [MAINTENANCE_DATABASE, "template1"];

/// A superuser that is there only while the script runs.
pub struct Keeper {
    name: String,
}

/// Whether a dump can do what a session of pgrehearse would be in the way of, or would not survive.
pub fn is_needed(dump: &Dump) -> bool {
    dump.plain().is_some_and(|plain| {
        let replaces = plain.creates_databases.iter().any(|name| EVERYWHERE.contains(&name.as_str()));
        plain.cluster || replaces || !plain.from_pg_dump
    })
}

impl Keeper {
    pub async fn make(session: &Session) -> Result<Self, ClusterError> {
        let name = format!("pgrehearse_{:016x}", fastrand::u64(..));
        session.batch(&format!("CREATE ROLE {} SUPERUSER LOGIN", identifier(&name)), STEP).await?;
        Ok(Self { name })
    }

    /// Comes back as the superuser, and says whether the script has taken that from it; it has it again then, since
    /// whoever looks needs it.
    pub async fn back(self, sandbox: &dyn Sandbox, superuser: &str) -> Result<(Session, bool), ClusterError> {
        let keeper = open(sandbox, &self.name).await?;
        let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = $1";
        let rows = keeper.query(sql, &[&superuser], STEP).await?;
        let demoted = rows.first().is_some_and(|row| !row.get::<_, bool>(0));
        if demoted {
            keeper.batch(&format!("ALTER ROLE {} SUPERUSER LOGIN", identifier(superuser)), STEP).await?;
        }
        let session = open(sandbox, superuser).await?;
        drop(keeper);
        session.batch(&format!("DROP ROLE {}", identifier(&self.name)), STEP).await?;
        Ok((session, demoted))
    }
}

const STEP: &str = "cannot come back after the restore";

/// Connects to a database that is there, whatever the script says of the cluster's sessions.
async fn open(sandbox: &dyn Sandbox, user: &str) -> Result<Session, ClusterError> {
    let mut opened = Session::open(sandbox, user, EVERYWHERE[0]).await;
    if opened.is_err() {
        opened = Session::open(sandbox, user, EVERYWHERE[1]).await;
    }
    let session = opened?;
    session.batch("SET default_transaction_read_only = off; SET transaction_read_only = off", STEP).await?;
    Ok(session)
}
