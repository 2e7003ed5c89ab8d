use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "pgtap-failed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Tests in pgTAP that the profile names did not all pass.",
    page: include_str!("../../../docs/findings/pgtap-failed.md"),
    fix: "Look at the findings above first: what did not come back fails tests too. Otherwise run the file against \
          the source, with pg_prove.",
    ..Kind::USUAL
};
