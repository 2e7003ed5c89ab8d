use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "materialized-view-empty",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A materialized view that the dump populates is not populated.",
    page: include_str!("../../../docs/findings/materialized-view-empty.md"),
    rules: &[
        // object_not_in_prerequisite_state.
        Rule::new(Precedence::Message, &["55000"], |failed| {
            let says = failed.message.ends_with("has not been populated");
            says.then(|| Subject::Relation { schema: None, name: failed.quoted() }.into())
        }),
    ],
    may_follow: true,
    advice: Some(|case| {
        Advice::words("Refresh the view that it reads first, or dump that one with its data.")
            .run(format!("REFRESH MATERIALIZED VIEW {};", case.of.sql()))
    }),
    ..Kind::USUAL
};
