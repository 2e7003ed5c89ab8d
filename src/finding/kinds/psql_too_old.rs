use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "psql-too-old",
    severity: Severity::Warning,
    origin: Origin::Restore,
    summary: "The script begins with a command that this psql does not know.",
    page: include_str!("../../../docs/findings/psql-too-old.md"),
    rules: &[
        // `invalid command \restrict` (exec_command in src/bin/psql/command.c): psql of before the fix of CVE-2025-8714.
        Rule::of_client(Precedence::Message, |failed| {
            let says = failed.says(r"invalid command \restrict") || failed.says(r"invalid command \unrestrict");
            says.then(Known::default)
        }),
    ],
    title: Some(|_| r"this psql does not know \restrict".to_owned()),
    fix: "Use a psql of the newest minor release. Nothing else in the script is affected.",
    ..Kind::USUAL
};
