use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "default-privileges-refused",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not set default privileges for another role.",
    page: include_str!("../../../docs/findings/default-privileges-refused.md"),
    rules: &[Rule::new(Precedence::Statement, &["42501"], |failed| {
        failed.begins("ALTER DEFAULT PRIVILEGES").then(|| Subject::Role(for_role(failed.statement)).into())
    })],
    names_who: true,
    title: Some(|case| format!("role {:?} may not set default privileges for {:?}", case.who(), case.subject)),
    advice: Some(|case| {
        if case.context.target.is_administrator(&case.subject) {
            return Advice::words(format!(
                "{:?} is an administrator, and nobody should become a member of it for this. Leave the statement out: it \
                 is about what that role creates later; or have the role itself run it after the restore.",
                case.subject
            ));
        }
        let words = "Make the restoring role a member of that role before the restore, or run the statement as that role \
                     afterwards; leave it out if the role creates nothing in the target.";
        Advice::words(words).run(format!("GRANT {} TO {};", identifier(&case.subject), identifier(case.who())))
    }),
    ..Kind::USUAL
};

/// `ALTER DEFAULT PRIVILEGES FOR ROLE x IN SCHEMA …`
fn for_role(statement: &str) -> String {
    let after = statement.split_once(" FOR ROLE ").map_or("", |(_, after)| after);
    match after.strip_prefix('"') {
        Some(quoted) => quoted.split("\" ").next().unwrap_or_default().replace("\"\"", "\""),
        None => after.split_whitespace().next().unwrap_or_default().to_owned(),
    }
}
