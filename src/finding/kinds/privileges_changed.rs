use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "privileges-changed",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "Privileges came back different from those that the dump grants.",
    page: include_str!("../../../docs/findings/privileges-changed.md"),
    ..Kind::USUAL
};
