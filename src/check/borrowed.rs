//! Extensions that a check needs and the dump does not have: made in a transaction that is never committed, so that no
//! other check and no dump sees them.

use super::catalog::words;
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session, TextRows};
use crate::finding::mask::Mask;

/// The session is in a transaction for as long as this is used; [`give_back`](Borrowed::give_back) ends it.
pub(super) struct Borrowed<'s> {
    session: &'s Session,
    /// Where the extension's functions are, as SQL writes it.
    pub schema: String,
    version: String,
}

impl<'s> Borrowed<'s> {
    /// Begins a transaction in which the extension is there; the error says why it cannot be, and leaves none.
    pub async fn of(session: &'s Session, extension: &str) -> Result<Result<Self, String>, ClusterError> {
        let sql = "SELECT default_version::text,
                          (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                           WHERE e.extname = name),
                          (SELECT extversion FROM pg_extension WHERE extname = name)
                   FROM pg_available_extensions WHERE name = $1::text";
        let rows = session.query(sql, &[&extension], "cannot ask for an extension").await?;
        let Some(row) = rows.first() else {
            return Ok(Err(format!("the image has no {extension}")));
        };
        let (available, own_schema, own_version): (String, Option<String>, Option<String>) =
            (row.get(0), row.get(1), row.get(2));
        let has_event_triggers = !session.server_major().await?.lacks_setting("event_triggers");
        // The dump's event triggers are none of a check's business.
        let begin = "BEGIN READ WRITE; SET LOCAL session_replication_role = replica";
        session.batch(begin, "cannot begin a transaction").await?;
        if has_event_triggers {
            session.batch("SET LOCAL event_triggers = off", "cannot begin a transaction").await?;
        }
        let (schema, version) = match (own_schema, own_version) {
            (Some(schema), Some(version)) => (identifier(&schema), version),
            _ => {
                // No dump has a schema of this name.
                let schema = identifier(&format!("pgrehearse {extension}"));
                let sql = format!("CREATE SCHEMA {schema}; CREATE EXTENSION {} SCHEMA {schema}", identifier(extension));
                if let Err(error) = session.client().batch_execute(&sql).await {
                    session.batch("ROLLBACK", "cannot end a transaction").await?;
                    let said = words(&Mask::of_postgres().with_name(extension), &error);
                    return Ok(Err(format!("{extension} cannot be created: {said}")));
                }
                (schema, available)
            }
        };
        session.batch("SAVEPOINT look", "cannot set a savepoint").await?;
        Ok(Ok(Self { session, schema, version }))
    }

    /// Sets something for all that is asked from now on.
    pub async fn set(&self, statement: &str) -> Result<(), ClusterError> {
        self.session.batch(&format!("{statement}; SAVEPOINT look"), "cannot prepare a transaction").await
    }

    /// Asks one thing after another; whatever one of them does or fails with is undone before the next.
    pub async fn ask(&self, queries: impl Iterator<Item = String>) -> Vec<Result<TextRows, tokio_postgres::Error>> {
        let back = || "ROLLBACK TO SAVEPOINT look".to_owned();
        let statements: Vec<String> = queries.flat_map(|query| [query, back()]).collect();
        // Every second answer is that of the way back.
        self.session.pipelined(&statements).await.into_iter().step_by(2).collect()
    }

    /// Ends the transaction.
    pub async fn give_back(self) -> Result<(), ClusterError> {
        self.session.batch("ROLLBACK", "cannot end a transaction").await
    }

    /// Whether the extension is of this version or newer: `1.4` is of 1.4, and so is `1.10`.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        is_at_least(&self.version, (major, minor))
    }
}

fn is_at_least(version: &str, least: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= least
}

#[cfg(test)]
mod tests {
    use super::is_at_least;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(is_at_least("1.4", (1, 4)) && is_at_least("1.10", (1, 4)) && is_at_least("2.0", (1, 4)));
        assert!(!is_at_least("1.3", (1, 4)) && !is_at_least("1", (1, 4)) && !is_at_least("", (1, 4)));
    }
}
