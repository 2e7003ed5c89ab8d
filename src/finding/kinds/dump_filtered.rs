use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "dump-filtered",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The dump was made under row level security: rows that its role may not see are not in it.",
    page: include_str!("../../../docs/findings/dump-filtered.md"),
    ..Kind::USUAL
};
