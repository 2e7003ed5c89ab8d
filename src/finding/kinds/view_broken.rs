use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "view-broken",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A view cannot be read: no plan can be made for it.",
    page: include_str!("../../../docs/findings/view-broken.md"),
    fix: "Bring back what the error names, or mend the function that the view calls.",
    ..Kind::USUAL
};
