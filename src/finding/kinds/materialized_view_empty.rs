use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "materialized-view-empty",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A materialized view that the dump fills is not filled.",
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
        Advice::words("Fill the view that it reads first: REFRESH what comes before, or dump it WITH DATA.")
            .run(format!("REFRESH MATERIALIZED VIEW {};", case.of.sql()))
    }),
    ..Kind::USUAL
};
