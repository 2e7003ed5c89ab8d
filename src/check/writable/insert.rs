//! Many statements, each tried alone, in few round trips.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio_postgres::SimpleQueryMessage;

use crate::cluster::{ClusterError, Session, refused};
use crate::finding::mask::Voice;

/// What came of a statement.
#[derive(Debug, Clone)]
pub enum Tried {
    /// How many rows it wrote.
    Wrote(u64),
    Refused(Refused),
}

/// Why the server refused it. Detail and context can hold row values and are not kept.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    pub sqlstate: String,
    pub message: String,
    /// The server's own function that complained, which is the same in every language.
    pub routine: Option<String>,
    pub voice: Voice,
    pub schema: Option<String>,
    pub table: Option<String>,
    pub constraint: Option<String>,
}

/// How long one statement may take, and wait for a lock.
pub const STATEMENT_TIMEOUT: &str = "30s";
const LOCK_TIMEOUT: &str = "10s";

/// Statements on their way at the same time.
const AHEAD: usize = 64;

/// Tries each statement inside one transaction that is rolled back. Each begins where the first one did: a savepoint is
/// gone back to in the same message, so that no statement sees another's doings, no lock is kept, and their order does not
/// matter.
///
/// # Errors
/// When the connection fails.
pub async fn try_all(session: &Session, statements: &[String]) -> Result<Vec<Tried>, ClusterError> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let begin = format!(
        "BEGIN; SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; \
         SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT pgrehearse"
    );
    session.batch(&begin, STEP).await?;
    let tries: Vec<BoxFuture<'_, Result<Tried, ClusterError>>> =
        statements.iter().map(|statement| -> BoxFuture<'_, _> { Box::pin(try_one(session, statement)) }).collect();
    let tried = stream::iter(tries).buffered(AHEAD).try_collect().await;
    session.batch("ROLLBACK", STEP).await?;
    tried
}

const STEP: &str = "cannot try to write";

async fn try_one(session: &Session, statement: &str) -> Result<Tried, ClusterError> {
    let sql = format!("ROLLBACK TO SAVEPOINT pgrehearse; {statement}");
    let error = match session.client().simple_query(&sql).await {
        Ok(messages) => {
            let rows = messages.iter().rev().find_map(|message| match message {
                SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                _ => None,
            });
            return Ok(Tried::Wrote(rows.unwrap_or_default()));
        }
        Err(error) => error,
    };
    let Some(of_server) = error.as_db_error() else { return Err(refused(STEP, &error)) };
    Ok(Tried::Refused(Refused {
        sqlstate: of_server.code().code().to_owned(),
        message: of_server.message().to_owned(),
        routine: of_server.routine().map(str::to_owned),
        voice: Voice::of(of_server.routine().unwrap_or_default(), of_server.file().unwrap_or_default()),
        schema: of_server.schema().map(str::to_owned),
        table: of_server.table().map(str::to_owned),
        constraint: of_server.constraint().map(str::to_owned),
    }))
}
