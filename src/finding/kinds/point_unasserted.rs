use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "point-unasserted",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The profile asks nothing of the point: it is known where recovery stopped, not what is there.",
    page: include_str!("../../../docs/findings/point-unasserted.md"),
    fix: "Write one query for `recovery.before` (something that must be there at the point) and one for \
          `recovery.after` (something that came later) into the profile. `pgrehearse init` writes an example.",
    acceptable: Acceptable::OfProfile,
    ..Kind::USUAL
};
