use crate::finding::Name;
use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};
use crate::postgres::{Availability, availability, debian_package, image_with};

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
        let (extension, major) = (&*case.subject, case.context.target.postgres);
        let instead = "without it, what uses its types and functions cannot be restored.";
        let package = match availability(extension, case.context.server) {
            Availability::InOtherVersions => {
                return Advice::words(format!(
                    "The target's version of PostgreSQL does not have it. If nothing uses it, leave its entry out, or drop \
                     it in the source before the dump; {instead}"
                ));
            }
            Availability::Included { .. } => "postgresql-contrib".to_owned(),
            Availability::Separate => debian_package(extension, major),
        };
        let image = major.filter(|_| case.context.target.image.is_none());
        let image = image.and_then(|major| image_with(extension, major));
        let words = format!(
            "Install the package that has the extension on the target's server (on Debian {package}), or use an image that \
             has it (`image` in the profile); {instead}"
        );
        Advice { words, commands: image.map(|image| format!("image: {image}")).into_iter().collect() }
    }),
    ..Kind::USUAL
};

fn extension(name: String) -> Known {
    Subject::Extension(name).into()
}
