//! Runs the checks of one rehearsal: at the same time, each over a connection of its own, none able to take another down.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::{Mutex, OnceCell};

use super::{RestoreSummary, Stage};
use crate::check::{self, Before, Check, CheckResult, Outcome, Restored, Schema};
use crate::cluster::{ClusterError, Session};
use crate::dump::Scan;
use crate::engine::Sandbox;
use crate::event::{Events, What};
use crate::finding::{Failure, Finding, Name};
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
#[derive(Default)]
struct Here<'a> {
    database: &'a str,
    schema: Schema,
    /// Connections that a check has done with: a new one takes longer than most checks do.
    idle: Mutex<Vec<Session>>,
    /// Whether the planner knows what is in the catalogs.
    statistics: OnceCell<()>,
}

/// How one look is to go.
#[derive(Clone, Copy)]
struct Way<'a> {
    /// What checks found before this one.
    earlier: &'a [Finding],
    /// After somebody has ended the server's processes: over a new connection, one statement after the other, and at these
    /// objects not at all.
    alone: Option<&'a [String]>,
}

/// Why a check could not look.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("it took more than {0:?} (checks.timeout)")]
    TooSlow(Duration),
    #[error("it failed, which is a bug of pgrehearse; please report it")]
    Panicked,
}

/// What came of one look.
struct Look {
    looked: Result<check::Looked, Failed>,
    /// The server's process, or the whole server, ended meanwhile.
    lost: bool,
    began: Instant,
    ended: Instant,
}

