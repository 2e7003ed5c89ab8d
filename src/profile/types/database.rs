//! The database that is restored into, and what is in it before the restore.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::name_or_map;
use super::cluster::{LocaleProvider, Setting};

/// The database that is restored into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Database {
    /// The database's name.
    pub name: String,
    /// A role of the profile; the superuser where left out.
    pub owner: Option<String>,
    /// What it is copied from; `template0` where its encoding or locale is not the cluster's, else `template1`.
    pub template: Option<Template>,
    /// Its encoding; the cluster's where left out.
    pub encoding: Option<String>,
    /// Its LC_COLLATE and LC_CTYPE; the cluster's where left out.
    pub locale: Option<String>,
    /// Whose rules its locale goes by; the cluster's where left out.
    pub locale_provider: Option<LocaleProvider>,
    /// Its ICU locale where `locale_provider` is `icu`; the cluster's where left out.
    pub icu_locale: Option<String>,
    /// Settings that every session in it begins with, as `ALTER DATABASE … SET` takes them.
    pub settings: BTreeMap<String, Setting>,
    /// Schemas that are there before the restore, beside `public`.
    pub schemas: Vec<Schema>,
    /// Who owns the schema `public` and who may create in it.
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

/// A database that others are copied from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    /// The one that is never changed, from which a database of any encoding and locale can be made.
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

/// A schema that is there before the restore; in YAML its name alone, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Schema {
    /// The schema's name.
    pub name: String,
    /// Who owns it, a role of the profile; the superuser where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

name_or_map!(Schema, name, "a schema's name, or a map with `name`", |it| it.owner.is_none());

/// The schema `public`. Where left out it is as the version makes it: until 14 the superuser owns it and everybody may create
/// in it, from 15 on `pg_database_owner` owns it and nobody else may.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Public {
    /// Who owns it: a role of the profile, the superuser, or from PostgreSQL 14 on `pg_database_owner`.
    pub owner: Option<String>,
    /// The only ones beside the owner who may create in it: roles of the profile, or `PUBLIC` for everybody.
    pub create: Option<Vec<String>>,
}

/// SQL that is run before the restore. One of `sql` and `file` says it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("anyOf" = [{"required": ["sql"]}, {"required": ["file"]}]))]
pub struct Init {
    /// The statements themselves.
    pub sql: Option<String>,
    /// A file of statements, in UTF-8 and without commands of psql; its path from the folder of the profile's file.
    pub file: Option<String>,
    /// What that file holds, read with the profile.
    #[serde(skip)]
    pub file_text: Option<String>,
    /// The role that runs them, of the profile; the superuser where left out.
    #[serde(rename = "as")]
    pub as_role: Option<String>,
    /// The database that they are run in; the one that is restored into where left out, and `postgres` where the dump makes
    /// that one itself.
    pub database: Option<String>,
}

impl Init {
    /// The statements, wherever they are written.
    pub fn text(&self) -> &str {
        self.sql.as_deref().or(self.file_text.as_deref()).unwrap_or_default()
    }
}
