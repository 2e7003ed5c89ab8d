use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-misnamed",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "A WAL segment in the archive bears the name of another one: its pages are of another place in the WAL.",
    page: include_str!("../../../docs/findings/wal-misnamed.md"),
    fix: "Find out where the right segment is (the primary's or a standby's pg_wal, another copy of the archive) and \
          replace this file by it. If there is none, take a new base backup now, and check archive_command: it must \
          store %p under the name %f.",
    acceptable: Acceptable::Never,
    several: Some("segments in the archive bear the name of another segment"),
    ..Kind::USUAL
};
