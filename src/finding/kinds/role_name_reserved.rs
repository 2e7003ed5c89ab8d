use crate::cluster::sql::identifier;
use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "role-name-reserved",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates a role whose name PostgreSQL reserves.",
    page: include_str!("../../../docs/findings/role-name-reserved.md"),
    rules: &[
        // reserved_name.
        Rule::new(Precedence::Statement, &["42939"], |failed| {
            failed.begins("CREATE ROLE").then(|| Subject::Role(failed.quoted()).into())
        }),
    ],
    title: Some(|case| format!("role name {:?} is reserved", case.subject)),
    fix: "Rename the role in the source: PostgreSQL reserves names that begin with pg_.",
    commands: Some(|case| {
        vec![format!("ALTER ROLE {} RENAME TO …;   -- in the source, before the dump", identifier(&case.subject))]
    }),
    ..Kind::USUAL
};
