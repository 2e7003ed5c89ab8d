use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "unique-broken",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Rows share a key that a unique index or an exclusion constraint should keep apart.",
    page: include_str!("../../../docs/findings/unique-broken.md"),
    fix: "Find the rows that share the key, keep one of them, and rebuild the index: that fails as long as there are others.",
    ..Kind::USUAL
};
