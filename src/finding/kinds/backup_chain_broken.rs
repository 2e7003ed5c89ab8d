use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "backup-chain-broken",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "An incremental backup does not continue the one before it: its parent is missing or another one.",
    page: include_str!("../../../docs/findings/backup-chain-broken.md"),
    fix: "Put the parent back that the incremental was made from (its backup_label has its LSN and timeline). If it is \
          gone, every incremental that builds on it is lost: take a new full backup now, and let retention remove a \
          full backup only together with all of its incrementals.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
