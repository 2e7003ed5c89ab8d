//! The life of a rehearsal of a backup, between the start of its sandbox and its end: lay out, verify, replay, look where it stopped,
//! promote, check, stop.

mod arrived;
mod planned;
mod summary;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pgbackup_reader::base::Base;
use pgdump_reader::Scan;

use super::checking::{Checking, Results};
use super::draft::Draft;
use super::ledger::{EndedAlike, Entry};
use super::progress::Progress;
use super::stopped::Stopped;
use super::{Context, Judge, Timed};
use crate::check::{self, Baseline, CheckResult, CheckedDatabase, Group, ItemKind, Outcome};
use crate::cluster::{MAINTENANCE_DATABASE, Session, databases};
use crate::engine::{Engine, EngineError, Sandbox};
use crate::event::{EventKind, Events, Phase, Unit};
use crate::finding::{Finding, Name};
use crate::profile::Target;
use crate::recovery::{self, Answer, Fed, RecoveryError, Server, Verified, feed};
use crate::source::{BackupSource, DumpSource, Witness};
pub use planned::{NotPlanned, Planned, plan};
pub use summary::begun;

/// The name of the check of the base and its files.
pub const BASE: &str = "base";

/// The name of the check of the bases that an incremental one builds upon.
pub const CHAIN: &str = "chain";

/// The name of the check of the pages of the recovered data.
pub const PAGES: &str = "pages";

/// What the work of one rehearsal of a backup is given.
pub struct Recovering<'a> {
    pub context: &'a Context,
    pub source: &'a BackupSource,
    pub planned: &'a Planned,
    pub target: &'a Target,
    pub sandbox: &'a dyn Sandbox,
    pub engine: &'a Arc<dyn Engine>,
    pub events: &'a Events,
}

