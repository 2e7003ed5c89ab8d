use super::feature_missing;
use crate::finding::kind::{Kind, SubjectIs};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "unclassified-error",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A statement failed for a reason that no other finding names.",
    page: include_str!("../../../docs/findings/unclassified-error.md"),
    rules: &[Rule::new(Precedence::Unknown, &[], |failed| {
        Some(Subject::Words(format!("{} {}", failed.state, failed.shape())).into())
    })],
    refine: Some(|refine, failure, cause| feature_missing::of_version(refine, failure).unwrap_or(cause)),
    acceptable: Acceptable::ByName,
    subject: SubjectIs::Form,
    may_follow: true,
    fix: "No finding names this failure yet. The statement and the server's words are above; look the SQLSTATE up in \
          PostgreSQL's manual, appendix A.",
    ..Kind::USUAL
};
