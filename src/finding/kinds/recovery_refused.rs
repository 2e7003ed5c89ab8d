use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "recovery-refused",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The server ended the recovery with an error that no other finding explains.",
    page: include_str!("../../../docs/findings/recovery-refused.md"),
    fix: "Read the server's words, which the finding has, and the lines of the log before them. Run the same recovery \
          with the base backup before this one: if that works, take a new base backup now; if not, look at the archive \
          and at the version of the server (the latest minor release of the base's major).",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
