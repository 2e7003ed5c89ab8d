use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "transaction-lost",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "An error that matters little by itself stands inside a transaction, and took back all that this did.",
    page: include_str!("../../../docs/findings/transaction-lost.md"),
    ..Kind::USUAL
};
