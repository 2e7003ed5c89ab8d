use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "function-broken",
    severity: Severity::Warning,
    origin: Origin::Restore,
    summary: "The body of a function names something that does not exist.",
    page: include_str!("../../../docs/findings/function-broken.md"),
    fix: "Restore what the error names, or drop the function. See whether it is broken in the source too.",
    ..Kind::USUAL
};
