//! Can views and functions be used: filled where the dump fills them, and with everything there that they name?
//!
//! pg_dump switches `check_function_bodies` off, so a body that names what is not there comes back without a word; a
//! view that calls it fails when it is read.

mod functions;
mod paths;
mod plpgsql;

pub use functions::Functions;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use pgdump_reader::{Relation, tag};

use self::paths::Paths;
use super::catalog::{first_few, killed, of_dump, qualified, restore_failed, sqlstate, words};
use super::scope::{in_database, schema_of};
use super::{Apart, Check, Group, ItemKind, Looked, Restored};
use crate::cluster::{ClusterError, Session, was_cancelled};
use crate::finding::outside::{self, Unfilled};
use crate::finding::{AfterKind, Finding, Name, Severity};
use crate::source::Witness;

pub struct Views;

struct View {
    oid: u32,
    schema: String,
    name: String,
    materialized: bool,
    populated: bool,
}

impl View {
    fn label(&self) -> String {
        let kind = if self.materialized { tag::MATERIALIZED_VIEW } else { tag::VIEW };
        format!("{kind} {}.{}", self.schema, self.name)
    }
}

/// A plan can run functions of the dump; none of them may change anything.
const SETTINGS: &str = "SET default_transaction_read_only = on; SET check_function_bodies = on; SET jit = off";

#[async_trait]
impl Check for Views {
    fn name(&self) -> &'static str {
        super::VIEWS
    }

    fn group(&self) -> Group {
        Group::Usability
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        session.batch(SETTINGS, "cannot prepare a connection").await?;
        session.batch(&one_at_most(restored), "cannot prepare a connection").await?;
        let mut views = views(session).await?;
        views.retain(|view| !restored.avoids(&view.label()));
        let mut looked = Looked::default();
        let materialized = views.iter().filter(|view| view.materialized).count();
        looked.looked_at = format!("{} views, {materialized} materialized views", views.len() - materialized);
        let kinds = [("view", views.len() - materialized), ("materialized view", materialized)];
        let kinds = kinds.into_iter().filter(|(_, count)| *count > 0);
        looked.compared = kinds.map(|(kind, count)| (kind.to_owned(), count as u64)).collect();
        let unfilled = unfilled(restored);
        let not_filled = not_filled(&views, restored, &unfilled);
        // A restore that failed says why it did not fill them.
        match restore_failed(restored) {
            true => looked.lost += not_filled.len() as u64,
            false => looked.findings.extend(empty(&not_filled)),
        }
        looked.apart.extend(unfilled.iter().map(|view| {
            Apart::untested(ItemKind::MaterializedView, (&view.schema, &view.name), view.reason(&restored.mask))
        }));
        looked.findings.extend(filled(&views, restored));
        let mut causes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (view, error) in unusable(session, &views).await? {
            let said = words(&restored.mask, &error);
            match judge(&error) {
                Judged::Broken if restore_failed(restored) => looked.lost += 1,
                Judged::Broken => causes.entry(said).or_default().push(view.label()),
                Judged::CouldNot => looked.could_not.push(format!("{}: {said}", view.label())),
                Judged::Runs => {
                    looked.not_compared.push(format!("{}: planning it runs what cannot run here: {said}", view.label()))
                }
            }
        }
        looked.findings.extend(causes.into_iter().map(|(said, objects)| broken(said, objects)));
        Ok(looked)
    }
}

async fn views(session: &Session) -> Result<Vec<View>, ClusterError> {
    let sql = format!(
        "SELECT c.oid, n.nspname::text, c.relname::text, c.relkind = 'm', c.relispopulated
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('v', 'm') AND {} ORDER BY 2, 3",
        of_dump("c", "n")
    );
    let rows = session.query(&sql, &[], "cannot list views").await?;
    let view = |row: &tokio_postgres::Row| View {
        oid: row.get(0),
        schema: row.get(1),
        name: row.get(2),
        materialized: row.get(3),
        populated: row.get(4),
    };
    Ok(rows.iter().map(view).collect())
}

