use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-missing",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A WAL segment on the way to the point is not in the archive: recovery ends before it.",
    page: include_str!("../../../docs/findings/wal-missing.md"),
    fix: "Copy the segment into the archive before it is recycled: from the primary's or a standby's pg_wal, or from \
          the folder of pg_receivewal. If it is nowhere, take a new base backup now (pg_basebackup, `barman backup`, \
          `pgbackrest backup`): from this one, no later state can be recovered. Then find out why archive_command lost \
          it: pg_stat_archiver, and an archive_command that returns 0 only once the file is safely stored.",
    acceptable: Acceptable::Never,
    several: Some("segments are missing from the WAL archive"),
    ..Kind::USUAL
};
