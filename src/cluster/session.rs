//! A connection to a sandbox's server.

use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{ClusterError, Said};
use crate::engine::Sandbox;
use crate::postgres::Major;

/// What pgrehearse's own connections are called in the server's log, by which they are distinguished from the restore's.
pub const APPLICATION_NAME: &str = "pgrehearse";

/// A connection of pgrehearse's own: to look, never to restore.
pub struct Session {
    client: Client,
    /// `None` when it is about to end.
    connection: Option<JoinHandle<()>>,
    /// How many of [`Session::pipelined`] may be under way.
    at_once: usize,
}

/// So many statements under way keep both sides busy.
const AT_ONCE: usize = 256;

/// What `ALTER DATABASE … SET` and `ALTER ROLE … SET` of a dump must not decide where pgrehearse looks: which functions are
/// meant, who asks, how statements are read, when they end, and how values are written (src/backend/utils/misc/guc_tables.c,
/// PostgreSQL 13 to 18).
pub const OWN_SETTINGS: &str = "
SET search_path = pg_catalog; SET ROLE NONE; SET session_replication_role = origin; SET row_security = on;
SET standard_conforming_strings = on; SET transform_null_equals = off; SET array_nulls = on; SET backslash_quote = safe_encoding;
SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
SELECT set_config(name, '0', false) FROM (VALUES ('transaction_timeout'), ('idle_session_timeout')) AS since_14_and_17 (name)
WHERE current_setting(name, true) IS NOT NULL;
SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;
SET default_transaction_deferrable = off; SET gin_fuzzy_search_limit = 0;
SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex';
SET extra_float_digits = 3; SET quote_all_identifiers = off; SET xmloption = content; SET lc_monetary = 'C'";

impl Session {
    /// Connects with [`OWN_SETTINGS`], whatever the database and the role say. `search_path` is `pg_catalog` alone, so
    /// that no function of the dump can stand in for one of the server's.
    ///
    /// # Errors
    /// When the sandbox is gone or the server refuses.
    pub async fn open(sandbox: &dyn Sandbox, user: &str, database: &str) -> Result<Session, ClusterError> {
        let session = Self::open_as_application(sandbox, user, database).await?;
        session.batch(OWN_SETTINGS, "cannot prepare a connection").await?;
        Ok(session)
    }

    /// The server's version as it reports it: `17.6 (Debian 17.6-1)`.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn server_version(&self) -> Result<String, ClusterError> {
        self.version("current_setting('server_version')").await.map(Option::unwrap_or_default)
    }

    /// The major version of the server.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn server_major(&self) -> Result<Major, ClusterError> {
        let number: Option<i32> = self.version("current_setting('server_version_num')::int").await?;
        Ok(Major(u16::try_from(number.unwrap_or_default() / 10_000).unwrap_or_default()))
    }

    async fn version<T>(&self, expression: &str) -> Result<Option<T>, ClusterError>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let rows = self.query(&format!("SELECT {expression}"), &[], "cannot ask for the version").await?;
        Ok(rows.first().map(|row| row.get(0)))
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
        let connected = Self::connect(sandbox, user, database).await?;
        connected.map_err(|error| refused(&cannot_connect(user, database), &error))
    }

    /// Connects as a role that the dump may have brought, with what an application that is this role would have. A role
    /// that can log in connects itself, and the server applies what `ALTER ROLE … SET` and `ALTER DATABASE … SET` say
    /// (`process_settings`, src/backend/utils/init/postinit.c). For one that cannot, the superuser connects and runs
    /// `SET ROLE`, as a member of it would after its own login; `ALTER ROLE … SET` of such a role applies to nobody.
    ///
    /// # Errors
    /// When the sandbox is gone. What the server has against the role is the inner error.
    pub async fn open_as_role(
        sandbox: &dyn Sandbox,
        superuser: &Session,
        superuser_name: &str,
        role: &str,
        database: &str,
    ) -> Result<Result<Session, Refusal>, ClusterError> {
        let sql = "SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = $1";
        let rows = superuser.query(sql, &[&role], "cannot look for a role").await?;
        let Some(can_log_in) = rows.first().map(|row| row.get::<_, bool>(0)) else {
            return Ok(Err(Refusal::NoRole(role.to_owned())));
        };
        let refusal = |error: &tokio_postgres::Error| error.as_db_error().map(|error| Refusal::Said(said(error)));
        let user = if can_log_in { role } else { superuser_name };
        let session = match Self::connect(sandbox, user, database).await? {
            Ok(session) => session,
            Err(error) => {
                return refusal(&error).map(Err).ok_or_else(|| refused(&cannot_connect(user, database), &error));
            }
        };
        if !can_log_in {
            let sql = format!("SET ROLE {}", super::sql::identifier(role));
            if let Err(error) = session.client.batch_execute(&sql).await {
                return refusal(&error).map(Err).ok_or_else(|| refused(&format!("cannot act as {role:?}"), &error));
            }
        }
        Ok(Ok(session))
    }

    /// Whether the server answers one who connects, be it with a refusal: one that restarts its processes does not
    /// (`57P03`, cannot_connect_now, and the like).
    pub async fn is_answered(sandbox: &dyn Sandbox, user: &str, database: &str) -> bool {
        match Self::connect(sandbox, user, database).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => error.as_db_error().is_some_and(|error| !error.code().code().starts_with("57P0")),
            Err(_) => false,
        }
    }

    async fn connect(
        sandbox: &dyn Sandbox,
        user: &str,
        database: &str,
    ) -> Result<Result<Session, tokio_postgres::Error>, ClusterError> {
        let pipe = sandbox.connect().await?;
        let connected = tokio_postgres::Config::new()
            .user(user)
            .dbname(database)
            .application_name(APPLICATION_NAME)
            .connect_raw(pipe, NoTls)
            .await;
        Ok(connected.map(|(client, connection)| {
            // Ends when the client is dropped, or the server goes away, which the client's next call reports.
            let connection = tokio::spawn(async move {
                let _ = connection.await;
            });
            Session { client, connection: Some(connection), at_once: AT_ONCE }
        }))
    }

    /// The same session, which sends no statement before the one before is answered: where one of them ends the server's
    /// process, it is known which.
    pub fn one_by_one(self) -> Session {
        // What has a drop of its own cannot be taken apart.
        let mut session = self;
        session.at_once = 1;
        session
    }

    /// Whether the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
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

    /// Runs statements in their order without waiting for one before the next is sent, so that thousands take no
    /// thousands of round trips. Each has a result of its own, its rows as text; outside of a transaction one that fails
    /// takes no other down.
    pub async fn pipelined(&self, statements: &[String]) -> Vec<Result<TextRows, tokio_postgres::Error>> {
        let mut results = Vec::with_capacity(statements.len());
        for some in statements.chunks(self.at_once) {
            let mut under_way = Vec::with_capacity(some.len());
            for statement in some {
                let mut answer = Box::pin(self.client.simple_query(statement));
                // A statement is sent when it is first asked for.
                let at_once = std::future::poll_fn(|context| match answer.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending => Poll::Ready(None),
                });
                under_way.push((at_once.await, answer));
            }
            for (at_once, answer) in under_way {
                let answered = match at_once {
                    Some(answered) => answered,
                    None => answer.await,
                };
                results.push(answered.map(text_rows));
            }
        }
        results
    }
}

