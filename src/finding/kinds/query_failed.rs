use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "query-failed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A query of the profile did not return what the profile expects.",
    page: include_str!("../../../docs/findings/query-failed.md"),
    ..Kind::USUAL
};
