//! The profile's own queries, as an application would run them: with the settings of the database and the role. And what
//! the profile asks of tables, which is a query in fewer words.

mod point;
mod tables;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio_postgres::SimpleQueryMessage;

use super::catalog::killed;
use super::{Check, Group, Looked, Restored};
use crate::cluster::{ClusterError, Refusal, Session, was_cancelled};
use crate::finding::mask::Mask;
use crate::finding::{Finding, Name, Severity};
use crate::profile::{Query, QuerySeverity};
use crate::source::Witness;

pub use point::Point;

pub struct Queries;

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

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let checks = &restored.target.checks;
        let mut looked = Looked::default();
        let mine: Vec<&Query> =
            checks.queries.iter().filter(|query| is_asked_here(query.database.as_deref(), restored)).collect();
        let tables = if is_asked_here(None, restored) { checks.tables.len() } else { 0 };
        let mut parts = Vec::new();
        if !mine.is_empty() || tables == 0 {
            parts.push(format!("{} queries", mine.len()));
            looked.compared.insert("query".into(), mine.len() as u64);
        }
        if tables > 0 {
            parts.push(format!("{tables} tables"));
            looked.compared.insert("table".into(), tables as u64);
        }
        looked.looked_at = parts.join(", ");

        // Said once, although no database is the one that they ask.
        if restored.databases.first().is_some_and(|first| first == restored.database) {
            looked.findings.extend(nowhere(&checks.queries, restored));
        }
        let mut sessions = Sessions::of_database(restored);
        let mut refused: BTreeMap<(String, Refusal), Vec<&Query>> = BTreeMap::new();
        for query in mine.into_iter().filter(|query| !restored.avoids(&label(query))) {
            match sessions.of(query.as_role.as_deref()).await? {
                Ok(session) => ask(session, query, &restored.mask, &mut looked).await?,
                Err(refusal) => {
                    let role = query.as_role.clone().unwrap_or_default();
                    refused.entry((role, refusal.clone())).or_default().push(query);
                }
            }
        }
        looked.findings.extend(
            refused.iter().map(|((role, refusal), queries)| turned_away(role, refusal, queries, &restored.mask)),
        );
        if tables > 0 {
            match sessions.of(None).await? {
                Ok(session) => tables::ask(session, restored, &mut looked).await?,
                Err(refusal) => looked.could_not.push(restored.mask.turned_away(refusal)),
            }
        }
        Ok(looked)
    }
}

/// Whether something is asked of the database that is looked at: of the one that it names, otherwise of the target's own,
/// and where the restore did not bring that one, of all.
pub(super) fn is_asked_here(database: Option<&str>, restored: &Restored<'_>) -> bool {
    match database {
        Some(database) => database == restored.database,
        None => {
            let own = &restored.target.database.name;
            own == restored.database || !restored.databases.contains(own)
        }
    }
}

/// Queries of databases that the restore did not bring would otherwise never be asked.
fn nowhere(queries: &[Query], restored: &Restored<'_>) -> Vec<Finding> {
    let mut of_database: BTreeMap<&str, Vec<&Query>> = BTreeMap::new();
    for query in queries {
        if let Some(database) = query.database.as_deref().filter(|name| !restored.databases.iter().any(|is| is == name))
        {
            of_database.entry(database).or_default().push(query);
        }
    }
    let finding = |(database, queries): (&str, Vec<&Query>)| {
        let title = format!("database {database:?}, which {} asks, was not restored", counted(queries.len()));
        let mut finding = about(&queries, title);
        finding.evidence = vec![format!("restored: {}", restored.databases.join(", "))];
        finding.fix =
            "Look at the findings above first. Otherwise correct the query's `database`, or leave it out.".into();
        finding
    };
    of_database.into_iter().map(finding).collect()
}

/// The role that the queries name has no session.
fn turned_away(role: &str, refusal: &Refusal, queries: &[&Query], mask: &Mask<'_>) -> Finding {
    let said = mask.turned_away(refusal);
    let title = format!("role {role:?}, which {} uses, cannot be used: {}", counted(queries.len()), said);
    let mut finding = about(queries, title);
    finding.evidence = vec![format!("{said} ({})", refusal.sqlstate())];
    finding.fix =
        "Give the target the role, in the profile's `roles` or by `pg_dumpall --globals-only`, and what it needs \
                   to connect."
            .into();
    finding
}

