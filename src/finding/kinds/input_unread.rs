use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "input-unread",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "psql stopped reading before the end of the script.",
    page: include_str!("../../../docs/findings/input-unread.md"),
    ..Kind::USUAL
};
