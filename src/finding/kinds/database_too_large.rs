use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "database-too-large",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restored databases take more room than the profile's budget.",
    page: include_str!("../../../docs/findings/database-too-large.md"),
    fix: "See which tables and indexes grew, remove what is not needed at the source, or raise `checks.budget.size` \
          and give the target the room.",
    ..Kind::USUAL
};
