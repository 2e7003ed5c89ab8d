//! Default privileges: what whoever they are set for gives away of all that it makes.

use std::collections::BTreeMap;

use super::acl::Kind;
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};

/// One of `ALTER DEFAULT PRIVILEGES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultPrivilege {
    /// Who makes the objects.
    pub role: String,
    /// As SQL writes it; everywhere where there is none.
    pub schema: Option<String>,
    kind: Kind,
    /// `""` is PUBLIC.
    pub grantee: String,
}

const DEFAULTS: &str = "
SELECT DISTINCT pg_get_userbyid(d.defaclrole)::text, quote_ident(n.nspname), d.defaclobjtype::text,
       CASE given.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(given.grantee)::text END
FROM pg_default_acl d
CROSS JOIN LATERAL aclexplode(d.defaclacl) AS given
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE given.grantee <> d.defaclrole
ORDER BY 1, 2 NULLS FIRST, 3, 4";

/// Reads them all.
///
/// # Errors
/// When the server refuses.
pub async fn read(session: &Session) -> Result<Vec<DefaultPrivilege>, ClusterError> {
    let rows = session.query(DEFAULTS, &[], "cannot list default privileges").await?;
    let one = |row: &tokio_postgres::Row| {
        let kind = match row.get(2) {
            "r" => Kind::Table,
            "S" => Kind::Sequence,
            "f" => Kind::Routine,
            "T" => Kind::Type,
            "n" => Kind::Schema,
            "L" => Kind::LargeObject,
            _ => return None,
        };
        Some(DefaultPrivilege { role: row.get(0), schema: row.get(1), kind, grantee: row.get(3) })
    };
    Ok(rows.iter().filter_map(one).collect())
}

impl DefaultPrivilege {
    /// Whether what its grantee has on an object can come from it. The name is as SQL writes it, with its schema.
    pub fn gives_on(&self, kind: Kind, name: &str) -> bool {
        let in_schema = |schema: &String| name.strip_prefix(schema.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.kind == kind && self.schema.as_ref().is_none_or(in_schema)
    }
}

/// The statements that take them away from what is made later.
pub(super) fn revoke(defaults: &[&DefaultPrivilege]) -> Vec<String> {
    let mut grantees: BTreeMap<(&str, Option<&str>, Kind), Vec<String>> = BTreeMap::new();
    for default in defaults {
        let from = if default.grantee.is_empty() { "PUBLIC".to_owned() } else { identifier(&default.grantee) };
        grantees.entry((&default.role, default.schema.as_deref(), default.kind)).or_default().push(from);
    }
    let one = |((role, schema, kind), from): ((&str, Option<&str>, Kind), Vec<String>)| {
        let schema = schema.map(|schema| format!(" IN SCHEMA {schema}")).unwrap_or_default();
        let (role, from) = (identifier(role), from.join(", "));
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}{schema} REVOKE ALL ON {}S FROM {from};", kind.sql())
    };
    grantees.into_iter().map(one).collect()
}
