use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "check-crashed",
    severity: Severity::Warning,
    origin: Origin::Tool,
    summary: "The server process ended while a check looked at an object.",
    page: include_str!("../../../docs/findings/check-crashed.md"),
    fix: "Look at the object by hand, in a database that may go down: a bug in an extension, or code that ends sessions, \
          does the same wherever it runs.",
    ..Kind::USUAL
};
