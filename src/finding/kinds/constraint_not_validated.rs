use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "constraint-not-validated",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A constraint that is valid in the dump is not valid in the restored database.",
    page: include_str!("../../../docs/findings/constraint-not-validated.md"),
    fix: "Validate them. If that fails, the error names a row that violates the constraint.",
    ..Kind::USUAL
};
