use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "archive-would-be-written",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "The backup's own configuration archives: recovered by hand, it would write into production's archive.",
    page: include_str!("../../../docs/findings/archive-would-be-written.md"),
    fix: "Start every test restore with archive_mode = off (pgBackRest: `restore --archive-mode=off`; Barman sets \
          archive_command = false), on a machine that cannot write to the archive. Make archive_command fail for every \
          host but the primary.",
    ..Kind::USUAL
};
