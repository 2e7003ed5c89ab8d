use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "locks-exhausted",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restore needs more locks at once than the target has room for.",
    page: include_str!("../../../docs/findings/locks-exhausted.md"),
    rules: &[
        // out_of_memory, with the hint to raise max_locks_per_transaction (lock.c).
        Rule::new(Precedence::Message, &["53200"], |failed| {
            (failed.message == "out of shared memory").then(Known::default)
        }),
    ],
    title: Some(|_| "the server ran out of room for locks".to_owned()),
    fix: "Raise max_locks_per_transaction and restart the server, or restore in smaller transactions.",
    commands: Some(|_| vec!["max_locks_per_transaction = 1024".into()]),
    ..Kind::USUAL
};
