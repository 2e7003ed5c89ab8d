use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "wal-only-partial",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "The newest WAL exists only as a .partial file, which no recovery asks for.",
    page: include_str!("../../../docs/findings/wal-only-partial.md"),
    fix: "In an emergency, copy the .partial file under the segment's own name, without the suffix, and recover again. \
          If the finding's loss is more than you can bear, say so in the procedure that is used in an emergency, or \
          let the tool do it (Barman's get-wal has --partial).",
    several: Some("segments exist only as .partial"),
    ..Kind::USUAL
};
