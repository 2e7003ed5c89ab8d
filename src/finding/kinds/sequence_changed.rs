use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "sequence-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A sequence is not where the dump puts it.",
    page: include_str!("../../../docs/findings/sequence-changed.md"),
    ..Kind::USUAL
};
