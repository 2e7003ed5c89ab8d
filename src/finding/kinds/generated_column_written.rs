use crate::finding::kind::Kind;
use crate::finding::rule::{FailureView, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "generated-column-written",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The dump writes values into a column that the server generates itself.",
    page: include_str!("../../../docs/findings/generated-column-written.md"),
    rules: &[
        // generated_always.
        Rule::new(Precedence::State, &["428C9"], |failed| Some(column(failed))),
        // invalid_column_reference: `column "x" is a generated column`.
        Rule::new(Precedence::Message, &["42P10"], |failed| {
            failed.message.ends_with(" is a generated column").then(|| column(failed))
        }),
    ],
    title: Some(|case| format!("the dump writes into column {:?}, which the server generates", case.subject)),
    fix: "Leave the column out of the column list, or dump with pg_dump, which does so. For an identity column, INSERT \
          with OVERRIDING SYSTEM VALUE.",
    commands: Some(|_| vec!["INSERT INTO … (…) OVERRIDING SYSTEM VALUE VALUES (…);".into()]),
    ..Kind::USUAL
};

fn column(failed: &FailureView<'_>) -> Known {
    Subject::Column(failed.quoted()).into()
}
