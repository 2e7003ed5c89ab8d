use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "check-crashed",
    severity: Severity::Warning,
    origin: Origin::Tool,
    summary: "The server's process ended when a check looked at an object.",
    page: include_str!("../../../docs/findings/check-crashed.md"),
    fix: "Look at it by hand in a database that may go down: a bug of an extension, or code that ends sessions, does \
          so wherever it runs.",
    ..Kind::USUAL
};
