use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "privileges-wider",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "Somebody may do more in the restored database than in the dump.",
    page: include_str!("../../../docs/findings/privileges-wider.md"),
    ..Kind::USUAL
};
