//! Who restores, how, and what a sandbox may use.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{ByteSize, HumanDuration};
use crate::postgres::Major;

/// Who restores, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Restore {
    /// The role that restores; it needs LOGIN. Default: the superuser.
    #[serde(rename = "as")]
    pub as_role: Option<String>,
    /// The version of pg_restore and psql: `target` for the target's own, or another major version.
    pub client: Client,
    /// The number of pg_restore's parallel jobs, or `auto`: one for each CPU, or one where parallel jobs could change the result.
    pub jobs: Jobs,
    /// Options for pg_restore or psql, one argument in each item: `[--no-owner, --no-acl]`. Reports name them.
    #[schemars(schema_with = "crate::profile::schema::options")]
    pub options: Vec<String>,
    /// A list of the entries to restore, as `pg_restore -l` writes it; its path relative to the profile's folder.
    pub list: Option<String>,
    /// What that file holds, read with the profile.
    #[serde(skip)]
    pub list_text: Option<Vec<u8>>,
}

/// The version of pg_restore and psql: `target`, or a major version.
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

/// The limits of a sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Memory, without swap.
    pub memory: ByteSize,
    /// The number of CPUs; fractions are allowed.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 4096))]
    pub cpus: f64,
    /// The number of processes and threads.
    #[schemars(range(min = 32))]
    pub pids: u32,
    /// The size of /dev/shm, which parallel queries and index builds need.
    pub shm: ByteSize,
    /// The disk space of data, log and temporary files.
    pub disk: ByteSize,
    /// The time from the start of the sandbox to the end of the last check.
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
