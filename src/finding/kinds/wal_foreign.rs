use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-foreign",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A WAL segment in the archive belongs to another cluster or to another major version.",
    page: include_str!("../../../docs/findings/wal-foreign.md"),
    fix: "Give each cluster and each major version an archive of its own. Move the foreign segments out of this one; \
          if they have overwritten the right ones, copy those from the primary's or a standby's pg_wal, or take a new \
          base backup now.",
    acceptable: Acceptable::Never,
    several: Some("segments in the archive are of another cluster"),
    ..Kind::USUAL
};
