//! Extensions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::{self, name_or_map};

/// Extensions that exist before the restore, and those that a restore may create.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = crate::profile::schema::or_installed)]
pub struct Extensions {
    /// Extensions that the superuser creates before the restore.
    pub installed: Vec<Installed>,
    /// The only extensions that the target allows, even to a role that is no superuser, as on a managed service. Default: all that the
    /// image has.
    pub allowed: Option<Vec<String>>,
    /// Extensions that the target does not allow.
    pub forbidden: Vec<String>,
    /// More trusted extensions: a role with CREATE on the database can create them without being a superuser.
    pub trusted: Vec<String>,
}

/// An extension that exists before the restore: its name, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Installed {
    /// The extension's name.
    pub name: String,
    /// The schema of its objects. Default: the one that the extension names, or else `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version. Default: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "scalars::version")]
    #[schemars(schema_with = "crate::profile::schema::text")]
    pub version: Option<String>,
}

name_or_map!(Installed, name, "an extension's name, or a map with `name`", |it| {
    it.schema.is_none() && it.version.is_none()
});

/// Why a profile does not let one create an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuledOut<'a> {
    /// It is forbidden.
    Forbidden,
    /// It is not among these, which are the only ones that are allowed.
    NotAllowed(&'a [String]),
}

impl Extensions {
    /// Whether the profile rules the extension out. One that is there in advance is not created.
    pub fn rule_out(&self, extension: &str) -> Option<RuledOut<'_>> {
        if self.forbidden.iter().any(|known| known == extension) {
            return Some(RuledOut::Forbidden);
        }
        let is_there = extension == "plpgsql" || self.installed.iter().any(|installed| installed.name == extension);
        let allowed = self.allowed.as_deref()?;
        let is_allowed = allowed.iter().any(|known| known == extension);
        (!is_there && !is_allowed).then_some(RuledOut::NotAllowed(allowed))
    }
}
