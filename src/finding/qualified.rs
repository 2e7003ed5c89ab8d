//! Names of objects at the beginning of a text, and in a statement that failed.

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

/// That table, as `schema.table`.
pub(super) fn table_name(failure: &Failure) -> Option<String> {
    table_of(failure).map(|(schema, table)| format!("{schema}.{table}"))
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
            table_name(&Failure { statement: Some(statement.into()), ..Failure::default() }).unwrap_or_default()
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
}
