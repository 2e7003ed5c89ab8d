use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "rls-bypassed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A table's new owner bypasses its row level security policies.",
    page: include_str!("../../../docs/findings/rls-bypassed.md"),
    ..Kind::USUAL
};
