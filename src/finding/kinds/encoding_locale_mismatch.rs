use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "encoding-locale-mismatch",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates its database with an encoding that does not match its locale.",
    page: include_str!("../../../docs/findings/encoding-locale-mismatch.md"),
    rules: &[
        // `encoding "LATIN1" does not match locale "C.UTF-8"` (check_encoding_locale_matches in dbcommands.c).
        Rule::new(Precedence::Extension, &["22023"], |failed| {
            let says = failed.says("encoding \"") && failed.message.contains(" does not match locale ");
            (failed.begins("CREATE DATABASE") && says).then(|| Subject::Words(failed.message.to_owned()).into())
        }),
    ],
    title: Some(|case| case.subject.to_string()),
    fix: "Create the database yourself in UTF8, and restore without --create; or use the locale C, which works with \
          every encoding.",
    commands: Some(|case| {
        let database = case.context.database();
        vec![format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';")]
    }),
    ..Kind::USUAL
};
