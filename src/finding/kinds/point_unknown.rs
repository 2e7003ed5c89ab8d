use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "point-unknown",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The WAL has no restore point or transaction of that name or number.",
    page: include_str!("../../../docs/findings/point-unknown.md"),
    fix: "Take one of the restore points that the finding lists, or a time or an LSN. A restore point is written by \
          `SELECT pg_create_restore_point('NAME')` on the primary: check its spelling there, and that the segment with \
          it has been archived.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
