use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "setting-unknown",
    severity: Severity::Note,
    origin: Origin::Target,
    summary: "The dump sets a parameter that the target's server does not know.",
    page: include_str!("../../../docs/findings/setting-unknown.md"),
    rules: &[Rule::new(Precedence::Message, &["42704"], |failed| {
        failed.says("unrecognized configuration parameter").then(|| Subject::Setting(failed.quoted()).into())
    })],
    title: Some(|case| format!("the server does not know the parameter {:?}", case.subject)),
    advice: Some(|case| {
        let setting = &case.subject;
        Advice::words(match case.severity {
            Severity::Note => format!(
                "Nothing was lost: the setting only affects the restoring session. From an archive, pg_restore of the \
                 target's own version does not send it; in a plain dump, remove the line that sets {setting}."
            ),
            _ => {
                format!(
                    "Remove the setting of {setting} from the object that has it, or load the library that defines it."
                )
            }
        })
    }),
    ..Kind::USUAL
};
