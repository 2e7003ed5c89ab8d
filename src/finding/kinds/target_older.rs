use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "target-older",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The target's PostgreSQL is older than the one that was dumped.",
    page: include_str!("../../../docs/findings/target-older.md"),
    fix: "pg_dump promises to load into its own version and newer ones. It can work: only a rehearsal shows it.",
    ..Kind::USUAL
};
