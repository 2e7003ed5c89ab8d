//! Roles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::name_or_map;
use super::cluster::Setting;

/// A role that exists before the restore.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// LOGIN: it can log in.
    #[serde(default)]
    pub login: bool,
    /// SUPERUSER: it is a superuser.
    #[serde(default)]
    pub superuser: bool,
    /// CREATEDB: it can create databases.
    #[serde(default)]
    pub createdb: bool,
    /// CREATEROLE: it can create roles.
    #[serde(default)]
    pub createrole: bool,
    /// REPLICATION: it can start replication.
    #[serde(default)]
    pub replication: bool,
    /// BYPASSRLS: it bypasses row level security.
    #[serde(default)]
    pub bypassrls: bool,
    /// INHERIT, or NOINHERIT if false.
    #[serde(default = "yes")]
    pub inherit: bool,
    /// CONNECTION LIMIT: the number of its concurrent connections. Default: no limit.
    #[serde(default)]
    pub connection_limit: Option<u32>,
    /// Settings of the role, as `ALTER ROLE … SET` takes them.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// The roles that this one is a member of: roles of the profile, or predefined ones such as `pg_monitor`.
    #[serde(default)]
    pub member_of: Vec<Membership>,
    /// The roles of the profile that are members of this one, as in `CREATE ROLE … ROLE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

fn yes() -> bool {
    true
}

/// A membership in another role: the role's name, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Membership {
    /// The role that it is a member of.
    pub role: String,
    /// ADMIN: the member can grant the role to others.
    #[serde(default, skip_serializing_if = "is_no")]
    pub admin: bool,
    /// INHERIT, from PostgreSQL 16 on: the member has the role's privileges without SET ROLE. Default: the member's own `inherit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// SET, from PostgreSQL 16 on: the member can SET ROLE to the role. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<bool>,
}

fn is_no(is: &bool) -> bool {
    !is
}

name_or_map!(Membership, role, "a role's name, or a map with `role`", |it| {
    !it.admin && it.inherit.is_none() && it.set.is_none()
});

impl From<String> for Membership {
    /// A plain membership.
    fn from(role: String) -> Self {
        Self { role, ..Self::default() }
    }
}
