use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "timeline-history-missing",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The archive has segments of a timeline without its history file: recovery stays on the older one.",
    page: include_str!("../../../docs/findings/timeline-history-missing.md"),
    fix: "Copy the .history file that the finding names from pg_wal of the server that was promoted, or of a standby \
          that follows it, into the archive. If it is nowhere, take a new base backup on the current timeline now.",
    acceptable: Acceptable::Never,
    several: Some("timelines have segments and no history file"),
    ..Kind::USUAL
};
