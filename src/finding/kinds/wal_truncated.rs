use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-truncated",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A WAL segment in the archive does not have the size of a segment.",
    page: include_str!("../../../docs/findings/wal-truncated.md"),
    fix: "Copy the segment again from the primary's or a standby's pg_wal, or from another copy of the archive; if it \
          is gone, take a new base backup now. Let archive_command write to a temporary name, sync and rename, so that \
          a half-written file never gets a segment's name.",
    acceptable: Acceptable::Never,
    several: Some("segments in the archive have the wrong size"),
    ..Kind::USUAL
};
