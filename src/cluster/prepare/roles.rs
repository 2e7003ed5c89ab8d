//! Roles.

use super::settings::assignment;
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::profile::{Entrypoint, Membership, Role, Target};

/// Makes the target's roles, and then what they are members of.
pub async fn make(session: &Session, target: &Target) -> Result<(), ClusterError> {
    // An image that creates roles of its own can have created those of the profile.
    let there: Vec<String> = match target.entrypoint {
        Entrypoint::Direct => Vec::new(),
        Entrypoint::Image => {
            let rows = session.query("SELECT rolname::text FROM pg_roles", &[], "cannot list roles").await?;
            rows.iter().map(|row| row.get(0)).collect()
        }
    };
    for role in &target.roles {
        let step = format!("cannot make role {:?} of profile {}", role.name, target.name);
        let verb = if there.contains(&role.name) { "ALTER" } else { "CREATE" };
        session.batch(&statement(verb, role), &step).await?;
        for (name, value) in &role.settings {
            let sql = format!("ALTER ROLE {} SET {}", identifier(&role.name), assignment(name, value));
            session
                .batch(&sql, &format!("cannot set {name} of role {:?} of profile {}", role.name, target.name))
                .await?;
        }
    }
    for role in &target.roles {
        for group in &role.member_of {
            let step = format!("cannot make {:?} a member of {:?}", role.name, group.role);
            session.batch(&grant(group, &role.name), &step).await?;
        }
    }
    Ok(())
}

fn statement(verb: &str, role: &Role) -> String {
    let mut sql = format!("{verb} ROLE {} WITH", identifier(&role.name));
    for (is, name) in [
        (role.login, "LOGIN"),
        (role.superuser, "SUPERUSER"),
        (role.createdb, "CREATEDB"),
        (role.createrole, "CREATEROLE"),
        (role.replication, "REPLICATION"),
        (role.bypassrls, "BYPASSRLS"),
        (role.inherit, "INHERIT"),
    ] {
        sql.push_str(if is { " " } else { " NO" });
        sql.push_str(name);
    }
    if let Some(limit) = role.connection_limit {
        sql.push_str(&format!(" CONNECTION LIMIT {limit}"));
    }
    sql
}

/// Versions before 16 know `WITH ADMIN OPTION` and no other option.
fn grant(group: &Membership, member: &str) -> String {
    let mut options = Vec::new();
    if group.admin {
        options.push("ADMIN OPTION".to_owned());
    }
    for (name, given) in [("INHERIT", group.inherit), ("SET", group.set)] {
        options.extend(given.map(|is| format!("{name} {}", if is { "TRUE" } else { "FALSE" })));
    }
    let with = if options.is_empty() { String::new() } else { format!(" WITH {}", options.join(", ")) };
    format!("GRANT {} TO {}{with}", identifier(&group.role), identifier(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_made_with_every_attribute_said() {
        let role =
            Role { name: "o\"k".into(), login: true, inherit: true, connection_limit: Some(0), ..Role::default() };
        assert_eq!(
            statement("CREATE", &role),
            "CREATE ROLE \"o\"\"k\" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT \
             CONNECTION LIMIT 0"
        );
    }

    #[test]
    fn a_membership_says_only_the_options_that_are_given() {
        let mut group = Membership::from("g".to_owned());
        assert_eq!(grant(&group, "m"), r#"GRANT "g" TO "m""#);
        group.admin = true;
        assert_eq!(grant(&group, "m"), r#"GRANT "g" TO "m" WITH ADMIN OPTION"#);
        group.set = Some(false);
        group.inherit = Some(true);
        assert_eq!(grant(&group, "m"), r#"GRANT "g" TO "m" WITH ADMIN OPTION, INHERIT TRUE, SET FALSE"#);
    }
}
