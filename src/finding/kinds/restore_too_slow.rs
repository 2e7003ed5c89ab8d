use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "restore-too-slow",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The restore took more time than the profile's budget.",
    page: include_str!("../../../docs/findings/restore-too-slow.md"),
    ..Kind::USUAL
};
