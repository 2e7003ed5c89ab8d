use super::superuser_lost;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Because, FailureView, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "permission-denied",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not do what the dump asks for.",
    page: include_str!("../../../docs/findings/permission-denied.md"),
    rules: &[
        // invalid_grant_operation (recursive_grants_check in src/backend/utils/adt/acl.c): a right WITH GRANT OPTION that the
        // restoring role has from the same grantor already.
        Rule::new(Precedence::Message, &["0LP01"], |failed| {
            let says = failed.message.ends_with("cannot be granted back to your own grantor");
            says.then(|| refused(failed))
        }),
        Rule::new(Precedence::Otherwise, &["42501"], |failed| Some(refused(failed))),
    ],
    refine: Some(superuser_lost::of_superuser),
    may_follow: true,
    names_who: true,
    title: Some(|case| match case.because {
        Some(Because::Triggers) => {
            format!("role {:?} may not disable the triggers of foreign keys", case.subject)
        }
        _ => format!("role {:?} may not do everything that the dump asks for", case.subject),
    }),
    advice: Some(|case| {
        Advice::words(match (case.because, case.acting) {
            (Some(Because::Triggers), _) => {
                "Dump schema and data together, so that keys are created after the rows and no trigger has to be \
                 disabled; or restore as a superuser."
                    .to_owned()
            }
            (_, Some(_)) => {
                "The restore acts as another role than it connects as (SET SESSION AUTHORIZATION, SET ROLE): grant that \
                 role what it needs first. Or dump and restore without --use-set-session-authorization, so that the \
                 restoring role creates everything and hands it over."
                    .to_owned()
            }
            (_, None) => format!(
                "Restore as a role that owns the database or may act for the owners, or grant {:?} what it needs.",
                case.context.restoring()
            ),
        })
    }),
    ..Kind::USUAL
};

fn refused(failed: &FailureView<'_>) -> Known {
    // Triggers of foreign keys are the server's own (ATExecEnableDisableTrigger in tablecmds.c).
    let statement = failed.failure.statement.as_deref().unwrap_or_default();
    let switches = [" DISABLE TRIGGER ", " ENABLE TRIGGER "].iter().any(|words| statement.contains(words));
    Known { subject: Subject::Role(failed.role()), because: switches.then_some(Because::Triggers) }
}
