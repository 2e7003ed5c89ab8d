use crate::finding::kind::{Cause, Kind, SubjectIs};
use crate::finding::refine::Refine;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Failure, Name, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "created-later",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "A statement needs something that the dump creates only later.",
    page: include_str!("../../../docs/findings/created-later.md"),
    rules: &[
        // grouping_error: a view may name columns that its GROUP BY does not have where that has a primary key.
        Rule::new(Precedence::Message, &["42803"], |failed| {
            let says = failed.message.contains("must appear in the GROUP BY clause");
            (failed.begins("CREATE ") && says)
                .then(|| Subject::Words("the primary key that a view groups by".into()).into())
        }),
    ],
    subject: SubjectIs::OwnWords,
    may_follow: true,
    title: Some(|case| format!("{} is created only later in the dump", case.subject)),
    fix: "Dump again with pg_dump, which writes everything after what it needs; or move the statement after what it names.",
    ..Kind::USUAL
};

/// What the dump creates and what is not there when it is needed comes later. (What failed before is explained by that.)
pub(super) fn of_order(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    let routine = ["function ", "procedure ", "aggregate "];
    let routine = routine.iter().find_map(|kind| failure.message.strip_prefix(kind)?.split('(').next());
    let name = match routine {
        Some(name) => name,
        None if ["42P01", "42704"].iter().any(|state| failure.is(state)) => failure.quoted().unwrap_or_default(),
        None => return cause,
    };
    if refine.makes(name) { Name::CreatedLater.cause(cause.subject) } else { cause }
}
