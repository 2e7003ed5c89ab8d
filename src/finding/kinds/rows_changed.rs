use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "rows-changed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Rows came back with other values than the dump holds, and no error said so.",
    page: include_str!("../../../docs/findings/rows-changed.md"),
    fix: "Something rewrote values on their way: a trigger or rule that was there before the rows, or a column of \
          another type. Restore into an empty database, and compare the rows named here with the source.",
    ..Kind::USUAL
};
