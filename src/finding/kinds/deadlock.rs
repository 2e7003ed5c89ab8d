use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "deadlock",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "Two sessions of the restore waited for each other, and the server cancelled one statement.",
    page: include_str!("../../../docs/findings/deadlock.md"),
    rules: &[
        // deadlock_detected.
        Rule::new(Precedence::State, &["40P01"], |_| Some(Known::default())),
    ],
    title: Some(|_| "two sessions of the restore waited for each other".to_owned()),
    fix: "Restore with one job, and keep others out of the database until it is done.",
    commands: Some(|_| vec!["pg_restore --jobs=1 …".into()]),
    ..Kind::USUAL
};
