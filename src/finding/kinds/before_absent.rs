use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "before-absent",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "What should have been there at the point is not there.",
    page: include_str!("../../../docs/findings/before-absent.md"),
    fix: "Look at the point that was reached, in the report, and at the other findings first. If it is the right one, \
          what the query expects was committed later than you thought, or never: run the query on the source, and move \
          the point or change `expect`.",
    ..Kind::USUAL
};
