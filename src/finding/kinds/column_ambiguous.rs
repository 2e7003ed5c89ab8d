use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "column-ambiguous",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A query of the dump names a column that is ambiguous in the target.",
    page: include_str!("../../../docs/findings/column-ambiguous.md"),
    rules: &[
        // ambiguous_column.
        Rule::new(Precedence::State, &["42702"], |failed| Some(Subject::Column(failed.quoted()).into())),
    ],
    title: Some(|case| format!("column {:?} is ambiguous in this target", case.subject)),
    fix: "Qualify the column with its table in the source's definition, or drop what uses it: in a newer version, one \
          more table has a column of that name.",
    ..Kind::USUAL
};
