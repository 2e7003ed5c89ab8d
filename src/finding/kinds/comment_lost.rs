use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "comment-lost",
    severity: Severity::Warning,
    origin: Origin::Restore,
    summary: "A comment of the dump did not come back, and no error said so.",
    page: include_str!("../../../docs/findings/comment-lost.md"),
    ..Kind::USUAL
};
