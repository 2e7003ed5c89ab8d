use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "timeline-not-reachable",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "No way leads from this base backup to the timeline that is asked for.",
    page: include_str!("../../../docs/findings/timeline-not-reachable.md"),
    fix: "Use a base backup that was taken on the timeline's own path: before its fork from the parent, or after it on \
          the timeline itself. If the timeline is not known at all, look at its number and at the archive's .history \
          files.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
