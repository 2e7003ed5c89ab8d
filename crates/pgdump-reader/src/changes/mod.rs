//! Which statements of a script change rows that are there already, or make some that stand nowhere in its text.
//!
//! pg_dump writes none of them after rows. Only the server knows what they do, so this says what they
//! can touch.

mod functions;

use crate::lexer::{Statement, Token, TokenKind};
use crate::words::Words;
use functions::{runs, runs_in};

pub(crate) use functions::of_large_objects;

/// What a statement can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The rows of a table that are there by then.
    Rows { what: String, schema: Option<String>, table: String },
    /// Rows of a table that stand nowhere in the text, or not as rows that can be counted.
    Fills { what: String, schema: Option<String>, table: String },
    /// A table gets such rows, or loses some: MERGE.
    Merges { what: String, schema: Option<String>, table: String },
    /// Rows of any table of the database.
    Any { what: String },
}

/// What a statement changes; nothing where it is one of those that pg_dump writes.
pub(crate) fn of(statement: &Statement) -> Vec<Change> {
    let mut words = Words::of(statement);
    changes(&mut words, statement).unwrap_or_default()
}

/// What an INSERT does beside bringing its own rows, by its text without its first word: it can have a WITH, and run
/// functions.
pub(crate) fn beside_an_insert(rest: &Statement) -> Vec<Change> {
    let mut list = nested("INSERT", rest);
    list.extend(calls("INSERT", rest));
    list
}

fn changes(words: &mut Words<'_>, statement: &Statement) -> Option<Vec<Change>> {
    let any = |what: &str| Some(vec![Change::Any { what: what.to_owned() }]);
    let rows = |what: &str, table: (Option<String>, String)| Change::Rows {
        what: format!("{what} {}", label(&table)),
        schema: table.0,
        table: table.1,
    };
    while words.sign(b'(').is_some() {}
    let first = words.word()?;
    match first {
        "delete" => {
            words.eat("from")?;
            let _ = words.eat("only");
            Some(vec![rows("DELETE FROM", words.qualified()?)])
        }
        "update" => {
            let _ = words.eat("only");
            Some(vec![rows("UPDATE", words.qualified()?)])
        }
        "merge" => {
            words.eat("into")?;
            let _ = words.eat("only");
            let (schema, table) = words.qualified()?;
            let what = format!("MERGE INTO {}", label(&(schema.clone(), table.clone())));
            Some(vec![Change::Merges { what, schema, table }])
        }
        "truncate" => {
            // CASCADE goes further than the names.
            if statement.tokens.iter().any(|token| token.kind.is_word("cascade")) {
                return any("TRUNCATE … CASCADE");
            }
            let _ = words.eat("table");
            let mut list = Vec::new();
            loop {
                let _ = words.eat("only");
                let Some(table) = words.qualified() else {
                    // More of them than are kept of a statement.
                    list.push(Change::Any { what: "TRUNCATE of many tables".to_owned() });
                    return Some(list);
                };
                list.push(rows("TRUNCATE", table));
                let _ = words.sign(b'*');
                if words.sign(b',').is_none() {
                    return Some(list);
                }
            }
        }
        "drop" => dropped(words),
        "alter" => altered(words, statement),
        "do" => any("DO runs code"),
        "call" => any("CALL runs a procedure"),
        "execute" => any("EXECUTE runs a prepared statement"),
        "with" => Some([nested("WITH", statement), calls("WITH", statement).into_iter().collect()].concat()),
        "explain" => {
            let analyzes = statement.tokens.iter().any(|token| token.kind.is_word("analyze"));
            analyzes
                .then(|| [nested("EXPLAIN ANALYZE", statement), any("EXPLAIN ANALYZE").unwrap_or_default()].concat())
        }
        "select" | "values" | "table" => selected(words, statement),
        "create" => created(words),
        "copy" => copied(words, statement),
        _ => None,
    }
}

fn label((schema, name): &(Option<String>, String)) -> String {
    match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name.clone(),
    }
}

fn dropped(words: &mut Words<'_>) -> Option<Vec<Change>> {
    let any = |what: &str| Some(vec![Change::Any { what: what.to_owned() }]);
    let _ = words.eat("foreign");
    match words.word()? {
        "table" => {
            words.if_exists();
            let mut list = Vec::new();
            loop {
                let Some((schema, table)) = words.qualified() else {
                    // More of them than are kept of a statement.
                    list.push(Change::Any { what: "DROP TABLE of many tables".to_owned() });
                    return Some(list);
                };
                let what = format!("DROP TABLE {}", label(&(schema.clone(), table.clone())));
                list.push(Change::Rows { what, schema, table });
                if words.sign(b',').is_none() {
                    return Some(list);
                }
            }
        }
        "schema" => any("DROP SCHEMA"),
        "owned" => any("DROP OWNED"),
        "extension" => any("DROP EXTENSION"),
        "type" => any("DROP TYPE"),
        "domain" => any("DROP DOMAIN"),
        _ => None,
    }
}

