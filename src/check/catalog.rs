//! What checks that read the catalog share.

use super::Restored;
use crate::cluster::ClusterError;
use crate::cluster::sql::identifier;
use crate::finding::Finding;
use crate::finding::mask::Mask;

/// Objects that one finding names in its evidence.
pub(super) const MOST_NAMED: usize = 5;

/// The condition that a relation is of the dump: `class` and `schema` are what a query calls its `pg_class` and
/// `pg_namespace`. What the server or an extension brings is not the dump's.
pub(super) fn of_dump(class: &str, schema: &str) -> String {
    format!(
        "{class}.relpersistence <> 't' AND {schema}.nspname NOT IN ('pg_catalog', 'information_schema') \
         AND {schema}.nspname !~ '^pg_(toast|temp)' \
         AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = {class}.oid \
         AND e.objsubid = 0 AND e.deptype = 'e')"
    )
}

/// Whether the restore has failed with errors, which explain what is not there or not filled.
pub(super) fn restore_failed(restored: &Restored<'_>) -> bool {
    restored.restore_findings.iter().any(Finding::fails)
}

/// `public.orders`, in SQL.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// The server's words without what can hold values, and its SQLSTATE.
pub(super) fn words(mask: &Mask<'_>, error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} ({})", mask.refusal(error), error.code().code()),
        None => error.to_string(),
    }
}

/// The end of the server's process, where an answer about an object is that.
pub(super) fn killed(error: &tokio_postgres::Error, object: &str) -> Result<(), ClusterError> {
    match crate::cluster::is_lost(error) {
        true => Err(ClusterError::Killed { object: object.to_owned() }),
        false => Ok(()),
    }
}

pub(super) fn sqlstate(error: &tokio_postgres::Error) -> &str {
    error.code().map_or("", |code| code.code())
}

/// The first few, and how many there are beyond.
pub(super) fn first_few(all: Vec<String>) -> Vec<String> {
    let more = all.len().saturating_sub(MOST_NAMED);
    let mut few: Vec<String> = all.into_iter().take(MOST_NAMED).collect();
    if more > 0 {
        few.push(format!("and {more} more"));
    }
    few
}
