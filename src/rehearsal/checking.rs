//! Runs the checks of one rehearsal: at the same time, each over a connection of its own, none able to take another down.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::Mutex;

use super::{RestoreSummary, Stage};
use crate::check::{self, Before, Check, CheckResult, Outcome, Restored, Schema};
use crate::cluster::{ClusterError, Session};
use crate::dump::Scan;
use crate::engine::Sandbox;
use crate::event::{Events, What};
use crate::finding::mask::Mask;
use crate::finding::{Failure, Finding};
use crate::profile::Target;

/// Checks that look at the same time, each over a connection of its own.
const AT_ONCE: usize = 4;

/// What the checks of one rehearsal have to go by.
pub struct Checking<'a> {
    pub stage: &'a Stage,
    pub target: &'a Target,
    pub sandbox: &'a dyn Sandbox,
    pub scan: &'a Scan,
    pub summary: &'a RestoreSummary,
    /// Every statement that failed.
    pub failures: &'a [Failure],
    pub restore_took: Duration,
    /// What the target's own database held before the restore.
    pub before: &'a Before,
}

/// A database that is looked at.
struct Here<'a> {
    database: &'a str,
    schema: Schema,
    /// Connections that a check has done with: a new one takes longer than most checks do.
    idle: Mutex<Vec<Session>>,
}

impl Checking<'_> {
    /// Runs every check in every restored database, those that change something after the others; one that fails or takes
    /// too long says so and takes no other down.
    pub async fn run(&self, checks: &[Box<dyn Check>], events: &Events) -> Vec<CheckResult> {
        let mut results: Vec<CheckResult> =
            checks.iter().map(|check| CheckResult::new(check.name(), check.group())).collect();
        let databases = &self.summary.databases;
        for (nth, database) in databases.iter().enumerate() {
            let place = &Here { database, schema: Schema::default(), idle: Mutex::default() };
            let here = (0..checks.len()).filter(|index| nth == 0 || !checks[*index].looks_once());
            let (changing, quiet): (Vec<usize>, Vec<usize>) = here.partition(|index| checks[*index].changes());
            let mut found = Vec::new();
            for (group, at_once) in [(quiet, AT_ONCE), (changing, 1)] {
                let mut looks: Vec<BoxFuture<'_, Result<check::Looked, String>>> = Vec::new();
                for index in &group {
                    let (check, earlier) = (checks[*index].as_ref(), found.as_slice());
                    looks.push(Box::pin(async move {
                        let looked = self.look(check, place, earlier).await;
                        events.send(What::CheckDone { check: check.name() });
                        looked
                    }));
                }
                // In the order of the checks, whichever is done first.
                let looks: Vec<_> = stream::iter(looks).buffered(at_once).collect().await;
                for (index, looked) in group.into_iter().zip(looks) {
                    if let Ok(looked) = &looked {
                        found.extend_from_slice(&looked.findings);
                    }
                    let one_of_several = databases.len() > 1 && !checks[index].looks_once();
                    record(&mut results[index], looked, one_of_several.then_some(database));
                }
            }
        }
        results
    }

    /// One check in one database.
    async fn look(&self, check: &dyn Check, place: &Here<'_>, earlier: &[Finding]) -> Result<check::Looked, String> {
        let Self { stage, target, sandbox, .. } = *self;
        let mask = Mask::new(&self.scan.names, target, stage.show_data);
        let Here { database, ref schema, ref idle } = *place;
        let limit = target.check_timeout();
        let looking = async {
            let session = match idle.lock().await.pop() {
                Some(session) => session,
                None => Session::open(sandbox, &target.cluster.superuser, database).await?,
            };
            // As a connection begins, whatever the check before it has set. The server must not go on with what nobody waits
            // for.
            let time = limit.as_millis().min(i32::MAX as u128);
            let begin = format!(
                "ROLLBACK; RESET SESSION AUTHORIZATION; RESET ALL; DISCARD TEMP; \
                 SET search_path = pg_catalog; SET statement_timeout = {time}"
            );
            session.batch(&begin, "cannot prepare a connection").await?;
            let restored = Restored {
                sandbox,
                session: &session,
                database,
                databases: &self.summary.databases,
                dump: &stage.dump,
                scan: self.scan,
                target,
                restore_findings: &self.summary.findings,
                failures: self.failures,
                earlier,
                restore_took: self.restore_took,
                before: if *database == *target.database.name { self.before } else { &Before::default() },
                schema,
                rows: stage.rows,
                mask: mask.clone(),
            };
            let looked = check.look(&restored).await?;
            // A connection on which something has failed serves nobody else.
            idle.lock().await.push(session);
            Ok(looked)
        };
        match tokio::time::timeout(limit, AssertUnwindSafe(looking).catch_unwind()).await {
            Ok(Ok(looked)) => looked.map_err(|error: ClusterError| mask.cluster(&error)),
            Ok(Err(_)) => Err("it failed, which is a bug of pgrehearse; please report it".into()),
            Err(_) => Err(format!("it took more than {limit:?} (checks.timeout)")),
        }
    }
}

/// Adds what a check saw in one more database.
fn record(result: &mut CheckResult, looked: Result<check::Looked, String>, database: Option<&String>) {
    match looked {
        Ok(looked) => {
            let label = database.map(|database| format!("{database}: ")).unwrap_or_default();
            if !looked.looked_at.is_empty() {
                let separator = if result.looked_at.is_empty() { "" } else { "; " };
                result.looked_at.push_str(&format!("{separator}{label}{}", looked.looked_at));
            }
            let labelled = |what: String| format!("{label}{what}");
            for (kind, count) in looked.compared {
                *result.compared.entry(kind).or_default() += count;
            }
            result.not_compared.extend(looked.not_compared.into_iter().map(labelled));
            result.could_not.extend(looked.could_not.into_iter().map(labelled));
            if let Outcome::Looked { findings } = &mut result.outcome {
                findings.extend(looked.findings.into_iter().map(|mut finding| {
                    if let Some(database) = database {
                        finding.remedy.database = Some(database.clone());
                        finding.title = format!("{} (database {database:?})", finding.title);
                    }
                    finding
                }));
            }
        }
        Err(reason) => {
            if let Outcome::Looked { findings } = &result.outcome
                && findings.is_empty()
            {
                result.outcome = Outcome::CouldNotLook { reason };
            }
        }
    }
}
