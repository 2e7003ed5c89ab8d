//! Runs the checks of one rehearsal: at the same time, each over a connection of its own, none able to take another down.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use pgdump_reader::{Dump, Scan};
use tokio::sync::{Mutex, OnceCell};

use super::Context;
use crate::check::{self, Baseline, Check, CheckResult, CheckedDatabase, Outcome, Restored, Schema};
use crate::cluster::{ClusterError, OWN_SETTINGS, Session};
use crate::engine::Sandbox;
use crate::event::{CheckOutcome, EventKind, Events};
use crate::finding::mask::{Hider, Mask};
use crate::finding::{Failure, Finding, Name};
use crate::profile::Target;

/// How many checks look at the same time, each over a connection of its own: more than there are processors only wait for each
/// other, and each connection costs its beginning.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(4, |processors| processors.get().clamp(2, 4))
}

/// What the checks of one rehearsal have to go by.
#[derive(Clone, Copy)]
pub struct Checking<'a> {
    pub context: &'a Context,
    pub target: &'a Target,
    pub sandbox: &'a dyn Sandbox,
    /// What was restored, where it was a dump.
    pub dump: Option<&'a Arc<Dump>>,
    /// What it holds; of a backup nothing is known so.
    pub scan: &'a Scan,
    /// What is known to have gone wrong before the checks look.
    pub coming: &'a [Finding],
    /// The databases that came, by name.
    pub databases: &'a [String],
    /// Every statement that failed.
    pub failures: &'a [Failure],
    pub restore_took: Duration,
    /// What the target's own database held before the restore.
    pub baseline: &'a Baseline,
    /// The databases that are looked at.
    pub places: &'a [CheckedDatabase],
    /// The entries of an archive that the profile's list or options leave out, and what does.
    pub left_out: (&'a HashSet<i32>, &'a str),
}

/// A database that is looked at.
struct DatabaseToCheck<'a> {
    place: &'a CheckedDatabase,
    schema: Schema,
    /// Connections that a check has done with: a new one takes longer than most checks do.
    idle: Mutex<Vec<Session>>,
    /// Whether the planner knows what is in the catalogs.
    statistics: OnceCell<()>,
    /// Whether the server's processes have ended since the restore, in whichever database.
    restarted: &'a AtomicBool,
}

impl<'a> DatabaseToCheck<'a> {
    fn new(place: &'a CheckedDatabase, restarted: &'a AtomicBool) -> Self {
        Self { place, schema: Schema::default(), idle: Mutex::default(), statistics: OnceCell::new(), restarted }
    }
}

/// How one look of a check is to go.
#[derive(Clone, Copy)]
struct LookOptions<'a> {
    /// What checks found before this one.
    earlier: &'a [Finding],
    /// After somebody has ended the server's processes: over a new connection, one statement after the other, and at these
    /// objects not at all.
    alone: Option<&'a [String]>,
}

/// Why a check could not look.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("it took more than {0:?} (checks.timeout)")]
    TooSlow(Duration),
    #[error("it failed, which is a bug of pgrehearse; please report it")]
    Panicked,
}

/// What came of one look.
struct Look {
    looked: Result<check::Looked, LookError>,
    /// The server's process, or the whole server, ended meanwhile.
    lost: bool,
    began: Instant,
    ended: Instant,
}