fn altered(words: &mut Words<'_>, statement: &Statement) -> Option<Vec<Change>> {
    match words.word()? {
        "schema" => {
            let name = words.name()?;
            words.eat("rename")?;
            Some(vec![Change::Any { what: format!("ALTER SCHEMA {name} RENAME") }])
        }
        "table" => {
            words.if_exists();
            let _ = words.eat("only");
            let (schema, table) = words.qualified()?;
            let _ = words.sign(b'*');
            let has = |wanted: &str| statement.tokens.iter().any(|token| token.kind.is_word(wanted));
            let verb = match words.word()? {
                "rename" => "RENAME",
                "set" if words.eat("schema").is_some() => "SET SCHEMA",
                "alter" if has("type") && !has("statistics") => "ALTER COLUMN … TYPE",
                "drop" if words.eat("constraint").is_none() => "DROP COLUMN",
                "add" if words.eat("column").is_some() => "ADD COLUMN",
                _ => return None,
            };
            let what = format!("ALTER TABLE {} {verb}", label(&(schema.clone(), table.clone())));
            Some(vec![Change::Rows { what, schema, table }])
        }
        _ => None,
    }
}

/// The table that a SELECT makes.
pub(crate) struct Into {
    pub(crate) table: (Option<String>, String),
    /// Whether it is the session's own.
    pub(crate) is_own: bool,
}

/// `SELECT … INTO UNLOGGED TABLE t`, behind its first word.
pub(crate) fn into(mut words: Words<'_>) -> Option<Into> {
    words.skip_to("into")?;
    let _ = words.eat("local").or_else(|| words.eat("global"));
    let is_own = words.eat("temporary").or_else(|| words.eat("temp")).is_some();
    let _ = words.eat("unlogged");
    let _ = words.eat("table");
    Some(Into { table: words.qualified()?, is_own })
}

/// A query that calls functions of which nothing is known, or makes a table.
fn selected(words: &mut Words<'_>, statement: &Statement) -> Option<Vec<Change>> {
    if let Some(Into { table: (schema, table), is_own: false }) = into(*words) {
        let what = format!("SELECT INTO {}", label(&(schema.clone(), table.clone())));
        return Some(vec![Change::Fills { what, schema, table }]);
    }
    Some(calls("SELECT", statement).into_iter().collect())
}

/// The change by a function of which nothing is known, where a statement runs one.
fn calls(verb: &str, statement: &Statement) -> Option<Change> {
    runs(verb, statement).map(|what| Change::Any { what })
}

/// What stands inside of a statement that begins with something else: `WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u
/// SELECT …`.
fn nested(verb: &str, statement: &Statement) -> Vec<Change> {
    let tokens = &statement.tokens;
    let mut list = Vec::new();
    for at in 0..tokens.len() {
        let word = |place: usize, wanted: &str| tokens.get(place).is_some_and(|token| token.kind.is_word(wanted));
        let two = |first: &str, second: &str| word(at, first) && word(at + 1, second);
        let (said, after) = match () {
            () if two("insert", "into") => ("INSERT INTO", at + 2),
            () if two("delete", "from") => ("DELETE FROM", at + 2),
            () if two("merge", "into") => ("MERGE INTO", at + 2),
            () if word(at, "update") && !is_part_of_a_clause(tokens, at) => ("UPDATE", at + 1),
            () => continue,
        };
        let Some((schema, table)) = target(statement, after) else { continue };
        let what = format!("{verb} … {said} {}", label(&(schema.clone(), table.clone())));
        list.push(match said {
            "INSERT INTO" => Change::Fills { what, schema, table },
            "MERGE INTO" => Change::Merges { what, schema, table },
            _ => Change::Rows { what, schema, table },
        });
    }
    list
}

/// Whether UPDATE stands in `FOR NO KEY UPDATE`, `DO UPDATE SET` or `THEN UPDATE SET`.
fn is_part_of_a_clause(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_some_and(|token| ["for", "key", "do", "then", "on"].iter().any(|word| token.kind.is_word(word)))
}

/// The table that is named from this place on.
fn target(statement: &Statement, at: usize) -> Option<(Option<String>, String)> {
    let mut words = Words::of(statement);
    words.tokens = words.tokens.get(at..)?;
    let _ = words.eat("only");
    words.qualified()
}

