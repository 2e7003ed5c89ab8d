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
                "Nothing was lost: it only shapes the restoring session. A client of the target's own version would not \
                 send it, as far as the dump is an archive; in a plain dump, remove the line that sets {setting}."
            ),
            _ => {
                format!("Remove the setting of {setting} from the object that it belongs to, or load what defines it.")
            }
        })
    }),
    ..Kind::USUAL
};
