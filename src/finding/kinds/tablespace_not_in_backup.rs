use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "tablespace-not-in-backup",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A tablespace that the cluster has is missing in the base backup, or is empty there.",
    page: include_str!("../../../docs/findings/tablespace-not-in-backup.md"),
    fix: "Take a base backup that includes the tablespaces, now: pg_basebackup does by itself (-Ft, or -Fp with \
          --tablespace-mapping), a copy by hand must follow pg_tblspc/*. Everything in that tablespace is lost from \
          this backup.",
    several: Some("tablespaces are not in the backup"),
    ..Kind::USUAL
};
