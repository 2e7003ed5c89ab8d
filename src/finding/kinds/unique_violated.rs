use super::rows_collide;
use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "unique-violated",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "Rows of the dump share a key that has to be unique.",
    page: include_str!("../../../docs/findings/unique-violated.md"),
    rules: &[
        // unique_violation, exclusion_violation: `could not create unique index "x"`.
        Rule::new(Precedence::State, &["23505", "23P01"], |failed| Some(Subject::Constraint(failed.quoted()).into())),
    ],
    refine: Some(rows_collide::of_other_rows),
    title: Some(|case| format!("rows of the dump share a key of {:?}", case.subject)),
    fix: "The index in the source is damaged: find and fix the rows there without using it, REINDEX, and dump again.",
    ..Kind::USUAL
};
