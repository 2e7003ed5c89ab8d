use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "backup-incomplete",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The base backup is not complete: its tool has not finished it, or files of its manifest are missing.",
    page: include_str!("../../../docs/findings/backup-incomplete.md"),
    fix: "Take a new base backup now, and look at its status rather than at the exit code: `barman show-backup`, \
          `pgbackrest info`. If only its WAL has not arrived (Barman's WAITING_FOR_WALS), let the primary finish the \
          segment with `SELECT pg_switch_wal()` and look again.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