impl Recovering<'_> {
    /// Recovers and checks. What is found goes into the draft as it comes.
    pub async fn work(&self, draft: &mut Draft, progress: &mut Progress) -> Result<(), Stopped> {
        let Self { source, planned, target, sandbox, engine, events, .. } = *self;
        let began = Instant::now();
        let version = self.version().await?;
        draft.judge = Some(Judge {
            engine: engine.kind().name().into(),
            server_version: version.clone(),
            source: sandbox.describe(),
        });
        events.phase(Phase::LayOut).await;
        self.lay_out(draft).await?;
        if !self.combine(draft).await? {
            return Ok(());
        }
        self.verify(draft).await?;
        let laid_out = began.elapsed();

        events.phase(Phase::Replay).await;
        let replaying = Instant::now();
        let settings = recovery::settings(&planned.plan.wanted, planned.plan.least, &sandbox.directory(), &version);
        let fed = Fed::default();
        let fetch = planned.fetch(source);
        let feeding = feed(sandbox, fetch, &fed);
        let mut server = Server::start(sandbox, &target.cluster.superuser, &settings).await?;
        let total = planned
            .plan
            .reach
            .as_ref()
            .map_or(0, |reach| reach.segments.len() as u64 * reach.expected.segment_size.bytes());
        let recovering = async {
            let halt = server
                .until_it_halts(&planned.plan.wanted.stop, || {
                    events.progress(EventKind::Restoring { done: fed.bytes(), total, unit: Unit::Bytes });
                })
                .await?;
            let replayed = replaying.elapsed();
            self.arrive(draft, &mut server, halt, &fed, replayed).await
        };
        let arrived = tokio::select! {
            arrived = recovering => arrived?,
            broken = feeding => match broken {
                Err(error) => return Err(error.into()),
                Ok(never) => match never {},
            },
        };
        if let Some(recovery) = &mut draft.recovery {
            recovery.figures.lay_out = Some(Timed(laid_out));
        }
        draft.timings.ready = laid_out;
        draft.timings.restore = replaying.elapsed();
        let Some(session) = arrived else { return Ok(()) };
        let segments = fed
            .asked()
            .iter()
            .filter(|asked| asked.answer == Answer::Here && !asked.name.ends_with(".history"))
            .count();
        if segments > 0 {
            draft.ledger.push(entry(ItemKind::WalSegment, segments as u64, segments as u64, None));
        }
        if let Some(recovery) = &mut draft.recovery {
            recovery.findings.extend(summary::too_slow(target, began.elapsed()));
        }
        self.check(draft, progress, &session, began.elapsed()).await?;
        drop(session);
        self.pages(draft, &mut server).await
    }

    /// The server's version, before there is a server to ask: `17.6 (Debian 17.6-1.pgdg13+1)`.
    async fn version(&self) -> Result<String, EngineError> {
        let said = recovery::version(self.sandbox).await?;
        self.events
            .send(EventKind::SandboxReady { engine: self.engine.kind().name(), server_version: said.clone() })
            .await;
        Ok(said)
    }

    async fn lay_out(&self, draft: &mut Draft) -> Result<(), Stopped> {
        let done = Arc::new(AtomicU64::new(0));
        let total = self.planned.scan.survey.bytes.saturating_add(self.planned.scan.earlier_bytes);
        let counting = async {
            loop {
                tokio::time::sleep(Duration::from_millis(200)).await;
                let done = done.load(Ordering::Relaxed);
                self.events.progress(EventKind::Restoring { done, total, unit: Unit::Bytes });
            }
        };
        let laid_out = tokio::select! {
            laid_out = recovery::lay_out(self.sandbox, &self.source.base, self.earlier(), &done) => laid_out,
            () = counting => return Ok(()),
        };
        match laid_out {
            Ok(()) => Ok(()),
            Err(RecoveryError::Engine(error)) => Err(error.into()),
            Err(RecoveryError::Cluster(error)) => Err(error.into()),
            // It was read to its end before: it has changed since.
            Err(RecoveryError::Base(error)) => {
                draft.untested.push(format!("the base has changed while it was rehearsed: {error}"));
                Err(Stopped::NotBrought("the base could not be laid out".to_owned()))
            }
        }
    }

    /// The bases that this one builds upon; a chain that is broken was never laid out.
    fn earlier(&self) -> &[Arc<Base>] {
        self.source.earlier.as_deref().unwrap_or_default()
    }

    /// Joins a base with those that it builds upon. Where that cannot be done there is nothing to go on with.
    async fn combine(&self, draft: &mut Draft) -> Result<bool, Stopped> {
        let earlier = self.earlier();
        if earlier.is_empty() {
            return Ok(true);
        }
        let Verified { findings, could_not } =
            recovery::combine(self.sandbox, &self.source.base, earlier.len() + 1).await?;
        let is_broken = findings.iter().any(|finding| finding.name == Name::BackupChainBroken);
        let mut result = CheckResult::new(CHAIN, Group::Integrity);
        result.looked_at = format!("{} base backups", earlier.len() + 1);
        result.could_not.extend(could_not);
        result.outcome = Outcome::Looked { findings };
        draft.checks.push(result);
        Ok(!is_broken)
    }

    /// Holds what was laid out against the base's manifest.
    async fn verify(&self, draft: &mut Draft) -> Result<(), Stopped> {
        let mut result = CheckResult::new(BASE, Group::Integrity);
        result.looked_at = format!("{} files", self.planned.scan.survey.files);
        let mut findings = recovery::of_base(&self.planned.scan.survey);
        findings.extend(recovery::of_configuration(&self.planned.scan.survey));
        match (self.planned.has_manifest, self.source.base.manifest()) {
            (true, _) => {
                let Verified { findings: found, could_not } = recovery::verify(self.sandbox).await?;
                result.compared.insert("file".to_owned(), self.planned.scan.survey.files);
                findings.extend(found);
                result.could_not.extend(could_not);
            }
            (false, Some(Err(error))) => findings.push(recovery::manifest_broken(&error.to_string())),
            (false, _) => findings.push(recovery::unverifiable()),
        }
        let files = self.planned.manifest_files;
        if files > 0 {
            let could_not = result.could_not.first().cloned();
            let untested = could_not.map(|reason| EndedAlike { reason, count: files, names: Vec::new() });
            let compared = if untested.is_some() { 0 } else { files };
            draft.ledger.push(entry(ItemKind::BaseFile, files, compared, untested));
        }
        result.outcome = Outcome::Looked { findings };
        draft.checks.push(result);
        recovery::ready(self.sandbox).await?;
        Ok(())
    }

    /// Has the checks look that need no dump.
    async fn check(
        &self,
        draft: &mut Draft,
        progress: &mut Progress,
        session: &Session,
        took: Duration,
    ) -> Result<(), Stopped> {
        let Self { context, target, sandbox, events, .. } = *self;
        events.phase(Phase::Check).await;
        let began = Instant::now();
        let all: Vec<CheckedDatabase> = databases(session)
            .await?
            .into_iter()
            .filter(|database| database.connectable && database.name != "template1")
            .map(|database| CheckedDatabase {
                known_as: vec![Some(database.name.clone())],
                name: database.name,
                own: false,
            })
            .collect();
        let mut scan = Scan::default();
        let mut places = Vec::new();
        for place in all {
            // One that cannot be entered is a fact of the sandbox as a rule: a locale that it does not have.
            match Session::open(sandbox, &target.cluster.superuser, &place.name).await {
                Ok(session) => {
                    summary::learn_names(&session, &mut scan.names).await?;
                    places.push(place);
                }
                Err(error) => draft.untested.push(summary::not_entered(&place.name, &error)),
            }
        }
        let names: Vec<String> = places.iter().map(|place| place.name.clone()).collect();
        let target = &asked_in(target, &names);
        let coming: Vec<Finding> = draft.recovery.iter().flat_map(|recovery| recovery.findings.clone()).collect();
        let checking = Checking {
            context,
            target,
            sandbox,
            dump: None,
            scan: &scan,
            coming: &coming,
            databases: &names,
            failures: &[],
            restore_took: took,
            baseline: &Baseline::default(),
            places: &places,
            left_out: (&Default::default(), ""),
        };
        let mut checks = check::of_recovery(target);
        checks.retain(|check| check.does_not_apply(target, &coming).is_none());
        checking.run(&checks, &mut progress.results, events).await;
        if let Some(dump) = &self.source.dump {
            match target.recovery.same_as_dump {
                true => self.compare(draft, (dump, &checking), events).await?,
                false => draft.notices.push(format!(
                    "{} was not compared: recovery.same_as_dump of the profile does not say that it was made at this point",
                    dump.name()
                )),
            }
        }
        if let Some(recovery) = &mut draft.recovery {
            recovery.databases = names;
        }
        draft.timings.checks = began.elapsed();
        Ok(())
    }

    /// Compares what came back with a dump that was made at the same point.
    async fn compare(
        &self,
        draft: &mut Draft,
        (dump, others): (&DumpSource, &Checking<'_>),
        events: &Events,
    ) -> Result<(), Stopped> {
        let scan = dump.read().await?;
        let name = match dump.dump.archive() {
            Some(archive) => archive.database.clone(),
            None => others.target.database.name.clone(),
        };
        if !others.databases.contains(&name) {
            draft.untested.push(format!("{} is of database {name:?}, which the backup does not have", dump.name()));
            return Ok(());
        }
        let places = [CheckedDatabase { known_as: vec![None, Some(name.clone())], name: name.clone(), own: false }];
        let checking = Checking {
            dump: Some(&dump.dump),
            scan: &scan,
            databases: std::slice::from_ref(&name),
            places: &places,
            ..*others
        };
        let mut checks = check::all(others.target, self.context.rows);
        // Roles are the cluster's, which the dump of a database does not hold.
        checks.retain(|check| check.witness() == Witness::Dump && check.name() != check::ROLES);
        let mut results = Results::default();
        checking.run(&checks, &mut results, events).await;
        draft.checks.extend(results.take());
        Ok(())
    }

    /// Stops the server, and reads every page of what it leaves.
    async fn pages(&self, draft: &mut Draft, server: &mut Server<'_>) -> Result<(), Stopped> {
        let code = server.stop().await?;
        let has_checksums =
            self.planned.scan.survey.head.control().is_some_and(|control| control.data_checksum_version > 0);
        let mut result = CheckResult::new(PAGES, Group::Integrity);
        match (has_checksums, code) {
            (false, _) => result.not_compared.push("pages: the cluster has no checksums".to_owned()),
            (true, 0) => {
                let Verified { findings, could_not } = recovery::pages(self.sandbox).await?;
                result.outcome = Outcome::Looked { findings };
                result.could_not.extend(could_not);
            }
            (true, code) => result.could_not.push(format!("the server did not stop in order (exit code {code})")),
        }
        draft.checks.push(result);
        Ok(())
    }
}

/// The target with the database in which its queries are asked, where they name none: the profile's own, or else the only one that
/// people have made.
fn asked_in(target: &Target, databases: &[String]) -> Target {
    let mut target = target.clone();
    if !databases.contains(&target.database.name) {
        let mut made = databases.iter().filter(|name| *name != MAINTENANCE_DATABASE);
        target.database.name = match (made.next(), made.next()) {
            (Some(only), None) => only.clone(),
            _ => MAINTENANCE_DATABASE.to_owned(),
        };
    }
    target
}

/// Items of one kind, all of which were compared or none.
fn entry(kind: ItemKind, held: u64, compared: u64, untested: Option<EndedAlike>) -> Entry {
    Entry { kind, held, compared, not_compared: Vec::new(), untested: untested.into_iter().collect() }
}
