//! The result of a run as data; every output is drawn from it.

use pgdump_reader::{Dump, Scan};
use serde::{Deserialize, Serialize};

use crate::rehearsal::Rehearsal;
use crate::source::Source;
use crate::verdict::Verdict;

/// The report format's name and version, in every JSON report. The number grows when a reader could break.
pub const SCHEMA: &str = "pgrehearse.report/2";

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
    /// What was rehearsed, in the order in which it was given.
    pub sources: Vec<SourceFacts>,
    /// The worst of all rehearsals.
    pub verdict: Verdict,
    /// The rehearsals of each source in each of its targets: in the order of the sources, then by name.
    pub targets: Vec<Rehearsal>,
}

impl Report {
    /// Each source with its rehearsals.
    pub fn by_source(&self) -> impl Iterator<Item = (&SourceFacts, &[Rehearsal])> {
        let parts: Vec<&[Rehearsal]> = self.targets.chunk_by(|one, next| one.source == next.source).collect();
        self.sources.iter().map(move |source| {
            let part = parts.iter().find(|part| part.first().is_some_and(|first| first.source == source.path));
            (source, part.copied().unwrap_or_default())
        })
    }
}

/// What can be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Dump,
    /// A base backup with its WAL.
    Backup,
}

/// What the report says about a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    pub kind: SourceKind,
    /// Unique in the report.
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

impl SourceFacts {
    /// What is known of a source.
    pub fn of(source: &Source) -> Self {
        match source {
            Source::Dump(dump) => Self::of_dump(&dump.dump, source.name().to_owned(), dump.scanned().as_deref()),
            Source::Backup(backup) => Self {
                kind: SourceKind::Backup,
                path: source.name().to_owned(),
                format: backup.format(),
                size: source.size(),
                server_version: backup.major().map(|major| major.to_string()),
                pg_dump_version: None,
                encoding: None,
            },
        }
    }

    /// What is known of a dump that reports call `path`; of text, `scan` has read the encoding.
    fn of_dump(dump: &Dump, path: String, scan: Option<&Scan>) -> Self {
        let encoding = match dump.archive() {
            Some(archive) => archive.encoding.clone(),
            None => scan.and_then(|scan| scan.facts.encoding.clone()),
        };
        Self {
            kind: SourceKind::Dump,
            path,
            format: dump.format_label(),
            size: dump.size,
            server_version: dump.server_version().map(str::to_owned),
            pg_dump_version: dump.pg_dump_version().map(str::to_owned),
            encoding,
        }
    }
}
