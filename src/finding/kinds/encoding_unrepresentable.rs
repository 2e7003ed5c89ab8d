use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "encoding-unrepresentable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump holds characters that the target database's encoding cannot represent.",
    page: include_str!("../../../docs/findings/encoding-unrepresentable.md"),
    rules: &[
        // untranslatable_character; the byte sequence differs from row to row, the encodings do not.
        Rule::new(Precedence::State, &["22P05"], |failed| {
            Some(Subject::Encoding(failed.after("has no equivalent in encoding ")).into())
        }),
    ],
    title: Some(|case| format!("text of the dump cannot be stored in encoding {:?}", case.subject)),
    advice: Some(|case| {
        let words = "Create the target database in UTF8, which holds every character; or find and change the rows with \
                     characters that the encoding does not have.";
        // An administrator can, where who restores cannot: nothing else helps.
        if case.context.target.is_database_of_cluster() {
            return Advice::words(words);
        }
        Advice::words(words).run(format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';",
            case.context.database()
        ))
    }),
    ..Kind::USUAL
};
