use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Because, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "schema-not-writable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role, or the future owner of its objects, may not create in a schema.",
    page: include_str!("../../../docs/findings/schema-not-writable.md"),
    rules: &[Rule::new(Precedence::Message, &["42501"], |failed| {
        let makes = ["CREATE ", "ALTER ", "IMPORT "].iter().any(|verb| failed.begins(verb));
        (failed.says("permission denied for schema ") && makes).then(|| Known {
            subject: Subject::Schema(failed.after("permission denied for schema ")),
            because: failed.new_owner().map(Because::Owner),
        })
    })],
    may_follow: true,
    names_who: true,
    title: Some(|case| match case.because {
        Some(Because::Owner(owner)) => {
            format!("role {owner:?} may not own anything in schema {:?}, where it may not create", case.subject)
        }
        _ => format!("role {:?} may not create anything in schema {:?}", case.who(), case.subject),
    }),
    advice: Some(|case| {
        let (schema, who) = (identifier(&case.subject), identifier(case.who()));
        match (case.because, case.acting) {
            (Some(Because::Owner(owner)), _) => Advice::words(
                "Before the restore, create the schema if it is new, and let the future owners create in it: the dump's \
                 own grants are restored last. Or restore as a superuser, or with --no-owner if owners do not matter.",
            )
            .run(format!("GRANT CREATE ON SCHEMA {schema} TO {};", identifier(owner))),
            (_, Some(_)) => Advice::words(
                "The restore acts as another role than it connects as (SET SESSION AUTHORIZATION, SET ROLE): let that \
                 role create in the schema first. Or dump and restore without --use-set-session-authorization, so that \
                 the restoring role creates everything and hands it over.",
            )
            .run(format!("GRANT CREATE ON SCHEMA {schema} TO {who};")),
            (_, None) => Advice::words(
                "Make the restoring role the owner of the database, or let it create in the schema. From PostgreSQL 15 \
                 on, only the owner may create in public.",
            )
            .one_of([
                ("--", "the database is its own", format!("ALTER DATABASE {} OWNER TO {who};", case.context.database())),
                ("--", "it may create in this schema", format!("GRANT CREATE ON SCHEMA {schema} TO {who};")),
            ]),
        }
    }),
    ..Kind::USUAL
};
