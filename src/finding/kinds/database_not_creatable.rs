use super::superuser_lost;
use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "database-not-creatable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not create the database that the dump creates.",
    page: include_str!("../../../docs/findings/database-not-creatable.md"),
    rules: &[Rule::new(Precedence::Statement, &["42501"], |failed| {
        failed.begins("CREATE DATABASE").then(|| Subject::Role(failed.role()).into())
    })],
    refine: Some(superuser_lost::of_superuser),
    names_who: true,
    title: Some(|case| format!("role {:?} may not create a database", case.who())),
    advice: Some(|case| {
        let database = identifier(&case.context.database_made());
        let owner = identifier(case.context.restoring());
        Advice::words(format!(
            "{} A role with CREATEDB has to do that; or give this role CREATEDB.",
            case.context.made_by_hand()
        ))
        .run(format!("CREATE DATABASE {database} OWNER {owner} TEMPLATE template0;"))
    }),
    ..Kind::USUAL
};
