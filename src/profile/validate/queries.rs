//! Queries that can be told apart and asked.

use std::collections::HashMap;

use super::{Places, names, steps};
use crate::profile::{ProfileError, Query};

pub fn check(queries: &[Query], at: &Places<'_>) -> Result<(), ProfileError> {
    let mut first_of_name = HashMap::new();
    for (index, query) in queries.iter().enumerate() {
        let at_query = |key: &'static str, why: String| at.bad(steps!["checks", "queries", index, key], why);
        if query.name.trim().is_empty() {
            return Err(at_query("name", "a query needs a name: reports call it by that".into()));
        }
        if query.name.contains(char::is_control) {
            return Err(at_query("name", "a query's name is one line of text".into()));
        }
        if let Some(first) = first_of_name.insert(query.name.as_str(), index) {
            return Err(at_query("name", format!("already the name of checks.queries[{first}]")));
        }
        if query.sql.trim().is_empty() {
            return Err(at_query("sql", "there is nothing to ask".into()));
        }
        if let Some(database) = &query.database {
            names::identifier(database, "database").map_err(|why| at_query("database", why))?;
        }
    }
    Ok(())
}
