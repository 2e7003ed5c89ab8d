use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "owner-not-assignable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not give objects to the owner that the dump names.",
    page: include_str!("../../../docs/findings/owner-not-assignable.md"),
    rules: &[
        // check_can_set_role and before it check_is_member_of_role, in src/backend/utils/adt/acl.c: 16 and newer, 15 and older.
        Rule::new(Precedence::Message, &["42501"], |failed| {
            let says = failed.says("must be able to SET ROLE \"") || failed.says("must be member of role \"");
            says.then(|| Subject::Role(failed.quoted()).into())
        }),
    ],
    names_who: true,
    title: Some(|case| format!("role {:?} may not give objects to {:?}", case.who(), case.subject)),
    advice: Some(|case| {
        if case.context.target.is_administrator(&case.subject) {
            return Advice::words(case.context.without_owner(&case.subject));
        }
        let words = "Make the restoring role a member of the owner before the restore; or restore as the owner, or with \
                     --no-owner if owners do not matter.";
        Advice::words(words).run(format!("GRANT {} TO {};", identifier(&case.subject), identifier(case.who())))
    }),
    ..Kind::USUAL
};
