use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "foreign-key-broken",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Rows refer to rows that are not there, under a foreign key that the database takes for verified.",
    page: include_str!("../../../docs/findings/foreign-key-broken.md"),
    fix: "Load the rows with their triggers on, or load the tables that are referred to as well; then look at these \
          rows and delete or mend them.",
    ..Kind::USUAL
};
