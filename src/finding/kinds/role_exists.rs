use pgdump_reader::Word;

use crate::finding::kind::Kind;
use crate::finding::rule::{FailureView, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "role-exists",
    severity: Severity::Note,
    origin: Origin::Target,
    summary: "The dump creates a role that the target already has.",
    page: include_str!("../../../docs/findings/role-exists.md"),
    rules: &[
        // object_in_use, dependent_objects_still_exist: roles that pg_dumpall --clean drops and cannot.
        Rule::new(Precedence::Statement, &["55006"], |failed| {
            (failed.begins("DROP ") && failed.message.ends_with(" user cannot be dropped")).then(|| dropped(failed))
        }),
        Rule::new(Precedence::Statement, &["2BP01"], |failed| {
            let is_bootstrap = failed.message.ends_with("it is required by the database system");
            (failed.begins("DROP ") && is_bootstrap).then(|| dropped(failed))
        }),
        // duplicate_object: a role of pg_dumpall that every cluster has.
        Rule::new(Precedence::Statement, &["42710"], |failed| {
            failed.begins("CREATE ROLE").then(|| Subject::Role(failed.quoted()).into())
        }),
    ],
    leaves_all: true,
    title: Some(|case| format!("role {:?} exists already", case.subject)),
    fix: "Nothing to do: pg_dumpall creates every role of the source; this one already existed.",
    ..Kind::USUAL
};

/// The role of `DROP ROLE IF EXISTS "x";`.
fn dropped(failed: &FailureView<'_>) -> Known {
    Subject::Role(match failed.words().as_slice() {
        [.., Word::Name(role)] => role.clone(),
        _ => String::new(),
    })
    .into()
}
