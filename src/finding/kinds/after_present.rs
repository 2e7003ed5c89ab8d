use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "after-present",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "What came after the point is there all the same.",
    page: include_str!("../../../docs/findings/after-present.md"),
    fix: "Look at the point that was reached, in the report: if the accident was committed before it, choose an \
          earlier one, best by LSN or transaction (`pg_waldump` shows the commits). If the finding \
          timeline-segment-missing is there too, mend that first.",
    ..Kind::USUAL
};
