use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "not-writable",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Rows cannot be written into restored tables.",
    page: include_str!("../../../docs/findings/not-writable.md"),
    ..Kind::USUAL
};
