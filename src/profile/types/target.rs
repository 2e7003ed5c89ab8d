//! A whole profile.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::cluster::{Cluster, Entrypoint, LocaleProvider, Pull, Tablespace};
use super::database::{Database, Init};
use super::decisions::{Accept, Severity};
use super::extensions::Extensions;
use super::recovery::Recovery;
use super::restore::{Limits, Restore};
use super::roles::Role;
use crate::postgres::Major;

/// One expanded profile: exactly one cluster to restore into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The name of the target in every output.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._+@,\[\]-]{0,99}$"))]
    pub name: String,
    /// One line about the target, for lists and reports.
    #[serde(default)]
    pub description: String,
    /// The major version of the server; 13 to 18 are tested. Needed unless `image` is given; if the image has another version, the target is
    /// untested.
    #[serde(default)]
    pub postgres: Option<Major>,
    /// The image, for example `postgis/postgis:17-3.5`; a digest (`postgres:17@sha256:…`) pins it.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$"))]
    pub image: Option<String>,
    /// The repository of the image for `postgres: N`, such as a mirror. `--image-repository` overrides it. Default: `postgres`.
    #[serde(default)]
    pub image_repository: Option<String>,
    /// The tag of the image for `postgres: N`, for example `{postgres}-bookworm`; `{postgres}` stands for the major version. Default:
    /// `{postgres}`.
    #[serde(default)]
    pub image_tag: Option<String>,
    /// When the image is pulled.
    #[serde(default)]
    pub pull: Pull,
    /// What starts the server in its container.
    #[serde(default)]
    pub entrypoint: Entrypoint,
    /// How the cluster is created and configured.
    #[serde(default)]
    pub cluster: Cluster,
    /// The roles that exist before the restore, beside the superuser. `source`: those that the dump names.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The tablespaces that exist before the restore. `source`: those that the dump names.
    #[serde(default)]
    pub tablespaces: Vec<Tablespace>,
    /// The database to restore into.
    #[serde(default)]
    pub database: Database,
    /// The extensions that exist, and those that may be created. A list alone is what exists.
    #[serde(default)]
    pub extensions: Extensions,
    /// SQL that runs just before the restore.
    #[serde(default)]
    pub init: Vec<Init>,
    /// Who restores, and how.
    #[serde(default)]
    pub restore: Restore,
    /// Of a base backup: how far it is recovered, and what holds there.
    #[serde(default, skip_serializing_if = "Recovery::is_default")]
    pub recovery: Recovery,
    /// The limits of the sandbox.
    #[serde(default)]
    pub limits: Limits,
    /// Your own checks, which run after the restore.
    #[serde(default)]
    pub checks: Checks,
    /// Known findings that do not fail the target, each until a date.
    #[serde(default)]
    pub accept: Vec<Accept>,
    /// The severity of findings in this target, by the finding's name.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
    /// Whether something of it is the dump's: the words `source`.
    #[serde(skip)]
    pub takes_from_dump: bool,
    /// What a person should know of how it was read: what it takes from the dump and the dump does not say.
    #[serde(skip)]
    pub notices: Vec<String>,
    /// What its settings take from the environment, which no output shows.
    #[serde(skip)]
    pub secrets: Vec<String>,
}

/// What initdb calls the first superuser where the operating system's user has that name, as nearly everywhere.
const FIRST_SUPERUSER: &str = "postgres";

/// The administrators that managed services have, by their documentation: Amazon, Google, Azure, Neon, Supabase.
const OF_SERVICES: [&str; 11] = [
    "rdsadmin",
    "rds_superuser",
    "cloudsqladmin",
    "cloudsqlsuperuser",
    "alloydbadmin",
    "alloydbsuperuser",
    "azure_pg_admin",
    "azuresu",
    "cloud_admin",
    "neon_superuser",
    "supabase_admin",
];

impl Target {
    /// How long one check may take in one database.
    pub fn check_timeout(&self) -> Duration {
        self.checks.timeout.map_or(self.limits.timeout.0 / 2, |timeout| timeout.0)
    }

    /// The role that restores.
    pub fn restoring(&self) -> &str {
        self.restore.as_role.as_deref().unwrap_or(&self.cluster.superuser)
    }

    /// Whether who restores is a superuser.
    pub fn restores_as_superuser(&self) -> bool {
        match &self.restore.as_role {
            Some(name) if *name != self.cluster.superuser => {
                self.roles.iter().any(|role| role.name == *name && role.superuser)
            }
            Some(_) | None => true,
        }
    }

    /// Whether a role is a superuser here.
    pub fn is_superuser(&self, role: &str) -> bool {
        role == self.cluster.superuser || self.roles.iter().any(|known| known.name == role && known.superuser)
    }

    /// Whether a role can do what only its administrators may: nobody becomes a member of it so that a restore goes through.
    pub fn is_administrator(&self, role: &str) -> bool {
        let is_named = || self.roles.iter().any(|known| known.name == role);
        self.is_superuser(role) || OF_SERVICES.contains(&role) || role == FIRST_SUPERUSER && !is_named()
    }

    /// Whether a role that is missing here is not for users to make: it is a superuser's, or a service has it or has it not.
    pub fn keeps_to_itself(&self, role: &str) -> bool {
        self.is_superuser(role)
            || role == FIRST_SUPERUSER
            || OF_SERVICES.contains(&role) && !self.restores_as_superuser()
    }

    /// Whether who restores can make the database anew: it may create one, and this is none that the cluster has from its
    /// beginning.
    pub fn may_recreate_database(&self) -> bool {
        let creates = |role: &Role| role.name == self.restoring() && role.createdb;
        let may = self.restores_as_superuser() || self.roles.iter().any(creates);
        may && !self.is_database_of_cluster()
    }

    /// Whether the database is one that the cluster has from its beginning, which nobody creates.
    pub fn is_database_of_cluster(&self) -> bool {
        ["postgres", "template1"].contains(&self.database.name.as_str())
    }

    /// The encoding of the database that is restored into.
    pub fn database_encoding(&self) -> &str {
        self.database.encoding.as_deref().unwrap_or(&self.cluster.encoding)
    }

    /// Its LC_COLLATE and LC_CTYPE.
    pub fn database_locale(&self) -> &str {
        self.database.locale.as_deref().unwrap_or(&self.cluster.locale)
    }

    /// The provider of its locale.
    pub fn database_locale_provider(&self) -> LocaleProvider {
        self.database.locale_provider.unwrap_or(self.cluster.locale_provider)
    }

    /// Its ICU locale; the cluster's holds for a database of ICU too.
    pub fn database_icu_locale(&self) -> Option<&str> {
        let of_cluster = match self.database_locale_provider() {
            LocaleProvider::Icu => self.cluster.icu_locale.as_deref(),
            LocaleProvider::Libc | LocaleProvider::Builtin => None,
        };
        self.database.icu_locale.as_deref().or(of_cluster)
    }

    /// Whether the database has another encoding or locale than the cluster.
    pub fn database_differs(&self) -> bool {
        let cluster = &self.cluster;
        self.database_encoding() != cluster.encoding
            || self.database_locale() != cluster.locale
            || self.database_locale_provider() != cluster.locale_provider
            || self.database_icu_locale() != cluster.icu_locale.as_deref()
    }
}