/// What PREPARE makes ready, by its name.
pub(crate) fn prepared(statement: &Statement) -> Option<(String, Vec<Change>)> {
    let mut words = Words::of(statement);
    words.eat("prepare")?;
    let name = words.name()?;
    words.skip_to("as")?;
    let verb = format!("EXECUTE {name}");
    let mut list = nested(&verb, statement);
    list.extend(runs_in(&verb, words.tokens, statement.cut).map(|what| Change::Any { what }));
    Some((name, list))
}

/// The name of what EXECUTE runs, in whatever statement.
pub(crate) fn executed(statement: &Statement) -> Option<String> {
    let mut words = Words::of(statement);
    words.eat("execute").or_else(|| words.eat("create").and_then(|()| words.skip_to("execute")))?;
    words.name()
}

/// `CREATE TABLE … AS`
fn created(words: &mut Words<'_>) -> Option<Vec<Change>> {
    let _ = words.eat("unlogged");
    words.eat("table")?;
    words.if_not_exists();
    let (schema, table) = words.qualified()?;
    let mut depth = 0;
    // A list of columns can follow, and USING, WITH and the like.
    let is_query = words.tokens.iter().any(|token| {
        match &token.kind {
            TokenKind::Sign(b'(') => depth += 1,
            TokenKind::Sign(b')') => depth -= 1,
            _ => {}
        }
        depth == 0 && token.kind.is_word("as")
    }) && !takes_no_row(*words);
    let what = format!("CREATE TABLE {} AS", label(&(schema.clone(), table.clone())));
    is_query.then(|| vec![Change::Fills { what, schema, table }])
}

/// `… WITH NO DATA`, `… WHERE false` and `… LIMIT 0`, by which one makes a table like another.
fn takes_no_row(query: Words<'_>) -> bool {
    [&["with", "no", "data"] as &[&str], &["where", "false"], &["limit", "0"]].iter().any(|end| query.end_with(end))
}

