use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "trigger-state-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A trigger or a rule is enabled or disabled differently than in the dump.",
    page: include_str!("../../../docs/findings/trigger-state-changed.md"),
    ..Kind::USUAL
};
