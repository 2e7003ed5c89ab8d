use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "index-invalid",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "An index is not valid, so the server does not use it.",
    page: include_str!("../../../docs/findings/index-invalid.md"),
    ..Kind::USUAL
};
