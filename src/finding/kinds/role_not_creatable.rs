use super::superuser_lost;
use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "role-not-creatable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not create or change a role that the dump creates.",
    page: include_str!("../../../docs/findings/role-not-creatable.md"),
    rules: &[Rule::new(Precedence::State, &["42501"], |failed| {
        // `ALTER ROLE x [IN DATABASE d] SET parameter …`
        let names_setting = || failed.statement.split_whitespace().any(|word| word == "SET");
        let makes = failed.begins("CREATE ROLE") || failed.begins("ALTER ROLE") && !names_setting();
        makes.then(|| Subject::Role(failed.role()).into())
    })],
    refine: Some(superuser_lost::of_superuser),
    names_who: true,
    title: Some(|case| format!("role {:?} may not create or change this role", case.who())),
    fix: "Let an administrator of the target create the roles with what it allows: without SUPERUSER, REPLICATION and \
          BYPASSRLS if it reserves those.",
    ..Kind::USUAL
};
