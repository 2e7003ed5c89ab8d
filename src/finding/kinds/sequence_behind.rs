use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "sequence-behind",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The next value of a sequence already exists in its column.",
    page: include_str!("../../../docs/findings/sequence-behind.md"),
    several: Some("sequences are behind the values of their columns"),
    ..Kind::USUAL
};
