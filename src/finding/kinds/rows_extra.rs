use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "rows-extra",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A table has rows that the dump does not hold.",
    page: include_str!("../../../docs/findings/rows-extra.md"),
    ..Kind::USUAL
};
