use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "policy-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A row level security policy came back otherwise than the dump has it, or is one too many.",
    page: include_str!("../../../docs/findings/policy-changed.md"),
    ..Kind::USUAL
};
