use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "unlogged-tables-empty",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "Unlogged tables came back empty: a base backup never holds their rows.",
    page: include_str!("../../../docs/findings/unlogged-tables-empty.md"),
    fix: "Write down how each is filled again after a recovery, or turn those whose rows matter into ordinary tables: \
          `ALTER TABLE … SET LOGGED` (it rewrites the table, and locks it meanwhile). A logical dump holds their rows.",
    ..Kind::USUAL
};
