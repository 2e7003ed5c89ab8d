use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "target-older",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The target's PostgreSQL is older than the source's.",
    page: include_str!("../../../docs/findings/target-older.md"),
    fix: "pg_dump's output is made for its own version and newer ones. It may load all the same: only a rehearsal shows it.",
    ..Kind::USUAL
};
