use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "transaction-open",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The script ends inside a transaction, so what it did there is rolled back.",
    page: include_str!("../../../docs/findings/transaction-open.md"),
    fix: "End the script with COMMIT. Where it was cut off, dump again.",
    ..Kind::USUAL
};
