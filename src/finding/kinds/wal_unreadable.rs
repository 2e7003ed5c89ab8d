use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-unreadable",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A WAL segment in the archive is there, and cannot be read.",
    page: include_str!("../../../docs/findings/wal-unreadable.md"),
    fix: "Give the user that restores the right to read the archive (its folders too), and test it as that user. A \
          file that cannot be decompressed is damaged: copy the segment again from the primary's or a standby's \
          pg_wal, and take a new base backup now if it is gone.",
    acceptable: Acceptable::Never,
    several: Some("segments in the archive cannot be read"),
    ..Kind::USUAL
};
