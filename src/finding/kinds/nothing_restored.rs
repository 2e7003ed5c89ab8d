use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "nothing-restored",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The restored database holds no user table, or only empty ones.",
    page: include_str!("../../../docs/findings/nothing-restored.md"),
    ..Kind::USUAL
};
