use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "server-read-only",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The restore cannot change anything: its session is read-only.",
    page: include_str!("../../../docs/findings/server-read-only.md"),
    rules: &[
        // read_only_sql_transaction: `cannot execute CREATE TABLE in a read-only transaction`.
        Rule::new(Precedence::State, &["25006"], |_| Some(Known::default())),
    ],
    title: Some(|_| "the restore cannot change anything: its session is read-only".to_owned()),
    fix: "Turn the setting off for the session, or remove it from the database, the role or the server until the restore \
          is done. A standby accepts no restore at all.",
    commands: Some(|_| vec!["PGOPTIONS='-c default_transaction_read_only=off' psql …".into()]),
    ..Kind::USUAL
};
