use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "backup-changed",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "Files of the base backup are not those that its manifest lists.",
    page: include_str!("../../../docs/findings/backup-changed.md"),
    fix: "Use another copy of this backup, or take a new base backup now, and check the storage. Never start a server \
          in the backup itself: restore a copy. If only files that the manifest does not know are there, remove those \
          that somebody has put there.",
    acceptable: Acceptable::Never,
    several: Some("files differ from the backup's manifest"),
    ..Kind::USUAL
};