/// Materialized views of this database that only what is outside of the sandbox could have filled.
fn unfilled(restored: &Restored<'_>) -> Vec<Unfilled> {
    let (_, mut unfilled) = outside::apart(restored.failures, &restored.scan.declared);
    unfilled.retain(|view| view.database.as_deref().is_none_or(|database| database == restored.database));
    unfilled
}

/// Materialized views that the dump fills and that are not filled.
fn not_filled<'v>(views: &'v [View], restored: &Restored<'_>, unfilled: &[Unfilled]) -> Vec<&'v View> {
    let filled: Vec<&Relation> = restored.scan.facts.refreshed.iter().collect();
    let filled: HashSet<(String, &str)> = in_database(&filled, restored, |view| &view.database)
        .map(|view| (schema_of(&view.schema), view.name.as_str()))
        .collect();
    let is_empty = |view: &&View| {
        let is_apart = unfilled.iter().any(|apart| (&apart.schema, &apart.name) == (&view.schema, &view.name));
        view.materialized && !view.populated && !is_apart && filled.contains(&(view.schema.clone(), view.name.as_str()))
    };
    views.iter().filter(is_empty).collect()
}

fn empty(empty: &[&View]) -> Option<Finding> {
    let title = match empty {
        [] => return None,
        [only] => format!("materialized view {}.{} is not populated, but is in the dump", only.schema, only.name),
        _ => format!("{} materialized views are not populated, but are in the dump", empty.len()),
    };
    let mut finding = Finding::new(Name::MaterializedViewEmpty, title);
    finding.count = empty.len() as u64;
    finding.objects = empty.iter().map(|view| view.label()).collect();
    finding.evidence = vec!["a query of one fails: it has not been populated".into()];
    finding.fix = "Refresh them, those first that others read.".into();
    let refresh = |view: &&View| format!("REFRESH MATERIALIZED VIEW {};", qualified(&view.schema, &view.name));
    finding.mend(AfterKind::Refresh, empty.iter().map(refresh).collect());
    Some(finding)
}

/// Materialized views that are filled and that the dump leaves empty.
fn filled(views: &[View], restored: &Restored<'_>) -> Option<Finding> {
    // Without the names of its objects a script does not say which ones it leaves empty.
    let declared: HashSet<(String, &str)> = in_database(&restored.scan.declared, restored, |object| &object.database)
        .filter(|object| object.desc == tag::MATERIALIZED_VIEW)
        .map(|object| (schema_of(&object.schema), object.tag.as_str()))
        .collect();
    let refreshed: Vec<&Relation> = restored.scan.facts.refreshed.iter().collect();
    let refreshed: HashSet<(String, &str)> = in_database(&refreshed, restored, |view| &view.database)
        .map(|view| (schema_of(&view.schema), view.name.as_str()))
        .collect();
    let is_filled = |view: &&View| {
        let key = (view.schema.clone(), view.name.as_str());
        view.materialized && view.populated && declared.contains(&key) && !refreshed.contains(&key)
    };
    let filled: Vec<&View> = views.iter().filter(is_filled).collect();
    let title = match &*filled {
        [] => return None,
        [only] => format!("materialized view {}.{} is populated, but is not in the dump", only.schema, only.name),
        _ => format!("{} materialized views are populated, but are not in the dump", filled.len()),
    };
    let mut finding = Finding::new(Name::RowsExtra, title);
    finding.severity = Severity::Warning;
    finding.count = filled.len() as u64;
    finding.objects = filled.iter().map(|view| view.label()).collect();
    finding.fix = "Find out what has refreshed them: the dump does not do that.".into();
    Some(finding)
}

