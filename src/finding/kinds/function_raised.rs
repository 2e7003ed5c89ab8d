use crate::cluster::sql::identifier;
use crate::finding::database_facts::bare_routine;
use crate::finding::kind::{Cause, Kind};
use crate::finding::mask::Voice;
use crate::finding::refine::Refine;
use crate::finding::rule::{FailureView, Known, Precedence, Rule};
use crate::finding::{Failure, Name, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "function-raised",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "A function of the dump raised an error when the restore ran it.",
    page: include_str!("../../../docs/findings/function-raised.md"),
    rules: &[
        Rule::new(Precedence::Raised, &[], |failed| (failed.failure.voice == Voice::Raised).then(|| function(failed))),
        // raise_exception, and what a body can do wrong: a function of the dump refused.
        Rule::new(Precedence::State, &["P0001", "P0002", "P0003", "P0004"], |failed| Some(function(failed))),
    ],
    refine: Some(|refine, _, cause| match cause.subject {
        Subject::Function(function) => Cause { subject: Subject::Function(with_schema(refine, function)), ..cause },
        _ => cause,
    }),
    title: Some(|case| match &*case.subject {
        "" => "a function that the restore runs raised an error".to_owned(),
        function => format!("function {function}, run by the restore, raised an error"),
    }),
    fix: "Make the function independent of what only the application provides (settings, rows of other tables), or run \
          the step that calls it after the restore. Its message can hold values: --show-data shows it.",
    ..Kind::USUAL
};

fn function(failed: &FailureView<'_>) -> Known {
    Subject::Function(failed.failure.running()).into()
}

/// What a function wrote while rows of the dump came in is the function's: a trigger's, as a rule.
pub(super) fn of_writer(refine: &Refine<'_>, failure: &Failure) -> Option<Cause> {
    let context = failure.context.as_deref().filter(|_| failure.writes_within())?;
    let shown = Failure { context: refine.situation.mask.context(context), ..Failure::default() };
    Some(Name::FunctionRaised.cause(Subject::Function(with_schema(refine, shown.running()))))
}

/// A function as the server names it, `f(integer)`, with its schema where only one of that name is known.
fn with_schema(refine: &Refine<'_>, function: String) -> String {
    let situation = refine.situation;
    let schema = bare_routine(&function).and_then(|name| situation.databases.schema_of_routine.get(&name));
    match schema.filter(|schema| situation.mask.knows(schema)) {
        // As the server writes it, which quotes what needs it (quote_identifier in ruleutils.c).
        Some(schema) if schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') => {
            format!("{schema}.{function}")
        }
        Some(schema) => format!("{}.{function}", identifier(schema)),
        None => function,
    }
}
