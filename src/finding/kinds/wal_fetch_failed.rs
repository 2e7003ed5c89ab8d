use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "wal-fetch-failed",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The command that fetches WAL failed for another reason than that a file is not there.",
    page: include_str!("../../../docs/findings/wal-fetch-failed.md"),
    fix: "Run the command by hand for the segment that the finding names and mend what it says: address, credentials, \
          network, configuration. Then make it tell the two apart in the real restore_command too: an exit code above \
          125 for trouble, so that PostgreSQL stops instead of taking it for the end of the WAL.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
