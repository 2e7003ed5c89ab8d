use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "policy-lost",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A row level security policy of the dump did not come back.",
    page: include_str!("../../../docs/findings/policy-lost.md"),
    ..Kind::USUAL
};
