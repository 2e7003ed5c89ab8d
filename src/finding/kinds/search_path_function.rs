use pgdump_reader::{Declared, tag};

use crate::finding::failure::FUNCTION;
use crate::finding::kind::{Advice, Case, Kind};
use crate::finding::qualified::name_at;
use crate::finding::rule::{MISSING, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "search-path-function",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "A function that the restore runs names something without its schema.",
    page: include_str!("../../../docs/findings/search-path-function.md"),
    rules: &[
        // A body runs, and finds no name that stands there without its schema: the restoring session has an empty search_path.
        Rule::new(Precedence::State, &MISSING, |failed| {
            let function = running(failed.failure.context.as_deref()?)?;
            Some(Subject::Function(function).into())
        }),
    ],
    may_follow: true,
    title: Some(|case| format!("function {} names something without its schema", case.subject)),
    advice: Some(|case| {
        let set = |place: &str| {
            format!("ALTER FUNCTION {} SET search_path = public, pg_temp;   -- in the {place}", case.subject)
        };
        match is_of_extension(case) {
            true => Advice::words(
                "The function belongs to an extension, and pg_dump does not dump its settings. Set it in the target once \
                 the extension exists, and run the step after the restore.",
            )
            .run(set("target")),
            false => Advice::words(
                "Give the function a search_path of its own in the source and dump again; or run the step after the \
                 restore, with the application's search_path.",
            )
            .run(set("source")),
        }
    }),
    ..Kind::USUAL
};

/// The function that was running: `PL/pgSQL function public.f(integer) line 3 at RETURN`, `SQL function "f" during
/// inlining`. The first line is the innermost.
fn running(context: &str) -> Option<String> {
    context.lines().find_map(|line| {
        if let Some(after) = line.strip_prefix(FUNCTION) {
            let end = after.find(" line ").or_else(|| after.find(" at ")).unwrap_or(after.len());
            return Some(after[..end].to_owned());
        }
        let after = line.strip_prefix("SQL function \"")?;
        Some(after.split("\" ").next().unwrap_or(after).to_owned())
    })
}

/// Whether a function that ran is one that the dump does not make, and that an extension of it may have brought.
fn is_of_extension(case: &Case<'_>) -> bool {
    let name = name_at(&case.subject).and_then(|mut parts| parts.pop()).unwrap_or_default();
    let (declared, facts) = (case.context.declared, case.context.facts);
    let makes = |object: &Declared| object.desc == tag::FUNCTION && object.tag.split('(').next() == Some(name.as_str());
    !declared.is_empty() && !facts.extensions.is_empty() && !declared.iter().any(makes)
}
