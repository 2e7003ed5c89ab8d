//! Tablespaces, in directories that the engine has made.

use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::engine::Sandbox;
use crate::profile::Target;

pub async fn make(session: &Session, sandbox: &dyn Sandbox, target: &Target) -> Result<(), ClusterError> {
    for (index, tablespace) in target.tablespaces.iter().enumerate() {
        let owner = tablespace.owner.as_deref().unwrap_or(&target.cluster.superuser);
        let sql = format!(
            "CREATE TABLESPACE {} OWNER {} LOCATION {}",
            identifier(&tablespace.name),
            identifier(owner),
            literal(&sandbox.tablespace(index + 1))
        );
        let step = format!("cannot make tablespace {:?} of profile {}", tablespace.name, target.name);
        session.batch(&sql, &step).await?;
    }
    Ok(())
}
