use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "security-definer-owner-changed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A function that runs with its owner's rights has a different owner than in the dump.",
    page: include_str!("../../../docs/findings/security-definer-owner-changed.md"),
    ..Kind::USUAL
};
