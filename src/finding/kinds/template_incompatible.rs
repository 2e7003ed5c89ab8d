use crate::finding::kind::{Kind, SubjectIs};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "template-incompatible",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates its database from a template that has another encoding or locale.",
    page: include_str!("../../../docs/findings/template-incompatible.md"),
    rules: &[
        // `new encoding (UTF8) is incompatible with the encoding of the template database (SQL_ASCII)`, and so for collation,
        // LC_CTYPE, locale provider, ICU locale.
        Rule::new(Precedence::Extension, &["22023"], |failed| {
            let says = failed.message.contains("incompatible with")
                || failed.message.contains("does not match locale provider");
            (failed.begins("CREATE DATABASE") && says).then(|| Subject::Words(failed.shape()).into())
        }),
    ],
    subject: SubjectIs::Form,
    title: Some(|_| "the database cannot be created from this template".to_owned()),
    fix: "Create the database from template0, which accepts every encoding and locale.",
    commands: Some(|case| {
        vec![format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8';", case.context.database())]
    }),
    ..Kind::USUAL
};
