use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "database-too-large",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restored databases are larger than the profile's budget allows.",
    page: include_str!("../../../docs/findings/database-too-large.md"),
    fix: "See which tables and indexes grew. Remove what the source does not need, or raise `checks.budget.size` and \
          give the target the space.",
    ..Kind::USUAL
};
