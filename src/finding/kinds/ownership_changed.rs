use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "ownership-changed",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "Objects came back with a different owner than in the dump.",
    page: include_str!("../../../docs/findings/ownership-changed.md"),
    fix: "Restore with owners, or assign them afterwards.",
    ..Kind::USUAL
};
