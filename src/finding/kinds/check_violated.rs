use super::{check_reads_rows, function_raised};
use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "check-violated",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "Rows of the dump break a check or NOT NULL constraint.",
    page: include_str!("../../../docs/findings/check-violated.md"),
    rules: &[
        // check_violation, not_null_violation.
        Rule::new(Precedence::State, &["23514", "23502"], |failed| {
            Some(Subject::Constraint(failed.constraint()).into())
        }),
    ],
    refine: Some(|refine, failure, cause| match function_raised::of_writer(refine, failure) {
        Some(cause) => cause,
        None => check_reads_rows::of_check(refine, failure, cause),
    }),
    title: Some(|case| format!("rows of the dump break {:?}", case.subject)),
    fix: "Find and fix the rows in the source, and dump again. A check that depends on the time or on other rows belongs \
          in a trigger.",
    ..Kind::USUAL
};
