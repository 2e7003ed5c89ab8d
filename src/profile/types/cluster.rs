//! The server: its image, how initdb makes its cluster, its settings, its tablespaces.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::scalars::name_or_map;
use super::super::units::ByteSize;

/// How the cluster is made by `initdb` and configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// A server encoding by PostgreSQL's name, for example `UTF8`, `LATIN1` or `SQL_ASCII`.
    pub encoding: String,
    /// LC_COLLATE and LC_CTYPE of the cluster, for example `en_US.UTF-8` or `C`.
    pub locale: String,
    /// More locales that this target has installed, beside `locale` and those of the image.
    pub locales: Vec<String>,
    /// Whose rules the cluster's locale goes by.
    pub locale_provider: LocaleProvider,
    /// The ICU locale where `locale_provider` is `icu`, for example `en-US`.
    pub icu_locale: Option<String>,
    /// The name of the bootstrap superuser.
    pub superuser: String,
    /// Whether data pages have checksums; PostgreSQL's own default where left out, which is no until 17 and yes from 18
    /// on.
    pub checksums: Option<bool>,
    /// The size of a WAL file, a power of two from `1MiB` to `1GiB`; PostgreSQL's own `16MiB` where left out.
    pub wal_segment_size: Option<ByteSize>,
    /// Libraries that the server loads when it starts, for example `pg_stat_statements`.
    pub shared_preload_libraries: Vec<String>,
    /// The server's TimeZone, for example `Europe/Berlin`; `UTC` where left out.
    pub time_zone: Option<String>,
    /// Server settings by name; they win over the sandbox's own.
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

/// Whose rules a locale goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocaleProvider {
    /// The operating system's.
    #[default]
    Libc,
    /// Those of the ICU library. From PostgreSQL 15 on.
    Icu,
    /// PostgreSQL's own. From PostgreSQL 17 on.
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

/// The value of a server setting: YAML scalars are taken as PostgreSQL would read them from its configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting(pub String);

/// When an image is pulled, in Docker's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pull {
    /// Where the engine does not have it.
    #[default]
    Missing,
    /// Before every rehearsal; a pull that fails leaves the target untested, whatever is at hand.
    Always,
    /// Never: the engine has it, or the target is untested.
    Never,
}

/// What starts the server in its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Entrypoint {
    /// pgrehearse itself: `initdb` and `postgres` are called directly, which is faster and shut in more tightly.
    #[default]
    Direct,
    /// The image's own entrypoint, for images whose first start makes roles, schemas or extensions of their own.
    Image,
}

/// A tablespace that is there before the restore; in YAML its name alone, or a map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(transform = crate::profile::schema::or_name)]
pub struct Tablespace {
    /// The tablespace's name.
    pub name: String,
    /// Who owns it, a role of the profile; the superuser where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

name_or_map!(Tablespace, name, "a tablespace's name, or a map with `name`", |it| it.owner.is_none());
