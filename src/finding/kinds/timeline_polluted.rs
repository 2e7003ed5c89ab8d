use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "timeline-polluted",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "The archive has a timeline that nobody continued: recovery to the latest state would follow it.",
    page: include_str!("../../../docs/findings/timeline-polluted.md"),
    fix: "Make sure that no server is running on that timeline, then move its .history file and its segments out of \
          the archive. Recover with the number of the right timeline until that is done, and start test restores with \
          archive_mode = off.",
    several: Some("timelines were begun and never continued"),
    ..Kind::USUAL
};