/// Views that no plan can be made for, whatever the search_path.
async fn unusable<'a>(
    session: &Session,
    views: &'a [View],
) -> Result<Vec<(&'a View, tokio_postgres::Error)>, ClusterError> {
    // A materialized view is a table; what fills it is its definition.
    let definitions: Vec<String> = views
        .iter()
        .map(|view| match view.materialized {
            true => format!("SELECT pg_get_viewdef({}::oid)", view.oid),
            false => format!("SELECT 'SELECT * FROM ' || {}::regclass", view.oid),
        })
        .collect();
    let (mut open, mut failed) = (Vec::new(), Vec::new());
    for (view, answer) in views.iter().zip(session.pipelined(&definitions).await) {
        match answer {
            Ok(rows) => {
                let definition = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten());
                open.push((view, format!("EXPLAIN {}", definition.unwrap_or_default())));
            }
            Err(error) => {
                killed(&error, &view.label())?;
                failed.push((view, error));
            }
        }
    }
    let paths = Paths::read(session).await?;
    // A function in a plan can name things without their schema, as whoever calls it finds them.
    let attempts = [None, Some(paths.application()), Some(paths.all())];
    let last = attempts.len() - 1;
    for (attempt, path) in attempts.into_iter().enumerate() {
        if open.is_empty() {
            break;
        }
        if let Some(path) = path {
            session.batch(&path, "cannot set search_path").await?;
        }
        let statements: Vec<String> = open.iter().map(|(_, statement)| statement.clone()).collect();
        let mut again = Vec::new();
        for ((view, statement), answer) in open.into_iter().zip(session.pipelined(&statements).await) {
            match answer {
                Ok(_) => {}
                Err(error) if attempt < last && is_of_names(&error) => again.push((view, statement)),
                Err(error) => {
                    killed(&error, &view.label())?;
                    failed.push((view, error));
                }
            }
        }
        open = again;
    }
    session.batch(paths::OWN, "cannot set search_path").await?;
    failed.sort_by(|(a, _), (b, _)| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    Ok(failed)
}

/// How long one view or function may take of a check's time, so that one that never ends does not take that of the
/// others.
fn one_at_most(restored: &Restored<'_>) -> String {
    const MOST: Duration = Duration::from_secs(10);
    let most = MOST.min(restored.target.check_timeout() / 4);
    format!("SET statement_timeout = {}", most.as_millis().max(1))
}

/// Whether the time was up.
fn is_cancelled(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|refused| was_cancelled(refused.code().code(), refused.routine()))
}

/// Whether another search_path could help.
fn is_of_names(error: &tokio_postgres::Error) -> bool {
    let state = sqlstate(error);
    state.starts_with("42") || state.starts_with("3F")
}

enum Judged {
    Broken,
    /// It failed for want of something that is not there while nobody works: a setting, another server.
    Runs,
    CouldNot,
}

fn judge(error: &tokio_postgres::Error) -> Judged {
    let said = error.as_db_error().map(|error| error.message()).unwrap_or_default();
    match sqlstate(error) {
        // query_canceled, or no server any more.
        "57014" | "" => Judged::CouldNot,
        // `current_setting('app.tenant')` in a session that is not the application's.
        "42704" if said.starts_with("unrecognized configuration parameter") => Judged::Runs,
        // Names, syntax, schemas, files of the server's, what the server does not know, and what it did not expect.
        state if ["42", "3F", "58", "0A", "XX"].iter().any(|class| state.starts_with(class)) => Judged::Broken,
        _ => Judged::Runs,
    }
}

fn broken(said: String, objects: Vec<String>) -> Finding {
    let title = match &*objects {
        [only] => format!("no query can use {only}: {said}"),
        _ => format!("no query can use {} views: {said}", objects.len()),
    };
    let mut finding = Finding::new(Name::ViewBroken, title);
    finding.count = objects.len() as u64;
    finding.evidence = first_few(objects.iter().map(|object| format!("EXPLAIN of {object} fails")).collect());
    finding.objects = objects;
    finding
}
