use pgdump_reader::{Word, statements};

use crate::finding::kind::Kind;
use crate::finding::rule::{Known, MISSING, Precedence, Rule};
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "nothing-to-drop",
    severity: Severity::Note,
    origin: Origin::Restore,
    summary: "The dump drops something that the target does not have.",
    page: include_str!("../../../docs/findings/nothing-to-drop.md"),
    rules: &[Rule::new(Precedence::Drop, &MISSING, |failed| drops(failed.statement).then(Known::default))],
    title: Some(|_| "the dump drops objects that an empty target does not have".to_owned()),
    fix: "Nothing was lost. Dump with --clean --if-exists, or without --clean for a new database.",
    ..Kind::USUAL
};

/// Whether a text is one statement that only takes one thing away: `DROP TABLE a`, `ALTER TABLE ONLY a DROP CONSTRAINT b`,
/// `SELECT pg_catalog.lo_unlink('7')`. Of several things, the others stay where they are.
fn drops(statement: &str) -> bool {
    let statements = statements(statement);
    let [words] = statements.as_slice() else { return false };
    let name = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => name.as_str(),
        _ => "",
    };
    let mut depth = 0;
    let is_list = words.iter().any(|word| {
        match word {
            Word::Sign(b'(') => depth += 1,
            Word::Sign(b')') => depth -= 1,
            _ => {}
        }
        depth == 0 && *word == Word::Sign(b',')
    });
    match name(0) {
        "drop" => !is_list,
        "alter" => {
            let is_kind = |at: usize| {
                const KINDS: [&str; 11] = [
                    "table",
                    "foreign",
                    "domain",
                    "view",
                    "materialized",
                    "publication",
                    "sequence",
                    "index",
                    "only",
                    "if",
                    "exists",
                ];
                KINDS.contains(&name(at))
            };
            let mut at = 1;
            while is_kind(at) {
                at += 1;
            }
            at += 1;
            while words.get(at) == Some(&Word::Sign(b'.')) {
                at += 2;
            }
            let of_column = at + 1 + usize::from(name(at + 1) == "column");
            !is_list && (name(at) == "drop" || name(at) == "alter" && name(of_column + 1) == "drop")
        }
        "select" => words.len() == 7 && name(3) == "lo_unlink",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_away_drops() {
        for statement in [
            "DROP INDEX a.b;",
            "drop function f(integer, text) cascade",
            "ALTER TABLE ONLY a.b DROP CONSTRAINT c;",
            "ALTER TABLE \"x ADD y\" DROP CONSTRAINT c",
            "ALTER TABLE a.b ALTER COLUMN c DROP DEFAULT;",
            "ALTER PUBLICATION p DROP TABLE ONLY a.b;",
            "SELECT pg_catalog.lo_unlink('5002');",
        ] {
            assert!(drops(statement), "{statement}");
        }
        for statement in [
            "ALTER TABLE ONLY public.\"a DROP b\" ADD CONSTRAINT c FOREIGN KEY (d) REFERENCES e(f);",
            "ALTER TABLE a ALTER COLUMN b SET DEFAULT f(' DROP ');",
            "ALTER TABLE a OWNER TO \"DROP\"",
            "CREATE TABLE a AS SELECT 1 AS \" DROP \"",
            "DROP TABLE a; CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "DROP TABLE a, b",
            "ALTER TABLE a DROP COLUMN b, ALTER COLUMN c TYPE bigint",
            "ALTER TABLE a DROP COLUMN b, ENABLE ROW LEVEL SECURITY",
            "SELECT pg_catalog.lo_unlink(lo) FROM t",
            "",
        ] {
            assert!(!drops(statement), "{statement}");
        }
    }
}
