//! What a restore met in the databases, as far as its failures ask for it: rows collide with rows, and objects are there
//! already, for reasons that the failure itself does not show.

use std::collections::{BTreeMap, BTreeSet};

use super::Failure;
use super::qualified::{name_at, table_of};

/// What was there, and what is. Names are those of the server: schema and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Whether the target has objects of its own in the database that is restored into.
    pub has_own: bool,
    /// Tables that had rows before the restore.
    pub filled_before: BTreeSet<(String, String)>,
    /// Tables of failed statements that have rows now.
    pub filled_now: BTreeSet<(String, String)>,
    /// Objects that an extension has created, and its name.
    pub of_extension: BTreeMap<(String, String), String>,
    /// The schema of functions that a failure names without it, where one alone has a function of that name.
    pub schema_of_routine: BTreeMap<String, String>,
}

/// What is to be asked of the databases after a restore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// Databases in which something was there already.
    pub databases: BTreeSet<String>,
    /// Tables into which rows did not go, by database: schema and name.
    pub tables: BTreeSet<(String, String, String)>,
    /// Functions whose schema a failure does not name, by database.
    pub routines: BTreeMap<String, BTreeSet<String>>,
}

/// Tables that are asked for; where every table of a dump fails, the rest shows nothing more.
const MOST_TABLES: usize = 200;

impl Questions {
    /// What these failures leave open.
    pub fn of(failures: &[Failure]) -> Self {
        let mut ask = Self::default();
        for failure in failures {
            let Some(database) = &failure.database else { continue };
            if let Some(name) = bare_routine(&failure.running()) {
                ask.routines.entry(database.clone()).or_default().insert(name);
            }
            let collides = failure.is("23505") || failure.is("23P01");
            // Duplicate table, object, function, schema.
            let exists = ["42P07", "42710", "42723", "42P06"].iter().any(|state| failure.is(state));
            if collides || exists {
                ask.databases.insert(database.clone());
            }
            if collides
                && ask.tables.len() < MOST_TABLES
                && let Some((schema, table)) = table_of(failure)
            {
                ask.tables.insert((database.clone(), schema, table));
            }
        }
        ask
    }
}

/// The name of a function that the server names without its schema, `f(integer)`: its search path finds it.
pub(super) fn bare_routine(function: &str) -> Option<String> {
    let mut parts = name_at(function)?;
    parts.pop().filter(|_| parts.is_empty())
}
