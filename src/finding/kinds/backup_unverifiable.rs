use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "backup-unverifiable",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "The base backup has no manifest, so its files cannot be compared with anything.",
    page: include_str!("../../../docs/findings/backup-unverifiable.md"),
    fix: "Take backups with a manifest: pg_basebackup writes one from PostgreSQL 13 on, unless --no-manifest is given, \
          and Barman does with backup_method = postgres. Turn on data checksums (`pg_checksums --enable` on the \
          stopped server, or initdb), which find damaged pages without one.",
    ..Kind::USUAL
};
