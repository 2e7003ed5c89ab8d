use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "encoding-invalid-bytes",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The dump holds bytes that are not valid in the encoding that it names.",
    page: include_str!("../../../docs/findings/encoding-invalid-bytes.md"),
    rules: &[
        // character_not_in_repertoire.
        Rule::new(Precedence::State, &["22021"], |failed| Some(Subject::Encoding(failed.quoted()).into())),
    ],
    title: Some(|case| format!("the dump holds bytes that are not valid {}", case.subject)),
    advice: Some(|_| {
        let words = "The source holds bytes that are not valid in the encoding that the dump names (often a SQL_ASCII \
                     database). Find out the real encoding and name it when you dump, or repair the rows in the source. \
                     Only if the bytes are to stay as they are, restore into a database of encoding SQL_ASCII.";
        Advice::words(words).run("pg_dump --encoding=LATIN1 …   # if the bytes are Latin-1")
    }),
    ..Kind::USUAL
};
