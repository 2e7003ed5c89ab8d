use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Because, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "event-trigger-refused",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restoring role may not create an event trigger that the dump has.",
    page: include_str!("../../../docs/findings/event-trigger-refused.md"),
    rules: &[Rule::new(Precedence::Statement, &["42501"], |failed| {
        // AlterEventTriggerOwner_internal in event_trigger.c.
        let of_owner = failed.says("permission denied to change owner of event trigger");
        let is_meant = failed.begins("CREATE EVENT TRIGGER") || failed.begins("ALTER EVENT TRIGGER");
        is_meant.then(|| Known {
            subject: Subject::None,
            because: failed.new_owner().filter(|_| of_owner).map(Because::Owner),
        })
    })],
    names_who: true,
    title: Some(|case| match case.because {
        Some(Because::Owner(owner)) => format!("role {owner:?} may not own event triggers: it is not a superuser"),
        _ => format!("role {:?} may not create event triggers", case.who()),
    }),
    advice: Some(|case| match case.because {
        Some(_) => Advice::words(
            "Restore as a superuser with --no-owner, or leave the event trigger out if the target does not need it: no \
             role should become a superuser for it.",
        ),
        None => {
            let words =
                "Have an administrator of the target create it, or leave it out if the target does not need it.";
            match case.context.dump.is_archive() {
                true => Advice::words(words)
                    .run("pg_restore -l DUMP | grep -v ' EVENT TRIGGER ' > keep.list")
                    .run("pg_restore -L keep.list … DUMP"),
                false => Advice::words(words),
            }
        }
    }),
    ..Kind::USUAL
};
