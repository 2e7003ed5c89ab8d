use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "schema-reserved",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump uses a schema whose name the target reserves.",
    page: include_str!("../../../docs/findings/schema-reserved.md"),
    rules: &[
        // reserved_name.
        Rule::new(Precedence::Statement, &["42939"], |failed| {
            failed.begins("CREATE SCHEMA").then(|| Subject::Schema(failed.quoted()).into())
        }),
        // pg_tle: `pgtle schema reserved for pg_tle functions`.
        Rule::new(Precedence::Message, &[], |failed| {
            let schema = || failed.message.split(' ').next().unwrap_or_default().to_owned();
            failed.message.contains(" schema reserved for ").then(|| Subject::Schema(schema()).into())
        }),
    ],
    title: Some(|case| format!("schema name {:?} is reserved by the target", case.subject)),
    fix: "Leave the schema out of the restore if the target brings its own, or rename it in the source.",
    ..Kind::USUAL
};
