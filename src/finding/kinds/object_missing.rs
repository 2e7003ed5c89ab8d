use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "object-missing",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "An object of the dump is not in the restored database, and no error said so.",
    page: include_str!("../../../docs/findings/object-missing.md"),
    ..Kind::USUAL
};
