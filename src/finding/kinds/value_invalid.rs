use crate::finding::kind::{Kind, SubjectIs};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "value-invalid",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "Rows of the dump hold values that the target's types do not accept.",
    page: include_str!("../../../docs/findings/value-invalid.md"),
    rules: &[
        // Text that is no number, no date, too long; a number out of range. 22021 and 22P05 are of encodings.
        Rule::new(
            Precedence::State,
            &["22P02", "22003", "22007", "22008", "22001", "22P03", "22004", "22P04"],
            |failed| Some(Subject::Words(format!("{} {}", failed.state, failed.shape())).into()),
        ),
    ],
    subject: SubjectIs::Form,
    fix: "Fix the values in the source, or give the target's column the source's type; --show-data shows the value in \
          the server's message.",
    ..Kind::USUAL
};
