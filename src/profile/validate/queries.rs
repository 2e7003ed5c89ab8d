//! Queries that can be distinguished and run, and tables whose rows can be counted.

use std::collections::HashMap;
use std::time::Duration;

use super::{Places, steps};
use crate::profile::yaml::{Step, display_path};
use crate::profile::{Checks, ProfileError, Query, names};

pub fn check(checks: &Checks, at: &Places<'_>) -> Result<(), ProfileError> {
    queries(&checks.queries, steps!["checks", "queries"], at);
    if let Some(role) = &checks.write_as {
        at.each(|| names::identifier(role, "role").map_err(|why| at.bad(steps!["checks", "write_as"], why)));
    }
    for (name, table) in &checks.tables {
        at.each(|| {
            let refused = |why: &str| at.bad_key(steps!["checks", "tables"], name, why);
            if name.trim().is_empty() {
                return Err(refused("a table needs a name"));
            }
            if name.contains(char::is_control) {
                return Err(refused("a table's name is one line of text"));
            }
            if !table.rows.fits_count() {
                let why =
                    "a number of rows is `empty`, `not empty`, a whole number or a comparison with one, such as `>= 1`";
                return Err(at.bad(steps!["checks", "tables", name, "rows"], why));
            }
            Ok(())
        });
    }
    Ok(())
}

/// Checks the queries of the list at `path`.
pub fn queries(queries: &[Query], path: &[Step<'_>], at: &Places<'_>) {
    let mut first_of_name = HashMap::new();
    for (index, query) in queries.iter().enumerate() {
        let at_query = |key: &'static str, why: String| {
            let whole: Vec<_> = path.iter().copied().chain([Step::Index(index), Step::Key(key)]).collect();
            at.bad(&whole, why)
        };
        at.each(|| {
            if query.name.trim().is_empty() {
                return Err(at_query("name", "a query needs a name: reports call it by that".into()));
            }
            if query.name.contains(char::is_control) {
                return Err(at_query("name", "a query's name is one line of text".into()));
            }
            if let Some(first) = first_of_name.insert(query.name.as_str(), index) {
                return Err(at_query("name", format!("already the name of {}[{first}]", display_path(path))));
            }
            if query.sql.trim().is_empty() {
                return Err(at_query("sql", "there is nothing to ask".into()));
            }
            if let Some(database) = &query.database {
                names::identifier(database, "database").map_err(|why| at_query("database", why))?;
            }
            if let Some(role) = &query.as_role {
                // Any name that the dump may bring, not only those of the profile.
                names::identifier(role, "role").map_err(|why| at_query("as", why))?;
            }
            if query.timeout.0 < SHORTEST || query.timeout.0 > LONGEST {
                return Err(at_query("timeout", "a query may take from 1ms to 24d".into()));
            }
            Ok(())
        });
    }
}

/// What `statement_timeout` takes: whole milliseconds in 31 bits; 0 would be no limit.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(24 * 86_400);
