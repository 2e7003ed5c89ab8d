use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "backup-wal-missing",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "WAL between the base backup's start and its end is missing: nothing can be recovered from it.",
    page: include_str!("../../../docs/findings/backup-wal-missing.md"),
    fix: "Copy the missing segments from the primary's or a standby's pg_wal before they are recycled, and archive \
          them. If they are gone, this base backup is lost: take a new one now, with `pg_basebackup -X stream` or with \
          the tool's own wait for the archive, and keep an older one that is whole until then.",
    acceptable: Acceptable::Never,
    several: Some("segments are missing between the base backup's start and its end"),
    ..Kind::USUAL
};
