//! Names of objects at the beginning of a text, and in a statement that failed.

use pgdump_reader::{Naming, OBJECT_KINDS};

use super::Failure;

/// The name at the beginning of a text, part by part and without its quotes: `public."Odd ""one"""` has two.
pub(super) fn name_at(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut end = 0;
                loop {
                    end += quoted.get(end..)?.find('"')?;
                    if !quoted[end + 1..].starts_with('"') {
                        break;
                    }
                    end += 2;
                }
                (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
            }
            None => {
                let end = rest.find(|c: char| c.is_whitespace() || "(),;.".contains(c)).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        parts.push(part);
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None => break,
        }
    }
    (!parts.iter().all(String::is_empty)).then_some(parts)
}

/// The table that a statement writes rows into or puts a key on.
pub(super) fn table_of(failure: &Failure) -> Option<(String, String)> {
    let statement = failure.statement.as_deref()?.trim_start();
    let rest = ["COPY ", "INSERT INTO ", "ALTER TABLE ONLY ", "ALTER TABLE "]
        .iter()
        .find_map(|start| statement.strip_prefix(start))
        .or_else(|| statement.strip_prefix("CREATE ").and_then(|rest| Some(rest.split_once(" ON ")?.1)))?;
    relation_at(rest.strip_prefix("ONLY ").unwrap_or(rest))
}

/// Schema and name of the relation at the beginning of a text.
pub(super) fn relation_at(text: &str) -> Option<(String, String)> {
    let mut parts = name_at(text)?;
    let name = parts.pop()?;
    Some((parts.pop().unwrap_or_else(|| "public".into()), name))
}

/// The parts of a name as its schema and itself, where it has one.
pub(super) fn schema_and_name(mut parts: Vec<String>) -> Option<(String, String)> {
    let name = parts.pop()?;
    Some((parts.pop()?, name))
}

/// The table that `ALTER TABLE … ADD … FOREIGN KEY (…) REFERENCES table(…)` points to.
pub(super) fn referenced_table(failure: &Failure) -> Option<String> {
    let (_, table) = failure.statement.as_deref()?.split_once(" REFERENCES ")?;
    Some(name_at(table)?.join("."))
}

/// What a `CREATE` statement would have made, or a `COPY` or a `REFRESH` filled, by the parts of its name. Text that is no SQL
/// takes the statement with it that follows.
pub(super) fn made_by(statement: &str) -> Option<Vec<String>> {
    let statement = statement.trim_start();
    let starts = ["COPY ", "REFRESH MATERIALIZED VIEW CONCURRENTLY ", "REFRESH MATERIALIZED VIEW "];
    if let Some(rest) = starts.iter().find_map(|start| statement.strip_prefix(start)) {
        return name_at(rest);
    }
    let begins = statement.starts_with(|c: char| c.is_ascii_uppercase());
    let statement = match statement.find("\nCREATE ") {
        Some(at)
            if !statement.starts_with("CREATE ") && (!begins || !pgdump_reader::begins_with_command(statement)) =>
        {
            &statement[at + 1..]
        }
        _ => statement,
    };
    let mut rest = statement.strip_prefix("CREATE ")?;
    loop {
        let (word, after) = rest.trim_start().split_once(char::is_whitespace)?;
        rest = after.trim_start();
        if is_last_of_kind(word) {
            break;
        }
        // Words before the kind are in capitals; a name comes after it.
        if !word.chars().all(|letter| letter.is_ascii_uppercase()) {
            return None;
        }
    }
    while let Some((word, after)) = rest.split_once(char::is_whitespace)
        && ["IF", "NOT", "EXISTS", "CLASS", "FAMILY"].contains(&word)
    {
        rest = after.trim_start();
    }
    name_at(rest)
}

/// Whether a name follows this word of a `CREATE` statement: `METHOD` of an `ACCESS METHOD`. What is named on its table is not
/// known by its name alone.
fn is_last_of_kind(word: &str) -> bool {
    let mut named = OBJECT_KINDS.iter().filter(|kind| matches!(kind.naming, Some(Naming::InSchema | Naming::Alone)));
    named.any(|kind| kind.sql.rsplit(' ').next() == Some(word))
}

/// The parts of the names in `ALTER TABLE ONLY public.p ATTACH PARTITION public.p1 …`: of the table and of its partition.
pub(super) fn attaches(definition: &str) -> Option<(Vec<String>, Vec<String>)> {
    let (parent, part) = definition.split_once(" ATTACH PARTITION ")?;
    let parent = parent.trim_start().strip_prefix("ALTER TABLE ONLY ")?;
    Some((name_at(parent)?, name_at(part)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_whatever_they_hold() {
        let parts = |text: &str| name_at(text).unwrap_or_default().join("|");
        assert_eq!(parts("public.orders (id integer)"), "public|orders");
        assert_eq!(parts("\"Odd \"\"one\"\". ; DROP\".\"x.y\"(a)"), "Odd \"one\". ; DROP|x.y");
        assert_eq!(parts("orders;"), "orders");
        assert_eq!(name_at("\"never ends"), None);
        assert_eq!(name_at(""), None);
    }

    #[test]
    fn the_table_of_a_statement_is_read_from_it() {
        let of = |statement: &str| {
            let failure = Failure { statement: Some(statement.into()), ..Failure::default() };
            table_of(&failure).map(|(schema, table)| format!("{schema}.{table}")).unwrap_or_default()
        };
        for (statement, table) in [
            ("COPY auth.users (id, email) FROM stdin;", "auth.users"),
            ("INSERT INTO \"Odd one\".t VALUES (1);", "Odd one.t"),
            ("ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (id);", "public.t"),
            ("CREATE UNIQUE INDEX i ON a.t USING btree (id);", "a.t"),
            ("CREATE POLICY p ON cron.job USING (true);", "cron.job"),
            ("SELECT 1", ""),
        ] {
            assert_eq!(of(statement), table, "{statement}");
        }
    }

    #[test]
    fn what_a_statement_makes_is_known_by_its_name() {
        let made = |statement: &str| made_by(statement).map(|parts| parts.join("."));
        assert_eq!(made("CREATE UNLOGGED TABLE a.b (c integer)").as_deref(), Some("a.b"));
        assert_eq!(made("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;").as_deref(), Some("vector"));
        assert_eq!(made("CREATE MATERIALIZED VIEW a.\"TABLE x\" AS").as_deref(), Some("a.TABLE x"));
        assert_eq!(made("CREATE TEXT SEARCH DICTIONARY a.b (TEMPLATE = c)").as_deref(), Some("a.b"));
        assert_eq!(made("CREATE OPERATOR FAMILY a.b USING btree;").as_deref(), Some("a.b"));
        assert_eq!(made("CREATE EVENT TRIGGER a ON ddl_command_end").as_deref(), Some("a"));
        for of_others in ["CREATE INDEX a ON b.c USING btree (d);", "CREATE CAST (a AS b) WITHOUT FUNCTION;"] {
            assert_eq!(made(of_others), None, "{of_others}");
        }
        assert_eq!(made("COPY a.b (c) FROM stdin;").as_deref(), Some("a.b"));
        assert_eq!(made("ALTER TABLE a.b OWNER TO c;"), None);
        assert_eq!(made("CREATE"), None);
    }
}
