//! What a profile says, as typed data. The YAML keys are the field names.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::expect::Pattern;
use super::glob::Glob;
use super::units::{ByteSize, HumanDuration};

/// A PostgreSQL major version, such as 17. From 10 on a major is one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Major(pub u16);

impl std::fmt::Display for Major {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One expanded profile: exactly one cluster to restore into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// How the target is called in every output.
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// The server's major version. Needed unless `image` names an image; the image's own version wins then.
    #[serde(default)]
    pub postgres: Option<Major>,
    /// A whole image reference, for example `postgis/postgis:17-3.5`.
    #[serde(default)]
    pub image: Option<String>,
    /// The repository that `postgres: N` is taken from, for mirrors and locally built images; `--image-repository`
    /// wins over it, and without either it is `postgres`.
    #[serde(default)]
    pub image_repository: Option<String>,
    #[serde(default)]
    pub cluster: Cluster,
    #[serde(default)]
    pub roles: Vec<Role>,
    #[serde(default)]
    pub database: Database,
    #[serde(default)]
    pub extensions: Extensions,
    #[serde(default)]
    pub restore: Restore,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub checks: Checks,
    #[serde(default)]
    pub accept: Vec<Accept>,
    /// What findings count as in this target, by the finding's name, instead of what they usually do.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
    /// What a person should know of how the profile was read: what it takes from the dump and the dump does not say.
    #[serde(skip)]
    pub notices: Vec<String>,
}

impl Target {
    /// How long one check may take in one database.
    pub fn check_timeout(&self) -> Duration {
        self.checks.timeout.map_or(self.limits.timeout.0 / 2, |timeout| timeout.0)
    }
}

/// How the cluster is made by `initdb` and configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// A server encoding by PostgreSQL's name, for example `UTF8`, `LATIN1` or `SQL_ASCII`.
    pub encoding: String,
    /// LC_COLLATE and LC_CTYPE of the cluster, for example `en_US.UTF-8` or `C`.
    pub locale: String,
    /// More locales that this target has installed, beside `locale` and those of the image.
    pub locales: Vec<String>,
    pub locale_provider: LocaleProvider,
    /// The ICU locale where `locale_provider` is `icu`, for example `en-US`.
    pub icu_locale: Option<String>,
    /// The name of the bootstrap superuser.
    pub superuser: String,
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
            settings: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocaleProvider {
    #[default]
    Libc,
    /// From PostgreSQL 15 on.
    Icu,
    /// From PostgreSQL 17 on.
    Builtin,
}

/// The value of a server setting: YAML scalars are taken as PostgreSQL would read them from its configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting(pub String);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub name: String,
    #[serde(default)]
    pub login: bool,
    #[serde(default)]
    pub superuser: bool,
    #[serde(default)]
    pub createdb: bool,
    #[serde(default)]
    pub createrole: bool,
    #[serde(default)]
    pub replication: bool,
    #[serde(default)]
    pub bypassrls: bool,
    /// INHERIT or NOINHERIT; PostgreSQL's default is INHERIT.
    #[serde(default = "yes")]
    pub inherit: bool,
    /// Roles of the profile or predefined ones that this role is made a member of.
    #[serde(default)]
    pub member_of: Vec<String>,
}

fn yes() -> bool {
    true
}

/// The database that is restored into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    pub name: String,
    /// A role of the profile; the superuser where left out.
    pub owner: Option<String>,
}

