use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "definition-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The definition of an object came back different from the dump's, and no error said so.",
    page: include_str!("../../../docs/findings/definition-changed.md"),
    ..Kind::USUAL
};
