use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "view-broken",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A view cannot be read: the server cannot plan a query of it.",
    page: include_str!("../../../docs/findings/view-broken.md"),
    fix: "Restore what the error names, or fix the function that the view calls.",
    ..Kind::USUAL
};