impl Checking<'_> {
    /// Runs every check in every restored database, those that change something after the others; one that fails, takes
    /// too long or brings the server down says so and takes no other down. Each has one result in each database, which goes to
    /// `results` as it comes: whatever ends the run, what has been seen stays.
    pub async fn run(&self, checks: &[Box<dyn Check>], results: &mut Results, events: &Events) {
        let several = self.places.len() > 1;
        let restarted = &AtomicBool::new(false);
        for (nth, place) in self.places.iter().enumerate() {
            let mut database = DatabaseToCheck::new(place, restarted);
            let indexes = (0..checks.len()).filter(|index| nth == 0 || !checks[*index].looks_once());
            let (changing, quiet): (Vec<usize>, Vec<usize>) = indexes.partition(|index| checks[*index].changes());
            let mut found = Vec::new();
            for (group, at_once) in [(quiet, at_once()), (changing, 1)] {
                let mut looks: Vec<BoxFuture<'_, Look>> = Vec::new();
                let now = &database;
                for index in &group {
                    let check = checks[*index].as_ref();
                    let options = LookOptions { earlier: found.as_slice(), alone: None };
                    looks.push(Box::pin(async move {
                        let look = self.look(check, now, options).await;
                        self.announce(check, now, look.looked.as_ref().map_err(|error| self.words(error)), events)
                            .await;
                        look
                    }));
                }
                // In the order of the checks, whichever is done first.
                let mut coming = stream::iter(looks).buffered(at_once);
                let mut looks = Vec::new();
                for index in &group {
                    let Some(look) = coming.next().await else { break };
                    let looked = look.looked.as_ref().map_err(|error| self.words(error)).cloned();
                    let check = checks[*index].as_ref();
                    results.put(
                        *index,
                        result(check, looked, (several && !check.looks_once()).then_some(place.name.as_str())),
                    );
                    looks.push(look);
                }
                drop(coming);
                let mut fresh = Vec::new();
                // Whoever may have been misled by the end of the server's processes looks again.
                let again = in_doubt(&looks);
                if !again.is_empty() {
                    // What they asked together may have failed with the server.
                    database = DatabaseToCheck::new(place, restarted);
                    let doubt = "the server's processes ended meanwhile, and it was not looked at again";
                    for nth in &again {
                        let check = checks[group[*nth]].as_ref();
                        let database = (several && !check.looks_once()).then_some(place.name.as_str());
                        results.put(group[*nth], result(check, Err(doubt.to_owned()), database));
                    }
                }
                for (nth, (index, look)) in group.into_iter().zip(looks).enumerate() {
                    let check = checks[index].as_ref();
                    let looked = match again.contains(&nth) {
                        true => {
                            let looked = self.look_alone(check, &mut database, &found).await;
                            self.announce(check, &database, looked.as_ref().map_err(String::clone), events).await;
                            let database = (several && !check.looks_once()).then_some(place.name.as_str());
                            results.put(index, result(check, looked.clone(), database));
                            looked.ok()
                        }
                        false => look.looked.ok(),
                    };
                    fresh.extend(looked.into_iter().flat_map(|looked| looked.findings));
                }
                found.extend(fresh);
            }
        }
    }

    /// Sends whoever listens how one look of a check ended.
    async fn announce(
        &self,
        check: &dyn Check,
        database: &DatabaseToCheck<'_>,
        looked: Result<&check::Looked, String>,
        events: &Events,
    ) {
        let outcome = match looked {
            Ok(looked) => CheckOutcome::Looked {
                findings: looked.findings.len() as u64,
                could_not: looked.could_not.len() as u64,
            },
            Err(mut reason) => {
                Hider { of_environment: &self.target.secrets }.text(&mut reason);
                CheckOutcome::CouldNotLook { reason }
            }
        };
        let database = database.place.name.clone();
        events.send(EventKind::CheckFinished { check: check.name(), database, outcome }).await;
    }

    fn mask(&self) -> Mask<'_> {
        Mask::new(&self.scan.names, self.target, self.context.show_data)
    }

    /// Why a check could not look, without what must not be shown.
    fn words(&self, error: &LookError) -> String {
        match error {
            LookError::Cluster(error) => self.mask().cluster(error),
            other => other.to_string(),
        }
    }

    /// One check in one database.
    async fn look(&self, check: &dyn Check, database: &DatabaseToCheck<'_>, options: LookOptions<'_>) -> Look {
        let began = Instant::now();
        let session = OnceCell::new();
        let limit = self.target.check_timeout();
        let looking = AssertUnwindSafe(self.looking(check, database, options, &session)).catch_unwind();
        let looked = match tokio::time::timeout(limit, looking).await {
            Ok(Ok(looked)) => looked.map_err(LookError::from),
            Ok(Err(_)) => Err(LookError::Panicked),
            Err(_) => Err(LookError::TooSlow(limit)),
        };
        let lost = match &looked {
            Err(LookError::Cluster(ClusterError::Killed { .. })) => true,
            Ok(looked) if looked.could_not.is_empty() => session.get().is_some_and(Session::is_closed),
            // What it learned can come before the end of the connection that it is about.
            _ => match session.get() {
                Some(session) => is_closed_soon(session).await,
                // It was refused one; where that is because somebody has ended the server's processes, another look shows it.
                None => false,
            },
        };
        if lost {
            database.restarted.store(true, Ordering::Relaxed);
        }
        // A connection on which something has failed serves nobody else.
        if looked.is_ok() && !lost {
            database.idle.lock().await.extend(session.into_inner());
        }
        Look { looked, lost, began, ended: Instant::now() }
    }

    async fn looking(
        &self,
        check: &dyn Check,
        database: &DatabaseToCheck<'_>,
        options: LookOptions<'_>,
        used: &OnceCell<Session>,
    ) -> Result<check::Looked, ClusterError> {
        let Self { context, target, sandbox, .. } = *self;
        let DatabaseToCheck { place, ref schema, ref idle, ref statistics, restarted } = *database;
        let database = place.name.as_str();
        let open = || Session::open(sandbox, &target.cluster.superuser, database);
        let idle = if options.alone.is_none() { idle.lock().await.pop() } else { None };
        let session = match (idle, options.alone) {
            (Some(session), _) => session,
            (None, None) => open().await?,
            (None, Some(_)) => open().await?.one_by_one(),
        };
        let session = used.get_or_init(async || session).await;
        // As a connection begins, whatever the check before it has set. The server must not go on with what nobody waits
        // for.
        let time = target.check_timeout().as_millis().min(i32::MAX as u128);
        let begin = format!(
            "ROLLBACK; RESET SESSION AUTHORIZATION; RESET ALL; DISCARD TEMP; {OWN_SETTINGS}; \
             SET statement_timeout = {time}"
        );
        session.batch(&begin, "cannot prepare a connection").await?;
        statistics.get_or_init(|| gather_statistics(session)).await;
        let restored = Restored {
            sandbox,
            session,
            database,
            place,
            databases: self.databases,
            dump: self.dump,
            scan: self.scan,
            target,
            restore_findings: self.coming,
            failures: self.failures,
            earlier: options.earlier,
            avoid: options.alone.unwrap_or_default(),
            restarted: restarted.load(Ordering::Relaxed),
            restore_took: self.restore_took,
            left_out: self.left_out,
            baseline: if place.own { self.baseline } else { &Baseline::default() },
            schema,
            rows: context.rows,
            mask: self.mask(),
        };
        check.look(&restored).await
    }

    /// Looks again after somebody has ended the server's processes, and finds out who: whatever ends them now is this
    /// check's own. An object that does is left alone the next time, and named.
    async fn look_alone(
        &self,
        check: &dyn Check,
        database: &mut DatabaseToCheck<'_>,
        earlier: &[Finding],
    ) -> Result<check::Looked, String> {
        let mut avoid: Vec<String> = Vec::new();
        loop {
            self.wait_for_server(&database.place.name).await?;
            let look = self.look(check, database, LookOptions { earlier, alone: Some(&avoid) }).await;
            if look.lost {
                *database = DatabaseToCheck::new(database.place, database.restarted);
            }
            match look.looked {
                Err(LookError::Cluster(ClusterError::Killed { object }))
                    if avoid.len() < MOST_KILLERS && !avoid.contains(&object) =>
                {
                    avoid.push(object);
                }
                looked if look.lost => {
                    let why = match looked {
                        Err(error) => self.words(&error),
                        Ok(_) => "the connection ended while it looked".to_owned(),
                    };
                    self.wait_for_server(&database.place.name).await?;
                    return Ok(brought_down(check.name(), &avoid, Some(why), check::Looked::default()));
                }
                Ok(looked) if avoid.is_empty() => return Ok(looked),
                Ok(looked) => return Ok(brought_down(check.name(), &avoid, None, looked)),
                Err(error) => return Err(self.words(&error)),
            }
        }
    }

    /// Waits until the server takes connections again: it restarts its processes by itself.
    async fn wait_for_server(&self, database: &str) -> Result<(), String> {
        let coming = async {
            while !Session::is_answered(self.sandbox, &self.target.cluster.superuser, database).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(RECOVERY, coming)
            .await
            .map_err(|_| format!("the server went down and did not come back within {} s", RECOVERY.as_secs()))
    }
}