impl Checking<'_> {
    /// Runs every check in every restored database, those that change something after the others; one that fails, takes
    /// too long or brings the server down says so and takes no other down.
    pub async fn run(&self, checks: &[Box<dyn Check>], events: &Events) -> Vec<CheckResult> {
        let mut results: Vec<CheckResult> =
            checks.iter().map(|check| CheckResult::new(check.name(), check.group())).collect();
        let databases = &self.summary.databases;
        for (nth, database) in databases.iter().enumerate() {
            let place = &Here { database, ..Here::default() };
            let here = (0..checks.len()).filter(|index| nth == 0 || !checks[*index].looks_once());
            let (changing, quiet): (Vec<usize>, Vec<usize>) = here.partition(|index| checks[*index].changes());
            let mut found = Vec::new();
            for (group, at_once) in [(quiet, AT_ONCE), (changing, 1)] {
                let mut looks: Vec<BoxFuture<'_, Look>> = Vec::new();
                for index in &group {
                    let check = checks[*index].as_ref();
                    let way = Way { earlier: found.as_slice(), alone: None };
                    looks.push(Box::pin(async move {
                        let look = self.look(check, place, way).await;
                        events.send(What::CheckDone { check: check.name() });
                        look
                    }));
                }
                // In the order of the checks, whichever is done first.
                let looks: Vec<Look> = stream::iter(looks).buffered(at_once).collect().await;
                let again = in_doubt(&looks);
                for (nth, (index, look)) in group.into_iter().zip(looks).enumerate() {
                    let looked = match again.contains(&nth) {
                        true => self.look_alone(checks[index].as_ref(), place, &found).await,
                        false => look.looked.map_err(|error| error.to_string()),
                    };
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
    async fn look(&self, check: &dyn Check, place: &Here<'_>, way: Way<'_>) -> Look {
        let began = Instant::now();
        let session = OnceCell::new();
        let limit = self.target.check_timeout();
        let looking = AssertUnwindSafe(self.looking(check, place, way, &session)).catch_unwind();
        let looked = match tokio::time::timeout(limit, looking).await {
            Ok(Ok(looked)) => looked.map_err(Failed::from),
            Ok(Err(_)) => Err(Failed::Panicked),
            Err(_) => Err(Failed::TooSlow(limit)),
        };
        let lost = match &looked {
            Err(Failed::Cluster(ClusterError::Killed { .. })) => true,
            Ok(looked) if looked.could_not.is_empty() => session.get().is_some_and(Session::is_closed),
            // What it was told can come before the end of the connection that it tells of.
            _ => match session.get() {
                Some(session) => is_closed_soon(session).await,
                // It was refused one; where that is because somebody has ended the server's processes, another look tells.
                None => false,
            },
        };
        // A connection on which something has failed serves nobody else.
        if looked.is_ok() && !lost {
            place.idle.lock().await.extend(session.into_inner());
        }
        Look { looked, lost, began, ended: Instant::now() }
    }

    async fn looking(
        &self,
        check: &dyn Check,
        place: &Here<'_>,
        way: Way<'_>,
        used: &OnceCell<Session>,
    ) -> Result<check::Looked, ClusterError> {
        let Self { stage, target, sandbox, .. } = *self;
        let Here { database, ref schema, ref idle, ref statistics } = *place;
        let open = || Session::open(sandbox, &target.cluster.superuser, database);
        let idle = if way.alone.is_none() { idle.lock().await.pop() } else { None };
        let session = match (idle, way.alone) {
            (Some(session), _) => session,
            (None, None) => open().await?,
            (None, Some(_)) => open().await?.one_by_one(),
        };
        let session = used.get_or_init(async || session).await;
        // As a connection begins, whatever the check before it has set. The server must not go on with what nobody waits
        // for.
        let time = target.check_timeout().as_millis().min(i32::MAX as u128);
        let begin = format!(
            "ROLLBACK; RESET SESSION AUTHORIZATION; RESET ALL; DISCARD TEMP; \
             SET search_path = pg_catalog; SET statement_timeout = {time}"
        );
        session.batch(&begin, "cannot prepare a connection").await?;
        statistics.get_or_init(|| gather_statistics(session)).await;
        let restored = Restored {
            sandbox,
            session,
            database,
            databases: &self.summary.databases,
            dump: &stage.dump,
            scan: self.scan,
            target,
            restore_findings: &self.summary.findings,
            failures: self.failures,
            earlier: way.earlier,
            avoid: way.alone.unwrap_or_default(),
            restore_took: self.restore_took,
            before: if *database == *target.database.name { self.before } else { &Before::default() },
            schema,
            rows: stage.rows,
            show_data: stage.show_data,
        };
        check.look(&restored).await
    }

    /// Looks again after somebody has ended the server's processes, and finds out who: whatever ends them now is this
    /// check's own. An object that does is left alone the next time, and told.
    async fn look_alone(
        &self,
        check: &dyn Check,
        place: &Here<'_>,
        earlier: &[Finding],
    ) -> Result<check::Looked, String> {
        let mut avoid: Vec<String> = Vec::new();
        loop {
            self.wait_for_server(place.database).await?;
            let look = self.look(check, place, Way { earlier, alone: Some(&avoid) }).await;
            match look.looked {
                Err(Failed::Cluster(ClusterError::Killed { object }))
                    if avoid.len() < MOST_KILLERS && !avoid.contains(&object) =>
                {
                    avoid.push(object);
                }
                looked if look.lost => {
                    let why = match looked {
                        Err(error) => error.to_string(),
                        Ok(_) => "the connection ended while it looked".to_owned(),
                    };
                    self.wait_for_server(place.database).await?;
                    return Ok(brought_down(check.name(), &avoid, Some(why), check::Looked::default()));
                }
                Ok(looked) if avoid.is_empty() => return Ok(looked),
                Ok(looked) => return Ok(brought_down(check.name(), &avoid, None, looked)),
                Err(error) => return Err(error.to_string()),
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
        // Without them checks are slow, and no less true.
        let _ = session.batch(&format!("ANALYZE {CATALOGS}"), "cannot analyze catalogs").await;
    }
}

/// Catalogs that checks join with each other.
const CATALOGS: &str = "pg_attribute, pg_attrdef, pg_class, pg_constraint, pg_depend, pg_index, pg_inherits, pg_namespace, \
                        pg_policy, pg_proc, pg_rewrite, pg_sequence, pg_trigger, pg_type";

/// How long a server may take to restart its processes.
const RECOVERY: Duration = Duration::from_secs(60);

/// Objects that end the server's process of which a check finds out each; each costs a restart.
const MOST_KILLERS: usize = 8;

/// What a look was told may be this much older than the end of the connections that explains it.
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
    finding.fix =
        "Look at it by hand in a database that may go down: a bug of an extension, or code that ends sessions, \
                   does so wherever it runs."
            .into();
    looked.findings.push(finding);
    looked
        .could_not
        .extend(objects.iter().map(|object| format!("{object}: the server's process ends when it is looked at")));
    looked.could_not.extend(why.map(|why| format!("it ended the server's process: {why}")));
    looked
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
