use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "function-broken",
    severity: Severity::Warning,
    origin: Origin::Restore,
    summary: "The body of a function names what is not there.",
    page: include_str!("../../../docs/findings/function-broken.md"),
    fix: "Bring back what the error names, or drop the function; see whether the source has it in the same state.",
    ..Kind::USUAL
};
