use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "rows-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Rows came back with different values than the dump holds, and no error said so.",
    page: include_str!("../../../docs/findings/rows-changed.md"),
    fix: "Something changed values while they were loaded: a trigger or rule that existed before the rows, or a column \
          of another type. Restore into an empty database, and compare the rows named here with the source.",
    ..Kind::USUAL
};
