//! The server: its image, how initdb makes its cluster, its settings, its tablespaces.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::name_or_map;
use super::super::units::ByteSize;

/// How `initdb` creates the cluster, and its configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// The server encoding, for example `UTF8`, `LATIN1` or `SQL_ASCII`.
    pub encoding: String,
    /// LC_COLLATE and LC_CTYPE of the cluster, for example `en_US.UTF-8` or `C`.
    pub locale: String,
    /// More locales that the operating system has, for collations and other databases of the dump.
    pub locales: Vec<String>,
    /// The locale provider: `libc`, `icu` (from PostgreSQL 15 on) or `builtin` (from 17 on).
    pub locale_provider: LocaleProvider,
    /// The ICU locale, for example `en-US`. Needed with the provider `icu`.
    pub icu_locale: Option<String>,
    /// The name of the bootstrap superuser.
    pub superuser: String,
    /// Data checksums. Default: PostgreSQL's own, off up to 17 and on from 18.
    pub checksums: Option<bool>,
    /// The WAL segment size, a power of two from `1MiB` to `1GiB`. Default: PostgreSQL's `16MiB`.
    pub wal_segment_size: Option<ByteSize>,
    /// Libraries that the server loads at start, for example `pg_stat_statements`. The image must have them.
    pub shared_preload_libraries: Vec<String>,
    /// The server's `TimeZone`, for example `Europe/Berlin`. Default: `UTC`.
    pub time_zone: Option<String>,
    /// Server settings, as in postgresql.conf. They override the sandbox's own.
    pub settings: BTreeMap<String, Setting>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            encoding: "UTF8".into(),
            locale: "C.UTF-8".into(),
            locales: Vec::new(),
            locale_provider: LocaleProvider::Libc,
            icu_locale: None,
            superuser: "postgres".into(),
            checksums: None,
            wal_segment_size: None,
            shared_preload_libraries: Vec::new(),
            time_zone: None,
            settings: BTreeMap::new(),
        }
    }
}

/// The locale provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocaleProvider {
    /// The operating system's locales.
    #[default]
    Libc,
    /// The ICU library. From PostgreSQL 15 on.
    Icu,
    /// PostgreSQL's builtin provider. From PostgreSQL 17 on.
    Builtin,
}

impl LocaleProvider {
    /// The provider by PostgreSQL's name.
    pub fn name(self) -> &'static str {
        match self {
            LocaleProvider::Libc => "libc",
            LocaleProvider::Icu => "icu",
            LocaleProvider::Builtin => "builtin",
        }
    }
}

/// The value of a setting, as in postgresql.conf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting(pub String);

/// When the image is pulled, with Docker's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pull {
    /// Only if the engine does not have it.
    #[default]
    Missing,
    /// Before every rehearsal. If a pull fails, the target is untested.
    Always,
    /// Never. If the engine does not have it, the target is untested.
    Never,
}

/// What starts the server in its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Entrypoint {
    /// pgrehearse itself runs `initdb` and `postgres`, which is faster and more tightly isolated.
    #[default]
    Direct,
    /// The image's own entrypoint, for images that create roles, schemas or extensions at their first start.
    Image,
}

/// A tablespace that exists before the restore: its name, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Tablespace {
    /// The tablespace's name.
    pub name: String,
    /// The owner, a role of the profile. Default: the superuser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

name_or_map!(Tablespace, name, "a tablespace's name, or a map with `name`", |it| it.owner.is_none());