/// A COPY of a file or a program on the server's side.
fn copied(words: &mut Words<'_>, statement: &Statement) -> Option<Vec<Change>> {
    // `COPY (INSERT … RETURNING …) TO stdout`
    if words.peek() == Some(&TokenKind::Sign(b'(')) {
        return Some([nested("COPY", statement), calls("COPY", statement).into_iter().collect()].concat());
    }
    let _ = words.eat("binary");
    let (schema, table) = words.qualified()?;
    words.skip_to("from")?;
    if words.eat("stdin").is_some() {
        return None;
    }
    let what = format!("COPY {} FROM a file or a program of the server", label(&(schema.clone(), table.clone())));
    Some(vec![Change::Fills { what, schema, table }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::{Item, Lexer};

    fn read(text: &str) -> Vec<String> {
        let Ok(Some(Item::Unfinished(statement))) = Lexer::of_text(text).next() else { panic!("{text}") };
        of(&statement)
            .into_iter()
            .map(|change| match change {
                Change::Rows { what, .. } => what,
                Change::Fills { what, .. } => format!("fills: {what}"),
                Change::Merges { what, .. } => format!("merges: {what}"),
                Change::Any { what } => format!("any: {what}"),
            })
            .collect()
    }

    #[test]
    fn what_changes_rows_is_known() {
        for (text, wanted) in [
            ("DELETE FROM ONLY public.t WHERE a = 1", "DELETE FROM public.t"),
            ("UPDATE \"T\" SET a = 1", "UPDATE T"),
            ("MERGE INTO s.t USING x ON true WHEN MATCHED THEN DELETE", "merges: MERGE INTO s.t"),
            ("TRUNCATE TABLE ONLY public.t RESTART IDENTITY", "TRUNCATE public.t"),
            ("TRUNCATE t CASCADE", "any: TRUNCATE … CASCADE"),
            ("DROP TABLE IF EXISTS public.t", "DROP TABLE public.t"),
            ("DROP SCHEMA s CASCADE", "any: DROP SCHEMA"),
            ("ALTER TABLE ONLY public.t RENAME TO u", "ALTER TABLE public.t RENAME"),
            ("ALTER TABLE public.t SET SCHEMA s", "ALTER TABLE public.t SET SCHEMA"),
            ("ALTER TABLE public.t ALTER COLUMN a TYPE text USING b", "ALTER TABLE public.t ALTER COLUMN … TYPE"),
            ("ALTER TABLE public.t DROP COLUMN a", "ALTER TABLE public.t DROP COLUMN"),
            ("DO $$ BEGIN END $$", "any: DO runs code"),
            ("CALL p()", "any: CALL runs a procedure"),
            ("WITH x AS (DELETE FROM ONLY t RETURNING *) SELECT 1", "WITH … DELETE FROM t"),
            (
                "WITH x AS (SELECT 1 FROM u FOR UPDATE) INSERT INTO public.t VALUES (1)",
                "fills: WITH … INSERT INTO public.t",
            ),
            ("WITH x AS (SELECT 1) MERGE INTO t USING x ON true", "merges: WITH … MERGE INTO t"),
            ("WITH x AS (SELECT 1) UPDATE s.t SET a = 1", "WITH … UPDATE s.t"),
            ("WITH x AS (SELECT purge('x')) SELECT 1", "any: WITH purge(…) runs a function"),
            ("(SELECT purge('x'))", "any: SELECT purge(…) runs a function"),
            ("COPY (DELETE FROM t RETURNING *) TO stdout", "COPY … DELETE FROM t"),
            ("SELECT a INTO UNLOGGED s.t FROM u", "fills: SELECT INTO s.t"),
            ("SELECT public.purge('x')", "any: SELECT purge(…) runs a function"),
            ("SELECT 1 FROM t, \"F\"(2)", "any: SELECT F(…) runs a function"),
            ("SELECT a INTO TABLE s.t FROM u", "fills: SELECT INTO s.t"),
            ("CREATE TABLE public.t (a, b) AS SELECT 1, 2", "fills: CREATE TABLE public.t AS"),
            ("CREATE TABLE t AS TABLE u", "fills: CREATE TABLE t AS"),
            ("COPY public.t FROM '/tmp/x'", "fills: COPY public.t FROM a file or a program of the server"),
            ("EXPLAIN ANALYZE SELECT 1", "any: EXPLAIN ANALYZE"),
        ] {
            assert_eq!(read(text), [wanted], "{text}");
        }
        assert_eq!(
            read("EXPLAIN (ANALYZE) INSERT INTO t SELECT 1"),
            ["fills: EXPLAIN ANALYZE … INSERT INTO t", "any: EXPLAIN ANALYZE"]
        );
        assert_eq!(read("TRUNCATE a, s.b"), ["TRUNCATE a", "TRUNCATE s.b"]);
        assert_eq!(read("DROP TABLE a, s.b"), ["DROP TABLE a", "DROP TABLE s.b"]);
    }

    #[test]
    fn an_insert_of_a_query_can_do_more_than_that() {
        let beside = |text: &str| -> usize {
            let Ok(Some(Item::Unfinished(rest))) = Lexer::of_text(text).next() else { panic!("{text}") };
            beside_an_insert(&rest).len()
        };
        assert_eq!(beside("INTO public.t (a, b) SELECT a, sum(b) FROM u GROUP BY a"), 0);
        assert_eq!(beside("INTO t WITH x AS (DELETE FROM u RETURNING *) SELECT * FROM x"), 1);
        assert_eq!(beside("INTO t SELECT move(a) FROM u"), 1);
        let long = format!("INTO t SELECT {} move(a) FROM u", "1,".repeat(9_000));
        assert_eq!(beside(&long), 1);
        assert_eq!(beside(&format!("INTO t SELECT {}1", "1,".repeat(MANY))), 1, "too long to be looked through");
    }

    const MANY: usize = 20_000;

    #[test]
    fn what_pg_dump_writes_changes_none() {
        for text in [
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "SELECT pg_catalog.setval('public.s', 5, true)",
            "SELECT pg_catalog.lo_create('16401')",
            "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180000'::integer)",
            "CREATE TABLE public.t (a integer DEFAULT 1, b text GENERATED ALWAYS AS (a) STORED)",
            "CREATE VIEW v AS SELECT f(1)",
            "ALTER TABLE ONLY public.t ADD CONSTRAINT k PRIMARY KEY (a)",
            "ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT nextval('s'::regclass)",
            "ALTER TABLE public.t ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 1)",
            "ALTER TABLE ONLY public.t ATTACH PARTITION public.u FOR VALUES IN (1)",
            "ALTER TABLE public.t OWNER TO x",
            "ALTER TABLE ONLY public.t DROP CONSTRAINT k",
            "ALTER DATABASE app SET x = 1",
            "ALTER DATABASE app RENAME TO app2",
            "DROP DATABASE IF EXISTS app",
            "COPY public.t (a) FROM stdin",
            "COPY public.t TO stdout",
            "REFRESH MATERIALIZED VIEW v",
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE t AS SELECT * FROM u WITH NO DATA",
            "CREATE TABLE t AS SELECT * FROM u WHERE false",
            "CREATE TABLE t AS SELECT * FROM u LIMIT 0",
            "WITH x AS (SELECT 1) SELECT * FROM x FOR NO KEY UPDATE",
            "WITH x AS MATERIALIZED (SELECT max(a) FROM generate_series(1, 9) AS a) SELECT * FROM x WHERE a IN (1)",
        ] {
            assert_eq!(read(text), Vec::<String>::new(), "{text}");
        }
    }
}
