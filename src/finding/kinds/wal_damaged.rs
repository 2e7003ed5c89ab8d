use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-damaged",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A WAL segment in the archive is damaged inside: recovery ends at the first record that is not whole.",
    page: include_str!("../../../docs/findings/wal-damaged.md"),
    fix: "Copy the segment again from the primary's or a standby's pg_wal or from another copy of the archive, and \
          compare its checksum. If no whole copy exists, take a new base backup now. Check the storage: the file had \
          the right size and lost its content.",
    acceptable: Acceptable::Never,
    several: Some("segments in the archive are damaged"),
    ..Kind::USUAL
};
