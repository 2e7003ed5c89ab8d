//! One query for each important table.

use std::collections::HashSet;

use pgdump_reader::{Facts, TableData};

use super::text::quoted;
use crate::cluster::sql::identifier;

/// Words that are reserved, or reserved except as functions or types (src/include/parser/kwlist.h, PostgreSQL 18).
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// How many tables get a query: a set that one reads.
const MOST: usize = 8;

/// What must hold of the tables that hold the most, as a profile writes it; nothing where the dump holds no rows.
///
/// An archive is one database, whatever it is restored into; text can hold several.
pub fn of(facts: &Facts, one_database: bool) -> String {
    let mut tables: Vec<&TableData> =
        facts.tables.iter().filter(|table| table.rows.is_some_and(|rows| rows > 0)).collect();
    tables.sort_by(|a, b| {
        let by_size = (b.rows, b.bytes).cmp(&(a.rows, a.bytes));
        by_size.then_with(|| (&a.database, &a.schema, &a.name).cmp(&(&b.database, &b.schema, &b.name)))
    });
    if tables.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "checks:\n  # The tables with the most rows: at least half of what they held when this was written. Make of it what \
         must always\n  # hold: yesterday's orders are there, no order is without a customer, the newest row is not old.\n  \
         queries:\n",
    );
    let mut names = HashSet::new();
    for table in tables.into_iter().take(MOST) {
        let rows = table.rows.unwrap_or_default();
        let shown = match &table.schema {
            Some(schema) => format!("{schema}.{}", table.name),
            None => table.name.clone(),
        };
        let database = table.database.as_ref().filter(|_| !one_database);
        let called = match database {
            Some(database) => format!("{database}: {shown} has rows"),
            None => format!("{shown} has rows"),
        };
        // One line, and no variable of the environment.
        let mut called = called.replace(|c: char| c.is_control(), " ").replace("${", "$${");
        while !names.insert(called.clone()) {
            called.push('+');
        }
        let from = match &table.schema {
            Some(schema) => format!("{}.{}", name(schema), name(&table.name)),
            None => name(&table.name),
        };
        text.push_str(&format!("    - name: {}\n", quoted(&called)));
        text.push_str(&format!("      sql: {}\n", quoted(&format!("SELECT count(*) FROM {from}"))));
        text.push_str(&format!("      expect: {}\n", quoted(&format!(">= {}", rows.div_ceil(2)))));
        if let Some(database) = database {
            text.push_str(&format!("      database: {}\n", quoted(&database.replace("${", "$${"))));
        }
    }
    text
}

/// A name in SQL, quoted where it has to be or could be a keyword.
fn name(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    match plain && !RESERVED.contains(&name) {
        true => name.to_owned(),
        false => identifier(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(schema: &str, name: &str, rows: u64) -> TableData {
        TableData {
            database: Some("d".into()),
            schema: Some(schema.into()),
            name: name.into(),
            has_data: rows > 0,
            rows: Some(rows),
            bytes: 0,
            created: true,
        }
    }

    #[test]
    fn the_tables_with_the_most_rows_get_a_query_each() {
        let mut tables: Vec<TableData> = (1..=20).map(|rows| table("shop", &format!("t{rows}"), rows)).collect();
        tables.push(table("shop", "empty", 0));
        tables.push(table("My \"schema\"", "order", 1001));
        let text = of(&Facts { tables, ..Facts::default() }, true);
        assert_eq!(text.matches("sql:").count(), MOST);
        assert!(text.contains(r#"SELECT count(*) FROM \"My \"\"schema\"\"\".\"order\""#), "{text}");
        assert!(text.contains(">= 501\""), "half of it, rounded up: {text}");
        assert!(
            text.contains("shop.t20 has rows") && !text.contains("shop.t13 ") && !text.contains("database:"),
            "{text}"
        );
    }

    #[test]
    fn without_rows_there_is_nothing_to_ask() {
        let tables = vec![table("shop", "empty", 0)];
        assert_eq!(of(&Facts { tables, ..Facts::default() }, true), "");
    }
}
