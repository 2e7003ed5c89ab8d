//! Runs the checks of one rehearsal: at the same time, each over a connection of its own, none able to take another down.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::Mutex;

use super::{RestoreSummary, Stage};
use crate::check::{self, Before, Check, CheckResult, Outcome, Place, Restored, Schema};
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
    /// The databases that are looked at.
    pub places: &'a [Place],
    /// The entries of an archive that the profile's list or options leave out, and what does.
    pub left_out: (&'a HashSet<i32>, &'a str),
}

/// A database that is looked at.
struct Here<'a> {
    place: &'a Place,
    schema: Schema,
    /// Connections that a check has done with: a new one takes longer than most checks do.
    idle: Mutex<Vec<Session>>,
}

impl Checking<'_> {
    /// Runs every check in every restored database, those that change something after the others; one that fails or takes
    /// too long says so and takes no other down. Each has one result in each database, which goes to `results` as it comes:
    /// whatever ends the run, what has been seen stays.
    pub async fn run(&self, checks: &[Box<dyn Check>], results: &mut Results, events: &Events) {
        let several = self.places.len() > 1;
        for (nth, place) in self.places.iter().enumerate() {
            let here = &Here { place, schema: Schema::default(), idle: Mutex::default() };
            let indexes = (0..checks.len()).filter(|index| nth == 0 || !checks[*index].looks_once());
            let (changing, quiet): (Vec<usize>, Vec<usize>) = indexes.partition(|index| checks[*index].changes());
            let mut found = Vec::new();
            for (group, at_once) in [(quiet, AT_ONCE), (changing, 1)] {
                let mut looks: Vec<BoxFuture<'_, Result<check::Looked, String>>> = Vec::new();
                let mut fresh = Vec::new();
                for index in &group {
                    let (check, earlier) = (checks[*index].as_ref(), found.as_slice());
                    looks.push(Box::pin(async move {
                        let looked = self.look(check, here, earlier).await;
                        events.send(What::CheckDone { check: check.name() });
                        looked
                    }));
                }
                // In the order of the checks, whichever is done first.
                let mut looks = stream::iter(looks).buffered(at_once);
                for index in group {
                    let Some(looked) = looks.next().await else { break };
                    if let Ok(looked) = &looked {
                        fresh.extend_from_slice(&looked.findings);
                    }
                    let check = checks[index].as_ref();
                    let database = (several && !check.looks_once()).then_some(place.name.as_str());
                    results.add(index, result(check, looked, database));
                }
                drop(looks);
                found.extend(fresh);
            }
        }
    }

    /// One check in one database.
    async fn look(&self, check: &dyn Check, here: &Here<'_>, earlier: &[Finding]) -> Result<check::Looked, String> {
        let Self { stage, target, sandbox, .. } = *self;
        let Here { place, ref schema, ref idle } = *here;
        let database = place.name.as_str();
        let mask = Mask::new(&self.scan.names, target, stage.show_data);
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
                place,
                databases: &self.summary.databases,
                dump: &stage.dump,
                scan: self.scan,
                target,
                restore_findings: &self.summary.findings,
                failures: self.failures,
                earlier,
                restore_took: self.restore_took,
                left_out: self.left_out,
                before: if place.own { self.before } else { &Before::default() },
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

/// What one check saw in one database, which is named where there are several.
fn result(check: &dyn Check, looked: Result<check::Looked, String>, database: Option<&str>) -> CheckResult {
    let mut result = CheckResult::new(check.name(), check.group());
    result.database = database.map(str::to_owned);
    let looked = match looked {
        Ok(looked) => looked,
        Err(reason) => {
            result.outcome = Outcome::CouldNotLook { reason };
            return result;
        }
    };
    let findings = looked.findings.into_iter().map(|mut finding| {
        if let Some(database) = database {
            finding.remedy.database = Some(database.to_owned());
            finding.title = format!("{} (database {database:?})", finding.title);
        }
        finding
    });
    result.outcome = Outcome::Looked { findings: findings.collect() };
    result.looked_at = looked.looked_at;
    result.compared = looked.compared;
    result.not_compared = looked.not_compared;
    result.could_not = looked.could_not;
    result.apart = looked.apart;
    result
}

/// The results of checks, as they come.
#[derive(Debug, Default)]
pub struct Results(Vec<(usize, CheckResult)>);

impl Results {
    fn add(&mut self, index: usize, result: CheckResult) {
        self.0.push((index, result));
    }

    /// In the order of the checks; those of one check in the order of the databases.
    pub fn take(&mut self) -> Vec<CheckResult> {
        let mut results = std::mem::take(&mut self.0);
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
