use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "wal-ambiguous",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "A WAL segment is in the archive twice, with different content.",
    page: include_str!("../../../docs/findings/wal-ambiguous.md"),
    fix: "Find out which of the two is right (`pg_waldump` reads it to its end, and the next segment continues it), \
          move the other one away, and let archive_command refuse a name that exists with other content.",
    several: Some("segments are in the archive twice with different content"),
    ..Kind::USUAL
};