/// Lets the planner know how much a restore has brought into the catalogs that checks join: a fresh restore has no
/// statistics of them, and plans that go by those of an empty database take seconds where there are many objects.
async fn gather_statistics(session: &Session) {
    const MANY: i64 = 200;
    let sql = "SELECT (SELECT count(*) FROM pg_constraint WHERE oid >= 16384) + (SELECT count(*) FROM pg_class WHERE oid >= 16384)";
    let many = session.query(sql, &[], "cannot count objects").await;
    if many.is_ok_and(|rows| rows.first().is_some_and(|row| row.get::<_, i64>(0) > MANY)) {
        // How many there are is all that a plan needs.
        let sql = format!("SET default_statistics_target = 10; ANALYZE {CATALOGS}; RESET default_statistics_target");
        // Without them checks are slow, and no less true.
        let _ = session.batch(&sql, "cannot analyze catalogs").await;
    }
}

/// Catalogs that checks join with each other.
const CATALOGS: &str = "pg_attribute, pg_attrdef, pg_class, pg_constraint, pg_depend, pg_index, pg_inherits, pg_namespace, \
                        pg_policy, pg_proc, pg_rewrite, pg_sequence, pg_trigger, pg_type";

/// How long a server may take to restart its processes.
const RECOVERY: Duration = Duration::from_secs(60);

