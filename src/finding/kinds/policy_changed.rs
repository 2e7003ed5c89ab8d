use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "policy-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A row level security policy differs from the dump, or is not in the dump.",
    page: include_str!("../../../docs/findings/policy-changed.md"),
    ..Kind::USUAL
};
