use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "collation-version-differs",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The sorting rules of a collation have changed since its version was recorded.",
    page: include_str!("../../../docs/findings/collation-version-differs.md"),
    fix: "Rebuild the indexes that use it, then record the system's version.",
    ..Kind::USUAL
};
