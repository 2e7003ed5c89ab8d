use pgdump_reader::Facts;

use super::{created_later, feature_missing, setting_invalid};
use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::rule::{Because, MISSING, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "dependency-missing",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A statement needs something that does not exist in the target when it runs.",
    page: include_str!("../../../docs/findings/dependency-missing.md"),
    rules: &[
        // invalid_parameter_value, of a parameter that names what is not there.
        Rule::new(Precedence::Message, &["22023"], |failed| {
            Some(Subject::Words(setting_invalid::names(failed.message)?).into())
        }),
        // `data type integer has no default operator class for access method "gist"`: an extension would have brought it.
        Rule::new(Precedence::Missing, &MISSING, |failed| {
            let (of, method) = failed.message.split_once(" has no default operator class for access method ")?;
            Some(Subject::Words(format!("operator class of {of} for access method {method}")).into())
        }),
        Rule::new(Precedence::Otherwise, &MISSING, |failed| {
            Some(Subject::Words(failed.what_is_missing()?.to_owned()).into())
        }),
    ],
    refine: Some(|refine, failure, cause| {
        if holds_data_only(&refine.situation.scan.facts) && failure.is("42P01") {
            return Cause { subject: Subject::None, because: Some(Because::DataOnly), ..cause };
        }
        match feature_missing::of_version(refine, failure) {
            Some(cause) => cause,
            None => created_later::of_order(refine, failure, cause),
        }
    }),
    may_follow: true,
    title: Some(|case| match case.because {
        Some(Because::DataOnly) => {
            "the dump holds data only, and what it fills does not exist in this target".to_owned()
        }
        _ => format!("{} does not exist when it is needed", case.subject),
    }),
    advice: Some(|case| match holds_data_only(case.context.facts) {
        true => {
            Advice::words("The dump holds data only: restore its schema first, from a dump of the schema or of both.")
                .run("pg_dump --schema-only …   # from the source, restored before the data")
        }
        false => Advice::words(
            "Include it in the dump (a schema or extension was left out), or create it in the target before the \
                 restore. Newer versions have functions that older ones get from an extension.",
        ),
    }),
    ..Kind::USUAL
};

/// Whether the dump fills tables and creates none: `pg_dump --data-only`.
fn holds_data_only(facts: &Facts) -> bool {
    !facts.tables.is_empty() && !facts.tables.iter().any(|table| table.created)
}
