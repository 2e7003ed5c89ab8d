//! Which statements of a script change rows that are there already, or make some that stand nowhere in its text.
//!
//! pg_dump writes none of them after rows. What they do cannot be told without running them, so it is only told what they
//! can touch.

use super::lexer::{Statement, TokenKind};
use super::words::Words;

/// What a statement can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// The rows of a table that are there by then.
    Rows { what: String, schema: Option<String>, table: String },
    /// Rows of a table that stand nowhere in the text.
    Fills { what: String, schema: Option<String>, table: String },
    /// Rows of any table of the database.
    Any { what: String },
}

/// Functions in a SELECT of pg_dump, which change no rows.
const HARMLESS: &[&str] = &[
    "set_config",
    "setval",
    "lo_open",
    "lo_create",
    "lowrite",
    "lo_close",
    "lo_from_bytea",
    "lo_put",
    "pg_restore_relation_stats",
    "pg_restore_attribute_stats",
    "pg_restore_extended_stats",
    "pg_extension_config_dump",
    "now",
    "count",
    "version",
    "current_database",
    "current_setting",
    "pg_sleep",
    "format",
];

/// What a statement changes; nothing where it is one of those that pg_dump writes.
pub(super) fn of(statement: &Statement) -> Vec<Change> {
    let mut words = Words::of(statement);
    changes(&mut words, statement).unwrap_or_default()
}

fn changes(words: &mut Words<'_>, statement: &Statement) -> Option<Vec<Change>> {
    let any = |what: &str| Some(vec![Change::Any { what: what.to_owned() }]);
    let rows = |what: &str, table: (Option<String>, String)| Change::Rows {
        what: format!("{what} {}", label(&table)),
        schema: table.0,
        table: table.1,
    };
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
            Some(vec![rows("MERGE INTO", words.qualified()?)])
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
        "with" => any("WITH can change rows"),
        "explain" => {
            statement.tokens.iter().any(|token| token.kind.is_word("analyze")).then(|| any("EXPLAIN ANALYZE"))?
        }
        "select" | "values" | "table" => selected(words, statement),
        "create" => created(words),
        "copy" => copied(words),
        _ => None,
    }
}

fn label((schema, name): &(Option<String>, String)) -> String {
    match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name.clone(),
    }
}

fn if_exists(words: &mut Words<'_>) {
    if words.eat("if").is_some() {
        let _ = words.eat("exists");
    }
}

fn dropped(words: &mut Words<'_>) -> Option<Vec<Change>> {
    let any = |what: &str| Some(vec![Change::Any { what: what.to_owned() }]);
    let _ = words.eat("foreign");
    match words.word()? {
        "table" => {
            if_exists(words);
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
            if_exists(words);
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

/// A query that calls functions of which nothing is known, or makes a table.
fn selected(words: &mut Words<'_>, statement: &Statement) -> Option<Vec<Change>> {
    let mut into = *words;
    if into.skip_to("into").is_some() {
        let _ = into.eat("unlogged");
        let _ = into.eat("table");
        if let Some((schema, table)) = into.qualified() {
            let what = format!("SELECT INTO {}", label(&(schema.clone(), table.clone())));
            return Some(vec![Change::Fills { what, schema, table }]);
        }
    }
    let tokens = statement.tokens.iter().map(|token| &token.kind);
    let mut called = tokens.clone().zip(tokens.skip(1)).filter_map(|(name, next)| match (name, next) {
        (TokenKind::Word(name) | TokenKind::Name(name), TokenKind::Sign(b'(')) => Some(name.as_str()),
        _ => None,
    });
    const WORDS: &[&str] =
        &["select", "from", "where", "in", "values", "and", "or", "not", "as", "exists", "cast", "on"];
    let unknown = called.find(|name| !HARMLESS.contains(name) && !WORDS.contains(name))?;
    // What sets a setting to something that is no constant is told where it is read.
    Some(vec![Change::Any { what: format!("SELECT {unknown}(…) runs a function") }])
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
    });
    let what = format!("CREATE TABLE {} AS", label(&(schema.clone(), table.clone())));
    is_query.then(|| vec![Change::Fills { what, schema, table }])
}

/// A COPY of a file or a program on the server's side.
fn copied(words: &mut Words<'_>) -> Option<Vec<Change>> {
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
    use super::super::lexer::{Item, Lexer};
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let Ok(Some(Item::Unfinished(statement))) = Lexer::of_text(text).next() else { panic!("{text}") };
        of(&statement)
            .into_iter()
            .map(|change| match change {
                Change::Rows { what, .. } => what,
                Change::Fills { what, .. } => format!("fills: {what}"),
                Change::Any { what } => format!("any: {what}"),
            })
            .collect()
    }

    #[test]
    fn what_changes_rows_is_known() {
        for (text, wanted) in [
            ("DELETE FROM ONLY public.t WHERE a = 1", "DELETE FROM public.t"),
            ("UPDATE \"T\" SET a = 1", "UPDATE T"),
            ("MERGE INTO s.t USING x ON true WHEN MATCHED THEN DELETE", "MERGE INTO s.t"),
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
            ("WITH x AS (DELETE FROM t RETURNING *) SELECT 1", "any: WITH can change rows"),
            ("SELECT public.purge('x')", "any: SELECT purge(…) runs a function"),
            ("SELECT 1 FROM t, \"F\"(2)", "any: SELECT F(…) runs a function"),
            ("SELECT a INTO TABLE s.t FROM u", "fills: SELECT INTO s.t"),
            ("CREATE TABLE public.t (a, b) AS SELECT 1, 2", "fills: CREATE TABLE public.t AS"),
            ("CREATE TABLE t AS TABLE u", "fills: CREATE TABLE t AS"),
            ("COPY public.t FROM '/tmp/x'", "fills: COPY public.t FROM a file or a program of the server"),
            ("EXPLAIN (ANALYZE) DELETE FROM t", "any: EXPLAIN ANALYZE"),
        ] {
            assert_eq!(read(text), [wanted], "{text}");
        }
        assert_eq!(read("TRUNCATE a, s.b"), ["TRUNCATE a", "TRUNCATE s.b"]);
        assert_eq!(read("DROP TABLE a, s.b"), ["DROP TABLE a", "DROP TABLE s.b"]);
    }

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
        ] {
            assert_eq!(read(text), Vec::<String>::new(), "{text}");
        }
    }
}
