use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "sequence-exhausted",
    severity: Severity::Error,
    origin: Origin::Source,
    summary: "A sequence that feeds a column has no value left to hand out.",
    page: include_str!("../../../docs/findings/sequence-exhausted.md"),
    fix: "Give the sequence more room; its column may need a larger type too.",
    ..Kind::USUAL
};