fn counted(queries: usize) -> String {
    if queries == 1 { "a query".to_owned() } else { format!("each of {queries} queries") }
}

/// A finding about queries that have the same cause.
fn about(queries: &[&Query], title: String) -> Finding {
    let mut finding = Finding::new(Name::QueryFailed, title);
    finding.count = queries.len() as u64;
    finding.objects = queries.iter().map(|query| query.name.clone()).collect();
    if queries.iter().all(|query| query.severity == QuerySeverity::Warning) {
        finding.severity = Severity::Warning;
    }
    finding
}

/// One session for each role, opened when it is first needed.
struct Sessions<'a> {
    restored: &'a Restored<'a>,
    open: HashMap<Option<String>, Result<Session, Refusal>>,
}

impl<'a> Sessions<'a> {
    fn of_database(restored: &'a Restored<'a>) -> Self {
        Self { restored, open: HashMap::new() }
    }

    async fn of(&mut self, role: Option<&str>) -> Result<&Result<Session, Refusal>, ClusterError> {
        let key = role.map(str::to_owned);
        if !self.open.contains_key(&key) {
            let Restored { sandbox, session, database, target, .. } = *self.restored;
            let superuser = &target.cluster.superuser;
            let opened = match role {
                Some(role) => Session::open_as_role(sandbox, session, superuser, role, database).await?,
                None => Ok(Session::open_as_application(sandbox, superuser, database).await?),
            };
            self.open.insert(key.clone(), opened);
        }
        self.open.get(&key).ok_or_else(|| ClusterError::Refused {
            step: "cannot open a session".into(),
            reason: "it was not kept".into(),
        })
    }
}

/// What a query is called beside objects.
fn label(query: &Query) -> String {
    format!("query {:?}", query.name)
}

/// Limits what the session runs next.
async fn limit(session: &Session, timeout: std::time::Duration, step: &str) -> Result<(), ClusterError> {
    session.batch(&format!("SET statement_timeout = {}", timeout.as_millis().max(1)), step).await
}

/// Runs one query inside a transaction that is rolled back, so that queries do not see each other's doings.
async fn ask(session: &Session, query: &Query, mask: &Mask<'_>, looked: &mut Looked) -> Result<(), ClusterError> {
    let step = label(query);
    limit(session, query.timeout.0, &step).await?;
    session.batch("BEGIN", &step).await?;
    let answer = rows(session, &query.sql).await;
    if let Err(error) = &answer {
        killed(error, &label(query))?;
    }
    session.batch("ROLLBACK", &step).await?;
    let mut finding = about(&[query], format!("query {:?} did not return what is expected", query.name));
    finding.evidence = vec![format!("expected {}", query.expect.describe())];
    if let Some(role) = &query.as_role {
        finding.evidence.push(format!("asked as role {role:?}"));
    }
    finding.fix =
        "Look at the findings above first: what did not come back cannot be found by a query. Otherwise compare \
                   with the source."
            .into();
    finding.commands = vec![query.sql.trim().to_owned()];
    match answer {
        Ok(rows) if query.expect.met_by(&rows) => return Ok(()),
        Ok(rows) => finding.evidence.push(got(&rows, mask.shows_data())),
        Err(error) => match error.as_db_error() {
            // query_canceled: the time was up, which says nothing about the dump.
            Some(refused) if was_cancelled(refused.code().code(), refused.routine()) => {
                looked.could_not.push(format!("{step}: did not end within {}", query.timeout));
                return Ok(());
            }
            Some(refused) => {
                let message = mask.refusal(refused);
                finding.title = format!("query {:?} failed", query.name);
                finding.evidence.push(format!("{message} ({})", refused.code().code()));
            }
            None => return Err(crate::cluster::refused(&step, &error)),
        },
    }
    looked.findings.push(finding);
    Ok(())
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
