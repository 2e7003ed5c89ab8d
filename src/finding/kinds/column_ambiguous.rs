use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "column-ambiguous",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A query of the dump names a column that the target has twice.",
    page: include_str!("../../../docs/findings/column-ambiguous.md"),
    rules: &[
        // ambiguous_column.
        Rule::new(Precedence::State, &["42702"], |failed| Some(Subject::Column(failed.quoted()).into())),
    ],
    title: Some(|case| format!("column {:?} is ambiguous in this target", case.subject)),
    fix: "Name the table before the column in the source's definition, or drop what uses it: a newer version has a \
          column of that name in one more table.",
    ..Kind::USUAL
};
