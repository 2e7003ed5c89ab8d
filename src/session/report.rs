//! The result of a run as data; every output is drawn from it.

use pgdump_reader::{Dump, Scan};
use serde::{Deserialize, Serialize};

use crate::rehearsal::Rehearsal;
use crate::verdict::Verdict;

/// The report format's name and version, in every JSON report. The number grows when a reader could break.
pub const SCHEMA: &str = "pgrehearse.report/1";

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of pgrehearse that ran.
    pub pgrehearse: String,
    pub started: jiff::Timestamp,
    #[serde(with = "crate::seconds")]
    pub elapsed: std::time::Duration,
    pub dump: DumpFacts,
    /// The worst of all targets.
    pub verdict: Verdict,
    /// By name.
    pub targets: Vec<Rehearsal>,
}

/// What the report says about the dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpFacts {
    pub path: String,
    /// For people: `custom archive 1.14, gzip`, `plain SQL, zstd`.
    pub format: String,
    /// Bytes of the file, or of all files of the directory.
    pub size: u64,
    /// The server that was dumped, as the dump gives it.
    pub server_version: Option<String>,
    pub pg_dump_version: Option<String>,
    pub encoding: Option<String>,
}

impl DumpFacts {
    /// What is known of a dump that reports call `path`; of text, `scan` has read the encoding.
    pub fn of(dump: &Dump, path: String, scan: Option<&Scan>) -> Self {
        let encoding = match dump.archive() {
            Some(archive) => archive.encoding.clone(),
            None => scan.and_then(|scan| scan.facts.encoding.clone()),
        };
        Self {
            path,
            format: dump.format_label(),
            size: dump.size,
            server_version: dump.server_version().map(str::to_owned),
            pg_dump_version: dump.pg_dump_version().map(str::to_owned),
            encoding,
        }
    }
}
