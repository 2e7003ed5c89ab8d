use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "rows-missing",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The dump holds rows that did not come back, and no error said so.",
    page: include_str!("../../../docs/findings/rows-missing.md"),
    fix: "The client reported no error. Look for a \\q, or for a COMMIT that is missing in an edited script, and dump again.",
    ..Kind::USUAL
};
