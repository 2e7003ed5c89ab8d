//! What a cluster says of its roles and databases.

use pgdump_reader::tag;

use super::stated::{ATTRIBUTES, Membership, ParameterPrivilege, Properties, Stated, kept};
use crate::cluster::{ClusterError, Session};
use crate::postgres::{Change, Major};

/// Reads it. Moments that the dump names are put as this server writes them.
pub async fn read(session: &Session, stated: &mut Stated) -> Result<Stated, ClusterError> {
    let mut there = Stated::default();
    let major = session.server_major().await?;
    roles(session, &mut there).await?;
    memberships(session, major, &mut there).await?;
    let sql = "SELECT coalesce(r.rolname, '')::text, coalesce(d.datname, '')::text, unnest(s.setconfig)
               FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase";
    for row in session.query(sql, &[], "cannot list settings of roles").await? {
        let setting: &str = row.get(2);
        if let Some((parameter, value)) = setting.split_once('=') {
            let parameter = parameter.to_lowercase();
            let value = kept(&parameter, value);
            there.settings.insert((row.get(0), row.get(1), parameter), value);
        }
    }
    databases(session, &mut there).await?;
    if major.has(Change::ParameterPrivileges) {
        parameters(session, &mut there).await?;
    }
    moments(session, stated).await?;
    Ok(there)
}

async fn roles(session: &Session, there: &mut Stated) -> Result<(), ClusterError> {
    let columns = ATTRIBUTES.map(|(_, column)| column).join(", ");
    let sql = format!(
        "SELECT rolname::text, rolconnlimit, rolvaliduntil::text, rolpassword, shobj_description(oid, 'pg_authid'), {columns}
         FROM pg_authid"
    );
    for row in session.query(&sql, &[], "cannot list roles").await? {
        let role: String = row.get(0);
        there.limits.insert(role.clone(), row.get(1));
        there.until.extend(row.get::<_, Option<String>>(2).map(|until| (role.clone(), until)));
        there.passwords.extend(row.get::<_, Option<String>>(3).map(|password| (role.clone(), password)));
        there.comments.extend(row.get::<_, Option<String>>(4).map(|comment| ((tag::ROLE, role.clone()), comment)));
        for (index, (attribute, _)) in ATTRIBUTES.iter().enumerate() {
            there.attributes.insert((role.clone(), *attribute), row.get(index + 5));
        }
        there.whole.insert(role);
    }
    Ok(())
}

async fn memberships(session: &Session, major: Major, there: &mut Stated) -> Result<(), ClusterError> {
    // Several roles may have granted one membership, from 16 on.
    let options = if major.has(Change::MembershipOptions) {
        "bool_or(inherit_option), bool_or(set_option)"
    } else {
        "NULL::boolean, NULL::boolean"
    };
    let sql = format!(
        "SELECT r.rolname::text, m.rolname::text, bool_or(a.admin_option), {options} FROM pg_auth_members a
         JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member GROUP BY 1, 2"
    );
    for row in session.query(&sql, &[], "cannot list members of roles").await? {
        let membership = Membership { admin: row.get(2), inherit: row.get(3), set: row.get(4) };
        there.members.insert((row.get(0), row.get(1)), membership);
    }
    Ok(())
}

async fn databases(session: &Session, there: &mut Stated) -> Result<(), ClusterError> {
    let sql =
        "SELECT datname::text, datconnlimit, datistemplate, NOT datallowconn, shobj_description(oid, 'pg_database')
               FROM pg_database";
    for row in session.query(sql, &[], "cannot list databases").await? {
        let name: String = row.get(0);
        there.comments.extend(row.get::<_, Option<String>>(4).map(|comment| ((tag::DATABASE, name.clone()), comment)));
        let properties = Properties { limit: Some(row.get(1)), is_template: row.get(2), is_closed: row.get(3) };
        there.databases.insert(name, properties);
    }
    Ok(())
}

/// Those of all but the owner, who is the one that created the cluster.
async fn parameters(session: &Session, there: &mut Stated) -> Result<(), ClusterError> {
    let sql = "SELECT p.parname, coalesce(r.rolname, '')::text, a.privilege_type, a.is_grantable
               FROM pg_parameter_acl p, aclexplode(p.paracl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
               WHERE a.grantee <> 10";
    for row in session.query(sql, &[], "cannot list privileges on parameters").await? {
        let privilege = if row.get::<_, &str>(2) == "SET" { "SET" } else { "ALTER SYSTEM" };
        let (parameter, grantee, grantable) = (row.get(0), row.get(1), row.get(3));
        there.parameters.insert(ParameterPrivilege { parameter, grantee, privilege, grantable });
    }
    Ok(())
}

async fn moments(session: &Session, stated: &mut Stated) -> Result<(), ClusterError> {
    for until in stated.until.values_mut() {
        let sql = "SELECT $1::text::timestamptz::text";
        let rows = session.query(sql, &[until], "cannot read until when a password is valid").await?;
        if let Some(row) = rows.first() {
            *until = row.get(0);
        }
    }
    Ok(())
}
