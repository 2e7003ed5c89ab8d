use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "encoding-unverified",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The database stores non-ASCII text as bytes without a known encoding.",
    page: include_str!("../../../docs/findings/encoding-unverified.md"),
    fix: "Create the target database in the dump's encoding.",
    ..Kind::USUAL
};
