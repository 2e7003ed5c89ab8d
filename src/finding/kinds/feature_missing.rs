use pgdump_reader::{FEATURES, Feature, feature_refused, features_in};

use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::refine::Refine;
use crate::finding::{Failure, Name, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "feature-missing",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump uses something that the target's version of PostgreSQL does not have.",
    page: include_str!("../../../docs/findings/feature-missing.md"),
    // The server gathers its own.
    weight: |cause, usual| if is_statistics(&cause.subject) { usual.min(Severity::Warning) } else { usual },
    title: Some(|case| match (feature(&case.subject), case.context.server) {
        (Some(_), Some(server)) if is_statistics(case.of) => {
            format!("PostgreSQL {server} does not take the statistics that the dump holds")
        }
        (Some(feature), Some(server)) => format!("PostgreSQL {server} has no {:?}", feature.name),
        _ => format!("the server has no {}", case.subject),
    }),
    advice: Some(|case| {
        if is_statistics(case.of) {
            let words = "Nothing is lost: ANALYZE gathers statistics anew.";
            return match case.context.dump.is_archive() {
                true => {
                    Advice::words(format!("{words} Restore without those of the dump, and run ANALYZE afterwards."))
                        .run("pg_restore --no-statistics …")
                }
                false => Advice::words(format!("{words} Dump again without them, and run ANALYZE afterwards."))
                    .run("pg_dump --no-statistics …"),
            };
        }
        Advice::words(match feature(&case.subject) {
            Some(feature) => {
                format!("Restore into {}, or change what uses it in the source before the dump.", feature.versions())
            }
            None => String::new(),
        })
    }),
    ..Kind::USUAL
};

/// Whether it is about the planner's statistics, which are none of the data.
fn is_statistics(subject: &Subject) -> bool {
    *subject == Subject::Feature("statistics data")
}

fn feature(name: &str) -> Option<&'static Feature> {
    FEATURES.iter().copied().find(|feature| feature.name == name)
}

/// A statement that uses what the server's version lacks, and that the server did not understand, has failed for that.
pub(super) fn of_version(refine: &Refine<'_>, failure: &Failure) -> Option<Cause> {
    // syntax_error, undefined object and function, feature_not_supported, invalid parameter, invalid definition.
    let states = ["42601", "42704", "42883", "0A000", "22023", "42P13", "42P17"];
    let (server, statement) = (refine.situation.server?, failure.statement.as_deref()?);
    // It says itself what it does not do.
    let refused = feature_refused(&failure.message).filter(|feature| feature.lacks(server));
    let used = || {
        let is_of_state = states.iter().any(|state| failure.is(state));
        is_of_state.then(|| features_in(statement).into_iter().find(|feature| feature.lacks(server))).flatten()
    };
    refused.or_else(used).map(|feature| Name::FeatureMissing.cause(Subject::Feature(feature.name)))
}
