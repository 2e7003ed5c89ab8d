//! A connection to a sandbox's server.

use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use super::ClusterError;
use crate::engine::Sandbox;

/// What pgrehearse's own connections are called in the server's log, by which they are told from the restore's.
pub const APPLICATION_NAME: &str = "pgrehearse";

/// A connection of pgrehearse's own: to look, never to restore.
pub struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

impl Session {
    /// Connects with `search_path` set to `pg_catalog` alone, so that no function of the dump can stand in for one of
    /// the server's.
    ///
    /// # Errors
    /// When the sandbox is gone or the server refuses.
    pub async fn open(sandbox: &dyn Sandbox, user: &str, database: &str) -> Result<Session, ClusterError> {
        let session = Self::open_as_application(sandbox, user, database).await?;
        session.batch("SET search_path = pg_catalog", "cannot prepare a connection").await?;
        Ok(session)
    }

    /// Connects with the settings of the database and the role, as an application would.
    ///
    /// # Errors
    /// When the sandbox is gone or the server refuses.
    pub async fn open_as_application(
        sandbox: &dyn Sandbox,
        user: &str,
        database: &str,
    ) -> Result<Session, ClusterError> {
        let pipe = sandbox.connect().await?;
        let (client, connection) = tokio_postgres::Config::new()
            .user(user)
            .dbname(database)
            .application_name(APPLICATION_NAME)
            .connect_raw(pipe, NoTls)
            .await
            .map_err(|error| refused(&format!("cannot connect to database {database:?} as {user:?}"), &error))?;
        // Ends when the client is dropped, or the server goes away, which the client's next call reports.
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Session { client, connection })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Runs statements that return nothing of interest.
    ///
    /// # Errors
    /// The first statement's that the server refuses; `step` says for people what was tried.
    pub async fn batch(&self, sql: &str, step: &str) -> Result<(), ClusterError> {
        self.client.batch_execute(sql).await.map_err(|error| refused(step, &error))
    }

    /// Runs one query.
    ///
    /// # Errors
    /// When the server refuses it; `step` says for people what was asked.
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
        step: &str,
    ) -> Result<Vec<tokio_postgres::Row>, ClusterError> {
        self.client.query(sql, parameters).await.map_err(|error| refused(step, &error))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// A server's refusal in its own words, without detail, which can hold row values.
pub fn refused(step: &str, error: &tokio_postgres::Error) -> ClusterError {
    let reason = match error.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => {
            let mut reason = error.to_string();
            if let Some(source) = std::error::Error::source(error) {
                reason = format!("{reason}: {source}");
            }
            reason
        }
    };
    ClusterError::Refused { step: step.to_owned(), reason }
}
