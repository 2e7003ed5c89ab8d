use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "schema-missing",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "A statement puts something into a schema that the target does not have.",
    page: include_str!("../../../docs/findings/schema-missing.md"),
    rules: &[
        // undefined_schema: none of the search_path's is there.
        Rule::new(Precedence::Message, &["3F000"], |failed| {
            (failed.message == "no schema has been selected to create in").then(Known::default)
        }),
        Rule::new(Precedence::Missing, &["3F000"], |failed| {
            failed.what_is_missing().map(|_| Subject::Schema(failed.quoted()).into())
        }),
    ],
    may_follow: true,
    title: Some(|case| match &*case.subject {
        "" => "no schema of the search_path exists in this target".to_owned(),
        schema => format!("schema {schema:?} does not exist in this target"),
    }),
    advice: Some(|case| match &*case.subject {
        "" => Advice::words(
            "Create the schema that the script's search_path names before the restore, or have the script create it.",
        ),
        schema => Advice::words("Create the schema before the restore, or dump it too.")
            .run(format!("CREATE SCHEMA {};", identifier(schema))),
    }),
    ..Kind::USUAL
};
