use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Case, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};
use crate::profile::RuledOut;

pub static KIND: Kind = Kind {
    name: "extension-not-allowed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump needs an extension that this target does not allow.",
    page: include_str!("../../../docs/findings/extension-not-allowed.md"),
    rules: &[Rule::new(Precedence::Statement, &["42501"], |failed| {
        Some(Subject::Extension(failed.extension()?).into())
    })],
    lacks_objects: true,
    title: Some(|case| match ruled_out(case) {
        Some(RuledOut::Forbidden) => format!("extension {:?} is forbidden in this target", case.subject),
        Some(RuledOut::NotAllowed(_)) => {
            format!("extension {:?} is not among those that this target allows", case.subject)
        }
        None => format!("extension {:?} may not be created here by {:?}", case.subject, case.who()),
    }),
    advice: Some(|case| {
        let name = identifier(&case.subject);
        let key = match ruled_out(case) {
            Some(RuledOut::Forbidden) => "take it out of extensions.forbidden in the profile",
            Some(RuledOut::NotAllowed(_)) => "add it to extensions.allowed in the profile",
            None => {
                let words = "Have a role that may create it do so before the restore; the dump's CREATE EXTENSION IF NOT \
                             EXISTS then finds it.";
                return Advice::words(words).run(format!("CREATE EXTENSION IF NOT EXISTS {name};"));
            }
        };
        let without = match case.context.dump.is_archive() {
            true => "leave the extension and what needs it out of the restore (--write-fixes writes such a list)",
            false => "dump as an archive (-Fc) and leave the extension and what needs it out of the restore",
        };
        Advice::words(format!(
            "Choose a target that has the extension, or {without}; if it is allowed after all, {key}."
        ))
    }),
    ..Kind::USUAL
};

/// How the profile rules the extension out, if it does.
fn ruled_out<'a>(case: &Case<'a>) -> Option<RuledOut<'a>> {
    case.context.target.extensions.rule_out(&case.subject)
}
