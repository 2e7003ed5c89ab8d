use crate::cluster::sql::identifier;
use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "extension-schema-fixed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump puts an extension into a schema that the target's version of the extension does not accept.",
    page: include_str!("../../../docs/findings/extension-schema-fixed.md"),
    rules: &[
        // `extension "pg_cron" must be installed in schema "pg_catalog"` (CreateExtensionInternal in extension.c).
        Rule::new(Precedence::Extension, &["0A000"], |failed| {
            let extension = failed.extension().filter(|_| failed.message.contains(" must be installed in schema "));
            extension.map(|name| Subject::Extension(name).into())
        }),
    ],
    lacks_objects: true,
    title: Some(|case| format!("extension {:?} belongs in another schema here", case.subject)),
    fix: "Create the extension in its own schema before the restore; the dump's IF NOT EXISTS then finds it.",
    commands: Some(|case| vec![format!("CREATE EXTENSION {};", identifier(&case.subject))]),
    ..Kind::USUAL
};
