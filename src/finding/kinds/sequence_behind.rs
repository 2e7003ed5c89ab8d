use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "sequence-behind",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A sequence would hand out a value that its column already holds.",
    page: include_str!("../../../docs/findings/sequence-behind.md"),
    ..Kind::USUAL
};
