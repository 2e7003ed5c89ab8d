use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "index-corrupt",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "An index does not fit its table: queries that use it can miss rows.",
    page: include_str!("../../../docs/findings/index-corrupt.md"),
    fix: "Find out whether a function in the index is other than when it was built: it must give the same for the \
          same row at any time. Then build the index anew.",
    ..Kind::USUAL
};
