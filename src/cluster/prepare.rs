//! Roles and database of a target, before anything is restored.

use super::sql::identifier;
use super::{ClusterError, Session};
use crate::profile::{Role, Target};

/// Makes the target's roles and its database, as the superuser; without the database where the dump makes it itself.
///
/// # Errors
/// When the server refuses what the profile asks for.
pub async fn prepare(session: &Session, target: &Target, with_database: bool) -> Result<(), ClusterError> {
    for role in &target.roles {
        let step = format!("cannot make role {:?} of profile {}", role.name, target.name);
        session.batch(&create_role(role, &target.cluster.superuser), &step).await?;
    }
    for role in &target.roles {
        for group in &role.member_of {
            let sql = format!("GRANT {} TO {}", identifier(&group.role), identifier(&role.name));
            session.batch(&sql, &format!("cannot make {:?} a member of {:?}", role.name, group.role)).await?;
        }
    }
    if !with_database {
        return Ok(());
    }
    let database = &target.database;
    let owner = database.owner.as_deref().unwrap_or(&target.cluster.superuser);
    // The cluster's own databases are there already, and may be the one that is restored into.
    let exists =
        session.query("SELECT FROM pg_database WHERE datname = $1", &[&database.name], "cannot list databases").await?;
    let sql = if exists.is_empty() {
        format!("CREATE DATABASE {} OWNER {}", identifier(&database.name), identifier(owner))
    } else {
        format!("ALTER DATABASE {} OWNER TO {}", identifier(&database.name), identifier(owner))
    };
    session.batch(&sql, &format!("cannot make database {:?} of profile {}", database.name, target.name)).await
}

fn create_role(role: &Role, superuser: &str) -> String {
    let attribute = |is: bool, name: &str| if is { format!(" {name}") } else { format!(" NO{name}") };
    let mut sql = if role.name == superuser { "ALTER ROLE ".to_owned() } else { "CREATE ROLE ".to_owned() };
    sql.push_str(&identifier(&role.name));
    sql.push_str(" WITH");
    for (is, name) in [
        (role.login, "LOGIN"),
        (role.superuser, "SUPERUSER"),
        (role.createdb, "CREATEDB"),
        (role.createrole, "CREATEROLE"),
        (role.replication, "REPLICATION"),
        (role.bypassrls, "BYPASSRLS"),
        (role.inherit, "INHERIT"),
    ] {
        sql.push_str(&attribute(is, name));
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_made_with_every_attribute_said() {
        let role = Role { name: "o\"k".into(), login: true, inherit: true, ..Role::default() };
        assert_eq!(
            create_role(&role, "postgres"),
            "CREATE ROLE \"o\"\"k\" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT"
        );
    }
}
