//! Roles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::name_or_map;
use super::cluster::Setting;

/// A role that is there before the restore.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// Whether it can log in: LOGIN.
    #[serde(default)]
    pub login: bool,
    /// Whether it is a superuser: SUPERUSER.
    #[serde(default)]
    pub superuser: bool,
    /// Whether it can make databases: CREATEDB.
    #[serde(default)]
    pub createdb: bool,
    /// Whether it can make roles: CREATEROLE.
    #[serde(default)]
    pub createrole: bool,
    /// Whether it can replicate: REPLICATION.
    #[serde(default)]
    pub replication: bool,
    /// Whether row level security does not hold for it: BYPASSRLS.
    #[serde(default)]
    pub bypassrls: bool,
    /// INHERIT or NOINHERIT; PostgreSQL's default is INHERIT.
    #[serde(default = "yes")]
    pub inherit: bool,
    /// How many connections it can have at a time; any number where left out.
    #[serde(default)]
    pub connection_limit: Option<u32>,
    /// Settings that its sessions begin with, as `ALTER ROLE … SET` takes them.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Roles of the profile or predefined ones that this role is made a member of.
    #[serde(default)]
    pub member_of: Vec<Membership>,
    /// Roles of the profile that are made members of this one, as PostgreSQL's `CREATE ROLE … ROLE` has it: the same as this
    /// role among their own `member_of`, which is where they stand when the profile has been read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

fn yes() -> bool {
    true
}

/// A role's membership of another one; in YAML that one's name alone, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Membership {
    /// The role that it is made a member of.
    pub role: String,
    /// Whether the member can make others members: ADMIN.
    #[serde(default, skip_serializing_if = "is_no")]
    pub admin: bool,
    /// Whether the member has the role's privileges without SET ROLE: INHERIT, from PostgreSQL 16 on. As the member's own
    /// `inherit` says where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// Whether the member can SET ROLE to the role: SET, from PostgreSQL 16 on. Yes where left out.
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
