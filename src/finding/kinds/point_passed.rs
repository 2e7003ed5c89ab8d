use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "point-passed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The recovered state is later than the point.",
    page: include_str!("../../../docs/findings/point-passed.md"),
    fix: "Do not use this state. Run again with a report, and compare the settings of the recovery with the point: \
          recovery_target_inclusive, the time zone of the point, a target left behind in postgresql.auto.conf. If they \
          are right, report it to pgrehearse as a bug.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
