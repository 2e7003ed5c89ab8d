use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "recovery-too-slow",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The recovery took longer than the profile's max_duration allows.",
    page: include_str!("../../../docs/findings/recovery-too-slow.md"),
    fix: "Take base backups more often, so that less WAL has to be replayed; take incremental ones if the copy is what \
          costs. Look at which part is long, in the report: laying out, replay, or promotion. If the budget is out of \
          date, raise max_duration, and tell those who rely on it.",
    ..Kind::USUAL
};
