use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "left-out",
    severity: Severity::Warning,
    origin: Origin::Restore,
    summary: "The profile's own list or options leave out data that the dump holds.",
    page: include_str!("../../../docs/findings/left-out.md"),
    ..Kind::USUAL
};
