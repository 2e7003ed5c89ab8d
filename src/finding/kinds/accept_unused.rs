use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "accept-unused",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The profile accepts something that this target does not have.",
    page: include_str!("../../../docs/findings/accept-unused.md"),
    fix: "Remove it from the profile: what it stood for is gone, and the next finding of this kind would be accepted unseen.",
    acceptable: Acceptable::OfProfile,
    ..Kind::USUAL
};
