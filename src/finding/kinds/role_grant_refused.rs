use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "role-grant-refused",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not grant membership in a role as the dump does.",
    page: include_str!("../../../docs/findings/role-grant-refused.md"),
    rules: &[
        // GRANT of a role (AddRoleMems in src/backend/commands/user.c; 16 and newer, 15 and older).
        Rule::new(Precedence::Message, &["42501"], |failed| {
            let says =
                failed.says("permission denied to grant role \"") || failed.says("must have admin option on role \"");
            says.then(|| Subject::Role(failed.quoted()).into())
        }),
    ],
    names_who: true,
    title: Some(|case| format!("role {:?} may not grant the role {:?}", case.who(), case.subject)),
    advice: Some(|case| {
        if case.context.target.is_administrator(&case.subject) {
            return Advice::words(format!(
                "{:?} is an administrator here: leave the membership out, and grant its members what they need instead.",
                case.subject
            ));
        }
        let (role, who) = (identifier(&case.subject), identifier(case.who()));
        Advice::words("Have an administrator grant the role, or give the restoring role the admin option.")
            .run(format!("GRANT {role} TO {who} WITH ADMIN OPTION;"))
    }),
    ..Kind::USUAL
};
