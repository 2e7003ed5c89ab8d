//! The profile's own queries, as an application would run them: with the settings of the database and the role.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio_postgres::SimpleQueryMessage;

use super::{Check, Group, Looked, Restored};
use crate::cluster::{ClusterError, Session};
use crate::finding::{Finding, Name, mask};
use crate::profile::Query;

pub struct Queries;

/// How long one query may take.
const TIMEOUT: &str = "60s";

/// Most rows that are looked at: enough for any set that a person writes down.
const MOST_ROWS: usize = 10_000;

#[async_trait]
impl Check for Queries {
    fn name(&self) -> &'static str {
        "queries"
    }

    fn group(&self) -> Group {
        Group::Queries
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let target = restored.target;
        let mine: Vec<&Query> = target
            .checks
            .queries
            .iter()
            .filter(|query| query.database.as_deref().is_none_or(|database| database == restored.database))
            .collect();
        let mut looked = Looked { looked_at: format!("{} queries", mine.len()), ..Looked::default() };
        if mine.is_empty() {
            return Ok(looked);
        }
        let user = &target.cluster.superuser;
        let session = Session::open_as_application(restored.sandbox, user, restored.database).await?;
        session.batch(&format!("SET statement_timeout = '{TIMEOUT}'"), "cannot prepare the queries").await?;
        for query in mine {
            looked.findings.extend(ask(&session, query, restored.show_data).await?);
        }
        Ok(looked)
    }
}

/// Runs one query inside a transaction that is rolled back, so that queries do not see each other's doings.
async fn ask(session: &Session, query: &Query, show_data: bool) -> Result<Option<Finding>, ClusterError> {
    let step = format!("query {:?}", query.name);
    session.batch("BEGIN", &step).await?;
    let answer = rows(session, &query.sql).await;
    session.batch("ROLLBACK", &step).await?;
    let mut finding = Finding::new(Name::QueryFailed, format!("query {:?} did not give what is expected", query.name));
    finding.objects = vec![query.name.clone()];
    finding.evidence = vec![format!("expected {}", query.expect.describe())];
    finding.fix =
        "Look at the findings above first: what did not come back cannot be found by a query. Otherwise compare \
                   with the source."
            .into();
    finding.commands = vec![query.sql.trim().to_owned()];
    match answer {
        Ok(rows) if query.expect.met_by(&rows) => Ok(None),
        Ok(rows) => {
            finding.evidence.push(got(&rows, show_data));
            Ok(Some(finding))
        }
        Err(error) => match error.as_db_error() {
            // query_canceled: the time was up, which says nothing about the dump.
            Some(refused) if refused.code().code() == "57014" => {
                Err(ClusterError::Refused { step, reason: format!("did not end within {TIMEOUT}") })
            }
            Some(refused) => {
                let message = match show_data {
                    true => refused.message().to_owned(),
                    false => mask::message(refused.message(), Some(refused.code().code())),
                };
                finding.title = format!("query {:?} failed", query.name);
                finding.evidence.push(format!("{message} ({})", refused.code().code()));
                Ok(Some(finding))
            }
            None => Err(crate::cluster::refused(&step, &error)),
        },
    }
}

/// The rows of the last statement that returns any, as text.
async fn rows(session: &Session, sql: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
    let mut rows = Vec::new();
    let mut messages = std::pin::pin!(session.client().simple_query_raw(sql).await?);
    while let Some(message) = messages.next().await {
        match message? {
            SimpleQueryMessage::RowDescription(_) => rows.clear(),
            SimpleQueryMessage::Row(row) if rows.len() < MOST_ROWS => {
                rows.push((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect());
            }
            _ => {}
        }
    }
    Ok(rows)
}

fn got(rows: &[Vec<Option<String>>], show_data: bool) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let shape = match (rows.len(), columns) {
        (0, _) => return "got no row".into(),
        (1, 1) => "got one value".to_owned(),
        (many, columns) => format!("got {many} rows of {columns} columns"),
    };
    if !show_data {
        return format!("{shape} (masked; --show-data shows it)");
    }
    let shown: Vec<String> = rows
        .iter()
        .take(5)
        .map(|row| row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(", "))
        .collect();
    format!("{shape}: {}", shown.join("; "))
}