/// Objects that end the server's process of which a check finds out each; each costs a restart.
const MOST_KILLERS: usize = 8;

/// What a look has learned may be this much older than the end of the connections that explains it.
const SETTLING: Duration = Duration::from_secs(2);

/// Whether the connection ends within a moment.
async fn is_closed_soon(session: &Session) -> bool {
    for _ in 0..20 {
        if session.is_closed() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

/// The looks that the end of the server's processes can have misled: all that were under way at that time or came after it.
fn in_doubt(looks: &[Look]) -> Vec<usize> {
    let lost = looks.iter().filter(|look| look.lost).map(|look| look.ended).min();
    let Some(lost) = lost else { return Vec::new() };
    let misled = |look: &Look| look.lost || look.ended + SETTLING >= lost && look.looked_badly() || look.began >= lost;
    (0..looks.len()).filter(|nth| misled(&looks[*nth])).collect()
}

impl Look {
    /// Whether something kept it from seeing all, or it found something that could be the end of a connection.
    fn looked_badly(&self) -> bool {
        self.looked.as_ref().map_or(true, |looked| !looked.could_not.is_empty() || !looked.findings.is_empty())
    }
}

/// What a check has seen that ended the server's process.
fn brought_down(check: &str, objects: &[String], why: Option<String>, mut looked: check::Looked) -> check::Looked {
    let title = match objects {
        [] => format!("check {check} ended the server's process"),
        [only] => format!("check {check} ended the server's process when it looked at {only}"),
        _ => format!("check {check} ended the server's process when it looked at each of {} objects", objects.len()),
    };
    let mut finding = Finding::new(Name::CheckCrashed, title);
    finding.count = objects.len().max(1) as u64;
    finding.objects = objects.to_vec();
    finding.evidence =
        objects.iter().map(|object| format!("the connection ended when it looked at {object}")).collect();
    finding.evidence.extend(why.clone());
    looked.findings.push(finding);
    looked
        .could_not
        .extend(objects.iter().map(|object| format!("{object}: the server's process ends when it is looked at")));
    looked.could_not.extend(why.map(|why| format!("it ended the server's process: {why}")));
    looked
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
    result.lost = looked.lost;
    result.could_not = looked.could_not;
    result.apart = looked.apart;
    result.not_in_full = looked.not_in_full;
    result
}

/// The results of checks, as they come.
#[derive(Debug, Default)]
pub struct Results(Vec<(usize, CheckResult)>);

impl Results {
    /// Takes the result of a check in one database, in the place of an earlier one.
    fn put(&mut self, index: usize, result: CheckResult) {
        self.0.retain(|(of, earlier)| *of != index || earlier.database != result.database);
        self.0.push((index, result));
    }

    /// In the order of the checks; those of one check in the order of the databases.
    pub fn take(&mut self) -> Vec<CheckResult> {
        let mut results = std::mem::take(&mut self.0);
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
