use crate::cluster::sql::literal;
use crate::finding::Name;
use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "extension-unavailable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump needs an extension that is not installed in the target.",
    page: include_str!("../../../docs/findings/extension-unavailable.md"),
    rules: &[
        // `required extension "x" is not installed`.
        Rule::new(Precedence::Extension, &["42704"], |failed| {
            (failed.begins("CREATE EXTENSION") && failed.says("required extension \""))
                .then(|| extension(failed.quoted()))
        }),
        // feature_not_supported, which is also what an extension without a control file gets; 58P01 undefined_file until
        // PostgreSQL 14.
        Rule::new(Precedence::ExtensionOtherwise, &["0A000", "58P01"], |failed| failed.extension().map(extension)),
        // CREATE LANGUAGE (CreateExtension in extension.c).
        Rule::new(Precedence::Message, &["0A000"], |failed| {
            let says = failed.says("extension \"") && failed.message.ends_with(" is not available");
            says.then(|| extension(failed.quoted()))
        }),
    ],
    refine: Some(|refine, _, cause| {
        // What the profile rules out is missing for that, or refused for that.
        match refine.situation.target.extensions.rule_out(&cause.subject.text()) {
            Some(_) => Cause { name: Name::ExtensionNotAllowed, ..cause },
            None => cause,
        }
    }),
    lacks_objects: true,
    title: Some(|case| format!("extension {:?} is not installed in this target", case.subject)),
    advice: Some(|case| {
        let (extension, major) = (&case.subject, case.context.target.postgres);
        Advice::words(format!(
            "Install the package that has the extension on the target's server (on Debian postgresql-{major}-{extension} \
             or postgresql-contrib), or use an image that has it; without it, what uses its types and functions cannot be \
             restored.",
            major = major.map_or_else(|| "NN".to_owned(), |major| major.to_string())
        ))
        .run(format!("SELECT * FROM pg_available_extensions WHERE name = {};", literal(extension)))
    }),
    ..Kind::USUAL
};

fn extension(name: String) -> Known {
    Subject::Extension(name).into()
}