impl Default for Database {
    fn default() -> Self {
        Self { name: "app".into(), owner: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Extensions {
    /// The only extensions that this target lets one create; all that the image has where left out.
    pub allowed: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Restore {
    /// The role that restores; the cluster's superuser where left out.
    #[serde(rename = "as")]
    pub as_role: Option<String>,
    pub client: Client,
    pub jobs: Jobs,
    /// Passed to pg_restore or psql as they are, and reported.
    pub options: Vec<String>,
    /// A file that lists what pg_restore restores, as `pg_restore -l` writes it; its path from the folder of the profile's
    /// file.
    pub list: Option<String>,
    /// What that file holds, read with the profile.
    #[serde(skip)]
    pub list_text: Option<Vec<u8>>,
}

/// Whose pg_restore and psql do the restore; in YAML `target` or a major version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Client {
    /// The target's own.
    #[default]
    Target,
    /// Those of another major version.
    Major(Major),
}

/// How many parallel jobs pg_restore gets; in YAML `auto` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jobs {
    /// As many as the target has CPUs.
    #[default]
    Auto,
    Exactly(u16),
}

/// What a sandbox may use at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub memory: ByteSize,
    pub cpus: f64,
    pub pids: u32,
    pub shm: ByteSize,
    pub disk: ByteSize,
    pub timeout: HumanDuration,
}

impl Default for Limits {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            memory: ByteSize(2 * GIB),
            cpus: 2.0,
            pids: 512,
            shm: ByteSize(GIB / 4),
            disk: ByteSize(20 * GIB),
            timeout: HumanDuration(Duration::from_secs(30 * 60)),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checks {
    pub queries: Vec<Query>,
    /// What tables must hold, by name: `shop.customers` as reports write it, or `customers` as the database's
    /// `search_path` finds it.
    pub tables: BTreeMap<String, TableAsk>,
    /// How long the restore may take and how large the result may be.
    pub budget: Option<Budget>,
    /// The role as which rows are written to see whether they can be; the superuser where left out.
    pub write_as: Option<String>,
    /// Files of tests in pgTAP: paths or patterns, from the folder of the profile's file.
    pub pgtap: Vec<String>,
    /// What those files hold, read with the profile.
    #[serde(skip)]
    pub pgtap_files: Vec<TestFile>,
    /// How long one check may take in one database; half of `limits.timeout` where left out.
    pub timeout: Option<HumanDuration>,
}

impl Checks {
    /// Whether the profile itself asks what the tables hold.
    pub fn ask(&self) -> bool {
        !self.queries.is_empty() || !self.tables.is_empty()
    }
}

/// A file of tests in pgTAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// Its path from the folder of the profile's file.
    pub name: String,
    pub text: Vec<u8>,
}

/// What one table must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableAsk {
    /// How many rows: `empty`, `not empty`, a number, or a comparison with one.
    pub rows: Expect,
}

/// What a restore may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// From the client's start to its end.
    pub restore: Option<HumanDuration>,
    /// All restored databases together, as `pg_database_size` counts them.
    pub size: Option<ByteSize>,
}

/// One diagnostic query and what must come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    pub name: String,
    pub sql: String,
    /// The database to ask, where a dump restores several; the target's own where left out.
    #[serde(default)]
    pub database: Option<String>,
    pub expect: Expect,
    /// How long it may take.
    #[serde(default = "Query::default_timeout")]
    pub timeout: HumanDuration,
    /// The role that asks, of the profile or of the dump; the superuser where left out.
    #[serde(default, rename = "as")]
    pub as_role: Option<String>,
    #[serde(default)]
    pub severity: QuerySeverity,
}

impl Query {
    /// How long a query may take that says nothing of it.
    pub fn default_timeout() -> HumanDuration {
        HumanDuration(Duration::from_secs(60))
    }
}

/// What a query comes to that does not give what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuerySeverity {
    /// It fails the target.
    #[default]
    Error,
    /// It is reported.
    Warning,
}

/// What a query's result must be.
///
/// In YAML: `empty`, `not empty`, a comparison such as `">= 1"`, `"= 'x'"` or `"!= 0"`, a regular expression such as
/// `"~ '^1[0-9]$'"` or `"!~ 'error'"`, a list of rows (each a list of values, order does not matter; or each a plain
/// value, for one column), or any other scalar, which is the exact value of a single row and column. Values are compared
/// as PostgreSQL prints them, so `true` stands for `t`.
///
/// A comparison is numeric and exact where both sides are decimal numbers, and by the bytes of the text otherwise. A text
/// that looks like one of these forms is quoted inside: `"= 'empty'"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// No row.
    Empty,
    /// At least one row.
    NotEmpty,
    /// One row and column that compares so with the operand.
    Compare { operator: Operator, operand: String },
    /// One row and column that matches the pattern somewhere, or with `negated` nowhere.
    Matches { pattern: Pattern, negated: bool },
    /// One row and column with this text; `None` is SQL NULL.
    Exactly(Option<String>),
    /// These rows in any order, each value as text; `None` is SQL NULL.
    Rows(Vec<Vec<Option<String>>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    /// `!=` or `<>`.
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How bad a finding is. Only an error fails a target, unless the run wants warnings to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn label(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A known finding that does not fail the target until a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    pub finding: String,
    /// The objects that it is accepted for, as reports name them, with or without their kind; every object where left
    /// out.
    #[serde(default)]
    pub object: Option<Glob>,
    /// The targets that it is accepted in; every target of the profile where left out.
    #[serde(default)]
    pub target: Option<Glob>,
    pub reason: String,
    /// The last day on which it is accepted.
    #[serde(deserialize_with = "super::scalars::date")]
    pub until: jiff::civil::Date,
}
