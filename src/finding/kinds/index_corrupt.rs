use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "index-corrupt",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "An index does not match its table: queries that use it can miss rows.",
    page: include_str!("../../../docs/findings/index-corrupt.md"),
    fix: "Find out whether a function in the index has changed since the index was built: it must always return the same \
          for the same row. Then rebuild the index.",
    ..Kind::USUAL
};
