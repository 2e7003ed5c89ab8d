use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "database-option-unknown",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates its database with an option that the target's version does not know.",
    page: include_str!("../../../docs/findings/database-option-unknown.md"),
    rules: &[
        // syntax_error: `option "locale_provider" not recognized` (createdb in dbcommands.c).
        Rule::new(Precedence::Extension, &["42601"], |failed| {
            let says = failed.begins("CREATE DATABASE") && failed.says("option \"");
            says.then(|| Subject::Words(failed.quoted()).into())
        }),
    ],
    title: Some(|case| format!("CREATE DATABASE has no option {:?} in this target", case.subject)),
    fix: "Create the database yourself with options that the target has, and restore without --create.",
    commands: Some(|case| {
        vec![format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8';", case.context.database())]
    }),
    ..Kind::USUAL
};
