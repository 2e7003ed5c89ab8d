use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "object-extra",
    severity: Severity::Warning,
    origin: Origin::Restore,
    summary: "The restored database has an object that the dump does not have.",
    page: include_str!("../../../docs/findings/object-extra.md"),
    ..Kind::USUAL
};
