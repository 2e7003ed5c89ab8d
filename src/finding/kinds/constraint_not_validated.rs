use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "constraint-not-validated",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The database takes a constraint for not verified that the dump has as verified.",
    page: include_str!("../../../docs/findings/constraint-not-validated.md"),
    fix: "Have the server verify them; where that fails, its error names a row that breaks the constraint.",
    ..Kind::USUAL
};
