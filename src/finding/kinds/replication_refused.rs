use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "replication-refused",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not create a publication or subscription that the dump has.",
    page: include_str!("../../../docs/findings/replication-refused.md"),
    rules: &[Rule::new(Precedence::Statement, &["42501"], |failed| {
        const MAKES: [&str; 4] =
            ["CREATE PUBLICATION", "ALTER PUBLICATION", "CREATE SUBSCRIPTION", "ALTER SUBSCRIPTION"];
        MAKES.iter().any(|words| failed.begins(words)).then(|| Subject::Role(failed.role()).into())
    })],
    names_who: true,
    title: Some(|case| format!("role {:?} may not create this publication or subscription", case.who())),
    fix: "Leave publications and subscriptions out if the target is not meant to replicate, or create them for named \
          tables afterwards.",
    commands: Some(|_| vec!["pg_restore --no-publications --no-subscriptions …".into()]),
    ..Kind::USUAL
};
