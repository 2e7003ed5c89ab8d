use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "timeline-segment-missing",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The segment in which a timeline begins is missing: recovery would follow the abandoned branch.",
    page: include_str!("../../../docs/findings/timeline-segment-missing.md"),
    fix: "Copy the segment that the finding names, with the number of the new timeline in its name, from pg_wal of the \
          promoted server or of a standby that follows it. If it is gone, take a new base backup on the current \
          timeline now, and do not recover to the latest state from the older ones.",
    acceptable: Acceptable::Never,
    several: Some("timelines lack the segment in which they begin"),
    ..Kind::USUAL
};
