use pgdump_reader::Word;

use crate::finding::kind::Kind;
use crate::finding::rule::{FailureView, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "index-row-too-large",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "A row of the dump is too long for one of its indexes.",
    page: include_str!("../../../docs/findings/index-row-too-large.md"),
    rules: &[
        // program_limit_exceeded: `index row size 2712 exceeds btree version 4 maximum 2704 for index "x"`.
        // Of a hash index and others without the name: `index row requires 32016 bytes, maximum size is 8191` (indextuple.c).
        Rule::new(Precedence::Message, &["54000"], |failed| {
            let named = || failed.failure.quoted().map_or_else(|| made_index(failed), str::to_owned);
            failed.says("index row ").then(|| Subject::Index(named()).into())
        }),
    ],
    title: Some(|case| match &*case.subject {
        "" => "a row is too long for one of its table's indexes".to_owned(),
        index => format!("a row is too long for the index {index:?}"),
    }),
    fix: "Index a digest of the column instead, or limit its length in the source.",
    commands: Some(|_| vec!["CREATE INDEX … ON … (md5(…));   -- in the source".into()]),
    ..Kind::USUAL
};

/// The index that a statement creates: `CREATE INDEX i ON …`, `… ADD CONSTRAINT c PRIMARY KEY …`; empty for one that brings rows.
fn made_index(failed: &FailureView<'_>) -> String {
    let words = failed.words();
    let names: Vec<&str> = words.iter().map(word).collect();
    let after = |mark: &str| names.iter().position(|name| *name == mark).and_then(|at| names.get(at + 1..));
    let rest = match names.first() {
        Some(&"create") => after("index"),
        Some(&"alter") => after("constraint"),
        _ => None,
    };
    let skipped = ["concurrently", "if", "not", "exists"];
    let name = rest.into_iter().flatten().find(|name| !skipped.contains(name));
    name.filter(|name| **name != "on").map(|name| (*name).to_owned()).unwrap_or_default()
}

fn word(word: &Word) -> &str {
    match word {
        Word::Name(name) => name,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Failure;

    #[test]
    fn an_index_that_the_server_does_not_name_is_named_by_the_statement() {
        let of = |statement: &str| {
            let failure = Failure { statement: Some(statement.into()), ..Failure::default() };
            made_index(&FailureView::new(&failure))
        };
        assert_eq!(of("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I x\" ON a.t USING hash (b)"), "I x");
        assert_eq!(of("ALTER TABLE ONLY a.t ADD CONSTRAINT t_key UNIQUE (b)"), "t_key");
        assert_eq!(of("CREATE INDEX ON a.t (b)"), "");
        assert_eq!(of("COPY a.t (b) FROM stdin;"), "");
    }
}
