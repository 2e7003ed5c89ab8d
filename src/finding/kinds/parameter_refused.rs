use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "parameter-refused",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not set a parameter that the dump sets.",
    page: include_str!("../../../docs/findings/parameter-refused.md"),
    rules: &[Rule::new(Precedence::Message, &["42501"], |failed| {
        failed.says("permission denied to set parameter \"").then(|| Subject::Setting(failed.quoted()).into())
    })],
    names_who: true,
    title: Some(|case| format!("role {:?} may not set the parameter {:?}", case.who(), case.subject)),
    advice: Some(|case| {
        let words = "Have a superuser grant it (PostgreSQL 15 or newer), or remove the setting from the function, role \
                     or database in the source.";
        let (setting, who) = (identifier(&case.subject), identifier(case.who()));
        Advice::words(words).run(format!("GRANT SET ON PARAMETER {setting} TO {who};"))
    }),
    ..Kind::USUAL
};
