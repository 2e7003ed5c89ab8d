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
    /// The role that restores; the cluster's superuser where left out.
    #[serde(rename = "as")]
    pub as_role: Option<String>,
    /// Whose pg_restore and psql restore.
    pub client: Client,
    /// How many parallel jobs pg_restore gets.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Memory, without swap.
    pub memory: ByteSize,
    /// CPUs; fractions are allowed.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 4096))]
    pub cpus: f64,
    /// Processes and threads.
    #[schemars(range(min = 32))]
    pub pids: u32,
    /// The size of /dev/shm, which parallel queries and index builds need.
    pub shm: ByteSize,
    /// What data, log and temporary files may take.
    pub disk: ByteSize,
    /// From the start of the sandbox to the last check.
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