/// Rows whose values are text, as a server writes them for people.
pub type TextRows = Vec<Vec<Option<String>>>;

fn text_rows(messages: Vec<SimpleQueryMessage>) -> TextRows {
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()).collect()
}

/// What the server has against a role's session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// There is no role of this name.
    NoRole(String),
    /// What the server says to it, not yet fit to be shown.
    Said(Said),
}

impl Refusal {
    /// What the server calls it.
    pub fn sqlstate(&self) -> &str {
        match self {
            Refusal::NoRole(_) => "42704",
            Refusal::Said(said) => &said.sqlstate,
        }
    }
}

fn said(error: &tokio_postgres::error::DbError) -> Said {
    Said {
        message: error.message().to_owned(),
        sqlstate: error.code().code().to_owned(),
        routine: error.routine().unwrap_or_default().to_owned(),
        file: error.file().unwrap_or_default().to_owned(),
    }
}

fn cannot_connect(user: &str, database: &str) -> String {
    format!("cannot connect to database {database:?} as {user:?}")
}

/// How long a session that nobody wants any more may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(250);

impl Drop for Session {
    /// With the client gone the connection sends Terminate and ends. One that still waits for an answer is cut.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let Ok(runtime) = Handle::try_current() else { return connection.abort() };
        runtime.spawn(async move {
            if tokio::time::timeout(GOODBYE, &mut connection).await.is_err() {
                connection.abort();
            }
        });
    }
}

/// Whether an error is the end of the connection, and no answer to what was asked.
pub fn is_lost(error: &tokio_postgres::Error) -> bool {
    use tokio_postgres::error::Severity;
    match error.as_db_error() {
        Some(error) => matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic)),
        None => {
            error.is_closed() || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

/// A server's refusal, without detail.
pub fn refused(step: &str, error: &tokio_postgres::Error) -> ClusterError {
    if let Some(error) = error.as_db_error() {
        return ClusterError::Server { step: step.to_owned(), said: said(error) };
    }
    let mut reason = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        reason = format!("{reason}: {source}");
    }
    ClusterError::Refused { step: step.to_owned(), reason }
}

/// Whether the server ended a statement because its time was up. Code of the database's own can raise the same SQLSTATE, 57014, from
/// another place than `ProcessInterrupts` (src/backend/tcop/postgres.c, PostgreSQL 13 to 18).
pub fn was_cancelled(sqlstate: &str, routine: Option<&str>) -> bool {
    sqlstate == "57014" && routine == Some("ProcessInterrupts")
}
