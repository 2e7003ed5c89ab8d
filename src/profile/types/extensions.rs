//! Extensions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::{self, name_or_map};

/// Which extensions are there before the restore, and which a restore may create.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = crate::profile::schema::or_installed)]
pub struct Extensions {
    /// Extensions that the superuser creates before the restore.
    pub installed: Vec<Installed>,
    /// The only extensions that this target lets one create; all that the image has where left out. A role without superuser
    /// can create them too, as on a managed service.
    pub allowed: Option<Vec<String>>,
    /// Extensions that this target does not let one create.
    pub forbidden: Vec<String>,
    /// Extensions that this target marks as trusted: a role without superuser that may create in the database can create
    /// them.
    pub trusted: Vec<String>,
}

/// An extension that is there before the restore; in YAML its name alone, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Installed {
    /// The extension's name.
    pub name: String,
    /// The schema that its objects are in; where left out, the one that the extension itself names or else `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its version; the image's default where left out.
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
