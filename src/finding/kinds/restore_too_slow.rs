use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "restore-too-slow",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The restore took longer than the profile's budget allows.",
    page: include_str!("../../../docs/findings/restore-too-slow.md"),
    ..Kind::USUAL
};
