use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "foreign-key-broken",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Rows reference rows that do not exist, although the foreign key counts as valid.",
    page: include_str!("../../../docs/findings/foreign-key-broken.md"),
    fix: "Load the rows with triggers enabled, and load the referenced tables too. Then delete or fix these rows.",
    ..Kind::USUAL
};
