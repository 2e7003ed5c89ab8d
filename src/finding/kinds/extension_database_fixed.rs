use crate::cluster::sql::literal;
use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "extension-database-fixed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump needs an extension that the target allows only in another database.",
    page: include_str!("../../../docs/findings/extension-database-fixed.md"),
    rules: &[
        // pg_cron: `can only create extension in database gis`.
        Rule::new(Precedence::Extension, &[], |failed| {
            let extension = failed.extension().filter(|_| failed.says("can only create extension in database "));
            extension.map(|name| Subject::Extension(name).into())
        }),
    ],
    lacks_objects: true,
    title: Some(|case| format!("extension {:?} can only be created in another database here", case.subject)),
    fix: "Name this database in the extension's own setting and restart the server, or leave the extension out here.",
    commands: Some(|case| vec![format!("cron.database_name = {}", literal(&case.context.target.database.name))]),
    ..Kind::USUAL
};
