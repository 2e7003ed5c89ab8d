use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "backup-label-missing",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The base backup has no backup_label: it is a copy of a data directory, and may be corrupt.",
    page: include_str!("../../../docs/findings/backup-label-missing.md"),
    fix: "Take a base backup with a tool for it: pg_basebackup, `barman backup`, `pgbackrest backup`, or \
          pg_backup_start and pg_backup_stop (pg_start_backup and pg_stop_backup before 15) around the copy, with \
          their backup_label stored in it. Do not remove backup_label to make a restore start.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
