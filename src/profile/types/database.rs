//! The database that is restored into, and what is in it before the restore.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::name_or_map;
use super::cluster::{LocaleProvider, Setting};

/// The database to restore into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Database {
    /// The database's name.
    pub name: String,
    /// The owner, a role of the profile. Default: the superuser.
    pub owner: Option<String>,
    /// The template database. Default: `template0` if its encoding or locale is not the cluster's, else `template1`.
    pub template: Option<Template>,
    /// The encoding. Default: the cluster's.
    pub encoding: Option<String>,
    /// LC_COLLATE and LC_CTYPE. Default: the cluster's.
    pub locale: Option<String>,
    /// The locale provider. Default: the cluster's.
    pub locale_provider: Option<LocaleProvider>,
    /// The ICU locale, with the provider `icu`. Default: the cluster's.
    pub icu_locale: Option<String>,
    /// Settings of the database, as `ALTER DATABASE … SET` takes them.
    pub settings: BTreeMap<String, Setting>,
    /// Schemas that exist before the restore, beside `public`.
    pub schemas: Vec<Schema>,
    /// The owner of the schema `public`, and who may create objects in it.
    pub public: Public,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            name: "app".into(),
            owner: None,
            template: None,
            encoding: None,
            locale: None,
            locale_provider: None,
            icu_locale: None,
            settings: BTreeMap::new(),
            schemas: Vec::new(),
            public: Public::default(),
        }
    }
}

/// A template database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    /// The pristine one, from which a database of any encoding and locale can be created.
    Template0,
    /// The usual one.
    Template1,
}

impl Template {
    /// The template by PostgreSQL's name.
    pub fn name(self) -> &'static str {
        match self {
            Template::Template0 => "template0",
            Template::Template1 => "template1",
        }
    }
}

/// A schema that exists before the restore: its name, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Schema {
    /// The name of the schema.
    pub name: String,
    /// The owner, a role of the profile. Default: the superuser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

name_or_map!(Schema, name, "a schema's name, or a map with `name`", |it| it.owner.is_none());

/// The schema `public`. Default: as the version creates it. Up to 14 the superuser owns it and everybody may create objects in it; from
/// 15 on `pg_database_owner` owns it and nobody else may.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Public {
    /// The owner: a role of the profile, the superuser, or from PostgreSQL 14 on `pg_database_owner`.
    pub owner: Option<String>,
    /// Who has CREATE on it beside the owner: roles of the profile, or `PUBLIC` for everybody.
    pub create: Option<Vec<String>>,
}

/// SQL that runs before the restore, from `sql` or from `file`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("anyOf" = [{"required": ["sql"]}, {"required": ["file"]}]))]
pub struct Init {
    /// The statements. They run in one transaction.
    pub sql: Option<String>,
    /// A file of SQL statements in UTF-8, without psql commands; its path relative to the profile's folder.
    pub file: Option<String>,
    /// What that file holds, read with the profile.
    #[serde(skip)]
    pub file_text: Option<String>,
    /// The role that runs them, from the profile. Default: the superuser.
    #[serde(rename = "as")]
    pub as_role: Option<String>,
    /// The database to run them in. Default: the one to restore into, or `postgres` if the dump creates that one.
    pub database: Option<String>,
}

impl Init {
    /// The statements, wherever they are written.
    pub fn text(&self) -> &str {
        self.sql.as_deref().or(self.file_text.as_deref()).unwrap_or_default()
    }
}
