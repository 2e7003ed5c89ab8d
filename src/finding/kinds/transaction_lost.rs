use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "transaction-lost",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "A minor error inside a transaction rolled back everything that the transaction did.",
    page: include_str!("../../../docs/findings/transaction-lost.md"),
    ..Kind::USUAL
};
