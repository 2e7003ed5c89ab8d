use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "role-changed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A role or a database has different attributes, memberships or settings than in the dump.",
    page: include_str!("../../../docs/findings/role-changed.md"),
    ..Kind::USUAL
};
