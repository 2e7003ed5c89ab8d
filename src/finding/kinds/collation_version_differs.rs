use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "collation-version-differs",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "A collation was recorded with other sorting rules than the system has.",
    page: include_str!("../../../docs/findings/collation-version-differs.md"),
    fix: "Build the indexes anew that sort by it, then record the version that the system has.",
    ..Kind::USUAL
};
