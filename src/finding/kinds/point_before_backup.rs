use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "point-before-backup",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The point lies before the end of the base backup: recovery would give a later state than asked for.",
    page: include_str!("../../../docs/findings/point-before-backup.md"),
    fix: "Recover from an older base backup that ended before the point (the finding names it if there is one), or ask \
          for a point from this one's end on. If no older one is kept, that point is lost: keep base backups for as \
          long as points are promised.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
