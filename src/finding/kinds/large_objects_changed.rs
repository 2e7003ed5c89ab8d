use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "large-objects-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Large objects came back different from the dump, and no error said so.",
    page: include_str!("../../../docs/findings/large-objects-changed.md"),
    fix: "Restore with the large objects (`-b` where parts are selected) into an empty database.",
    ..Kind::USUAL
};
