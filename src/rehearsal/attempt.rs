//! One attempt at a rehearsal: provide, start, prepare, restore, check, remove.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use pgdump_reader::{Container, Scan};

use super::again::Again;
use super::checking::Checking;
use super::decision::decide;
use super::draft::Draft;
use super::ended;
use super::left_out::LeftOut;
use super::places;
use super::progress::{Progress, RestoreState};
use super::start::{NotStarted, start, while_it_answers};
use super::survey::DatabaseSurvey;
use super::{Context, Judge, Rehearsal, RestoreSummary, partial, verdict};
use crate::check::{self, Baseline, NotApplied};
use crate::cluster::{self, ClusterError, MAINTENANCE_DATABASE, Session};
use crate::engine::{Engine, EngineError, LimitHit, Sandbox, Storage};
use crate::event::{EventKind, Events, Phase};
use crate::finding::mask::Mask;
use crate::finding::{Failure, Finding, Name, Situation, diagnose, outside, transactions_lost};
use crate::preflight;
use crate::profile::Target;
use crate::restore;
use crate::source::RowMode;
use crate::source::Source;

/// How long the engine may take to notice that a sandbox has ended.
const SETTLING: Duration = Duration::from_millis(700);

/// How long an engine that may hang is asked for an explanation.
const ASKING: Duration = Duration::from_secs(10);

/// How an attempt ended.
pub enum Attempt {
    Done(Box<Rehearsal>),
    /// The data did not fit into memory: no fact about the dump.
    NeedsDisk,
}

/// Why the work in a sandbox did not come to its end.
pub(super) enum Stopped {
    NeedsDisk,
    Interrupted,
    Limit(LimitHit),
    Cluster(ClusterError),
    /// The profile does not go with the dump.
    Unfit(&'static str),
    /// The client does not come to the end of a damaged archive.
    Endless,
    Panicked,
}

/// How long pg_restore may take on a tar file that is known to be cut off: it reads at its end for ever
/// (`_tarReadRaw` in pg_backup_tar.c, PostgreSQL 13 to 18).
const PATIENCE: Duration = Duration::from_secs(20);

impl From<ClusterError> for Stopped {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Engine(EngineError::Limit(limit)) => Stopped::Limit(limit),
            other => Stopped::Cluster(other),
        }
    }
}

impl From<NotStarted> for Stopped {
    fn from(not_started: NotStarted) -> Self {
        match not_started {
            NotStarted::Interrupted => Stopped::Interrupted,
            NotStarted::Engine(error) => error.into(),
        }
    }
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        ClusterError::from(error).into()
    }
}

/// Rehearses once, with the data kept in `storage`.
pub async fn attempt(context: &Context, target: &Target, storage: Storage, events: &Events) -> Attempt {
    let began = Instant::now();
    let mut draft = Draft { notices: notices(target, context.rows), ..Draft::default() };
    let repository = context.image_repository.as_deref();
    let spec = cluster::needs_of(target, repository, context.source.input(), storage, context.cache);

    let (engine, sandbox) = match start(&context.engines, &spec, &context.interrupt, events).await {
        Ok(started) => started,
        Err(not_started) => return done(context, draft, target, began, Err(not_started.into())).await,
    };

    let mut progress = Progress::default();
    let deadline = target.limits.timeout.0.saturating_sub(began.elapsed());
    let work =
        AssertUnwindSafe(work(context, target, &*sandbox, &engine, storage, (&mut draft, &mut progress), events))
            .catch_unwind();
    let mut worked = tokio::select! {
        worked = work => worked.unwrap_or(Err(Stopped::Panicked)),
        failure = sandbox.failure() => Err(failure.into()),
        () = tokio::time::sleep(deadline) => {
            Err(Stopped::Limit(LimitHit { name: "timeout", value: target.limits.timeout.to_string() }))
        }
        () = context.interrupt.cancelled() => Err(Stopped::Interrupted),
    };
    // A connection that broke is explained by what became of the sandbox, which is known a moment later.
    if let Err(Stopped::Cluster(_)) = worked {
        match tokio::time::timeout(SETTLING, sandbox.failure()).await {
            Ok(failure) => worked = Err(failure.into()),
            // An engine with much to do takes longer to notice than it takes to answer.
            Err(_) => {
                if let Some(reason) = sandbox.stands_still().await {
                    worked = Err(reason.into());
                }
            }
        }
    }
    // A limit explains whatever else went wrong.
    if matches!(worked, Err(Stopped::Cluster(_)))
        && let Ok(Some(limit)) = tokio::time::timeout(ASKING, sandbox.limit_hit()).await
    {
        worked = Err(Stopped::Limit(limit));
    }
    // A sandbox whose time was up may have been kept from using it.
    if matches!(&worked, Err(Stopped::Limit(limit)) if limit.name == "timeout")
        && let Some(reason) = sandbox.stands_still().await
    {
        worked = Err(reason.into());
    }

    // What was written since the last look counts too: nothing is a pass that took more than it may.
    if worked.is_ok() {
        worked = tokio::select! {
            at_end = sandbox.at_end() => at_end.map_err(Stopped::from),
            () = context.interrupt.cancelled() => Err(Stopped::Interrupted),
        };
    }
    let limit = match &worked {
        Err(Stopped::Limit(limit)) => Some(limit),
        _ => None,
    };
    progress.settle(context, target, &mut draft, limit);
    // What came back under a limit that was reached proves nothing; what the restore has failed on before that stands.
    let failed = draft.failing(context.fail_on).next().is_some();
    if limit.is_some_and(|limit| limit.name != "timeout") && !failed {
        (draft.restore, draft.ledger) = (None, Vec::new());
    }

    // What is known of the dump itself holds, however far its restore came.
    let Source::Dump(source) = &context.source;
    if worked.is_err()
        && !draft.checks.iter().any(|result| result.check == check::DUMP)
        && let Some(scan) = source.scanned()
    {
        draft.checks.push(check::check_dump(&scan));
    }

    events.phase(Phase::Teardown).await;
    let teardown = Instant::now();
    let removed = while_it_answers(&*engine, &context.interrupt, sandbox.remove()).await.and_then(|removed| removed);
    if let Err(error) = removed {
        draft.notices.push(format!("the sandbox could not be removed: {error}; run `pgrehearse sweep`"));
    }
    draft.timings.teardown = teardown.elapsed();
    done(context, draft, target, began, worked).await
}

async fn done(
    context: &Context,
    mut draft: Draft,
    target: &Target,
    began: Instant,
    worked: Result<(), Stopped>,
) -> Attempt {
    let Source::Dump(source) = &context.source;
    let interrupted = matches!(worked, Err(Stopped::Interrupted));
    match worked {
        Ok(()) => {}
        Err(Stopped::NeedsDisk) => return Attempt::NeedsDisk,
        Err(stopped) => {
            draft.untested.push(match stopped {
                Stopped::Interrupted => match context.stopped_by.get() {
                    Some(other) => format!("stopped before it was done: {other} failed, and --fail-fast is given"),
                    None => "interrupted before it was done".into(),
                },
                Stopped::Limit(limit) => limit.to_string(),
                Stopped::Cluster(error) => match source.scanned() {
                    Some(scan) => Mask::new(&scan.names, target, context.show_data).cluster(&error),
                    None => Mask::of_target(target).cluster(&error),
                },
                Stopped::Unfit(why) => why.into(),
                Stopped::Endless => {
                    "pg_restore does not come to the end of the damaged archive, and was stopped".into()
                }
                Stopped::Panicked | Stopped::NeedsDisk => {
                    "pgrehearse itself failed, which is a bug of pgrehearse; please report it".into()
                }
            });
        }
    }
    draft.timings.total = began.elapsed();
    Attempt::Done(Box::new(conclude(context, draft, target, interrupted).await))
}

/// Puts what was foreseen beside what was found, and says what all of it comes to.
pub(super) async fn conclude(context: &Context, mut draft: Draft, target: &Target, interrupted: bool) -> Rehearsal {
    let Source::Dump(source) = &context.source;
    // A text says what it needs only at its end, and whoever interrupts does not wait for that.
    let needs = tokio::select! {
        biased;
        needs = source.needs(interrupted) => needs,
        () = context.interrupt.cancelled() => source.needs(true).await,
    };
    if let Some(facts) = needs {
        let foreseen = preflight::run(&source.dump, &facts, target);
        let met: Option<Vec<&Finding>> = draft.restore.is_some().then(|| draft.findings().collect());
        let needs = check::judge_needs(&foreseen, met.as_deref(), &facts);
        draft.checks.insert(0, needs);
    }
    draft.hide(&target.secrets);
    let verdict = verdict::judge(&mut draft, target, context.rows, context.fail_on);
    let Draft { untested, judge, restore, checks, ledger, notices, timings } = draft;
    Rehearsal {
        source: context.source.name().to_owned(),
        target: target.name.clone(),
        description: target.description.clone(),
        verdict,
        fail_on: context.fail_on,
        untested,
        judge,
        restore,
        checks,
        ledger,
        notices,
        fixes: None,
        timings,
    }
}

/// What a person should know of how this target restores.
fn notices(target: &Target, rows: RowMode) -> Vec<String> {
    let mut notices = target.notices.clone();
    match rows {
        RowMode::Digest => {}
        RowMode::Count => notices.push("rows were counted and not compared (--rows count)".to_owned()),
        RowMode::Off => notices.push("rows were not compared (--rows off)".to_owned()),
    }
    if !target.restore.options.is_empty() {
        notices.push(format!("restored with the profile's options: {}", target.restore.options.join(" ")));
    }
    if let Some(list) = &target.restore.list {
        notices.push(format!("restored what {list:?} lists"));
    }
    if let Some(role) = &target.restore.as_role {
        notices.push(format!("restored as role {role:?}"));
    }
    notices
}

async fn work(
    context: &Context,
    target: &Target,
    sandbox: &dyn Sandbox,
    engine: &Arc<dyn Engine>,
    storage: Storage,
    (draft, progress): (&mut Draft, &mut Progress),
    events: &Events,
) -> Result<(), Stopped> {
    let Source::Dump(source) = &context.source;
    if target.restore.list.is_some() && !source.dump.is_archive() {
        return Err(Stopped::Unfit(
            "the profile's restore.list lists entries of an archive, and this dump is plain SQL",
        ));
    }
    let began = Instant::now();
    let superuser = target.cluster.superuser.as_str();
    let session = Session::open(sandbox, superuser, MAINTENANCE_DATABASE).await?;
    let version = session.server_version().await?;
    draft.timings.ready = began.elapsed();
    events.send(EventKind::SandboxReady { engine: engine.kind().name(), server_version: version.clone() }).await;
    draft.judge =
        Some(Judge { engine: engine.kind().name().into(), server_version: version, source: sandbox.describe() });

    events.phase(Phase::Prepare).await;
    let makes_own = restore::makes_database(&source.dump, target);
    let not_applied = if makes_own { cluster::not_applied(target) } else { Vec::new() };
    if !not_applied.is_empty() {
        let keys = not_applied.join(", ");
        draft
            .notices
            .push(format!("the dump makes its database itself, so this of the profile does not apply: {keys}"));
    }
    // None of the three needs another.
    let (prepared, client, input) = tokio::join!(
        cluster::prepare(&session, sandbox, target, !makes_own),
        restore::client_version(sandbox, &source.dump),
        sandbox.input()
    );
    prepared?;
    let client = client?;
    input?;
    let baseline = if makes_own { Baseline::default() } else { Baseline::of(sandbox, target, &source.dump).await? };

    let survey = DatabaseSurvey::begin(sandbox, target, &baseline).await?;

    events.phase(Phase::Restore).await;
    let restoring = Instant::now();
    let (outcome, session) = tokio::select! {
        outcome = restore::run(sandbox, session, &source.dump, target, events) => outcome?,
        () = endless(context) => return Err(Stopped::Endless),
    };
    draft.timings.restore = restoring.elapsed();
    draft.notices.extend(restore::order_notice(&source.dump, target));
    if outcome.unknown_messages > 0 {
        draft.untested.push(format!(
            "{} messages of the restore are in another language (lc_messages), and the server's log does not say whether \
             they are errors",
            outcome.unknown_messages
        ));
    }
    outgrown(&outcome.failures, storage, target)?;
    // What fails because a limit is reached says nothing about the dump; what has failed before one is reached stands.
    if (outcome.exit_code != 0 || !outcome.failures.is_empty())
        && let Some(limit) = sandbox.limit_hit().await
    {
        return Err(Stopped::Limit(limit));
    }

    let scan = source.scan.clone().await.map_err(|reason| {
        Stopped::Cluster(ClusterError::Refused { step: "cannot read the dump to its end".into(), reason })
    })?;
    let databases = survey.finish(sandbox, target, &outcome.failures).await?;
    let situation = Situation {
        dump: &source.dump,
        scan: &scan,
        databases: &databases,
        without_data: partial::without_data(&source.dump, &scan),
        superuser_lost: outcome.superuser_lost,
        target,
        client: &client,
        server: draft.judge.as_ref().and_then(|judge| pgdump_reader::major_of(&judge.server_version)),
        mask: Mask::new(&scan.names, target, context.show_data),
    };
    let (failures, unfilled) = outside::apart(&outcome.failures, &scan.declared);
    draft.untested.extend(unfilled.iter().map(|view| view.reason(&situation.mask)));
    let explained = failures.len() as u64;
    // There can be 20 000 of them, and mostly all are meant.
    let mut findings = match unfilled.is_empty() {
        true => diagnose(&outcome.failures, &situation),
        false => diagnose(&failures.into_iter().cloned().collect::<Vec<_>>(), &situation),
    };
    let unexplained = !findings.iter().any(Finding::fails);
    findings.extend(ended_early(&outcome).filter(|_| unexplained));
    let ended = ended::judge(&outcome, &scan, target, makes_own, &findings);
    findings.extend(ended.findings);
    draft.untested.extend(ended.untested);
    // Before the checks look: an error that is accepted, or milder than it was, explains nothing that is missing.
    decide(findings.iter_mut(), target);
    // Nor does it keep what its transaction lost from being told.
    let is_open = findings.iter().any(|finding| finding.name == Name::TransactionOpen);
    let mut lost = transactions_lost(&findings).filter(|_| !is_open);
    decide(lost.iter_mut(), target);
    findings.extend(lost);
    // What is accepted explains no end before the end of the dump, unless it kept the restore from beginning at all.
    let unexplained =
        !findings.iter().any(Finding::fails) && !never_began(&findings, outcome.new_databases().next().is_none());
    let has_it = findings.iter().any(|finding| finding.name == Name::ClientFailed);
    findings.extend(ended_early(&outcome).filter(|_| unexplained && !has_it));
    let left_out = left_out(sandbox, context, target, &findings, &mut draft.untested).await;
    let before_looking = context.after.as_ref().map(|after| (after, draft.clone()));
    let ended_restore = EndedRestore {
        context,
        target,
        sandbox,
        session: &session,
        scan: &scan,
        outcome: &outcome,
        client: &client,
        findings: &findings,
        explained,
        left_out: &left_out,
        no_word: ended.no_word,
        restore_took: draft.timings.restore,
        baseline: &baseline,
    };
    ended_restore.look(draft, progress, events).await?;
    if let Some((after, before_looking)) = before_looking {
        after.work(&Again { ended_restore, before_looking, events }).await;
    }
    Ok(())
}

/// A restore that has ended, and all that is known of it.
pub(super) struct EndedRestore<'a> {
    pub context: &'a Context,
    pub target: &'a Target,
    pub sandbox: &'a dyn Sandbox,
    session: &'a Session,
    scan: &'a Arc<Scan>,
    outcome: &'a restore::Outcome,
    client: &'a str,
    /// What the restore is known to have failed on.
    findings: &'a [Finding],
    /// How many failures these explain.
    explained: u64,
    left_out: &'a LeftOut,
    /// Why psql's word of its end is missing, where it is.
    no_word: Option<&'static str>,
    restore_took: Duration,
    baseline: &'a Baseline,
}

impl EndedRestore<'_> {
    /// Compares what came back with what the dump holds.
    pub async fn look(&self, draft: &mut Draft, progress: &mut Progress, events: &Events) -> Result<(), Stopped> {
        let Self { context, target, sandbox, scan, outcome, left_out, findings, .. } = *self;
        let Source::Dump(source) = &context.source;
        // What was left out is no part of what the result is compared with.
        let witness = if left_out.is_empty() { Arc::clone(scan) } else { Arc::new(left_out.witness(scan)) };
        let places = places::places(self.session, sandbox, &source.dump, scan, target, outcome).await?;
        let restored_anything = !never_began(findings, outcome.new_databases().next().is_none());
        let failed = findings.iter().any(Finding::fails);
        if !failed {
            draft.untested.extend(places.lost.iter().map(|lost| lost.reason.clone()));
            // A database that is not there is why psql had no connection at its end.
            draft.untested.extend(self.no_word.filter(|_| places.lost.is_empty()).map(str::to_owned));
        }
        let summary = RestoreSummary {
            command: outcome.command.clone(),
            client_version: self.client.to_owned(),
            exit_code: outcome.exit_code,
            // What no finding tells is untested.
            errors: self.explained + outcome.more_failures,
            findings: findings.to_vec(),
            databases: places.looked_at.iter().map(|place| place.name.clone()).collect(),
        };
        draft.notices.extend(partial::signs(&source.dump, scan));
        draft.checks.push(check::check_dump(scan));
        draft.checks.extend(left_out.check_result());
        let summary = draft.restore.insert(summary);
        let (scan, left_out) = (Arc::clone(scan), left_out.clone());
        let Progress { restored, results } = progress;
        let restored = restored.insert(RestoreState { scan, places, left_out, failed, left_aside: BTreeMap::new() });
        if context.rows == RowMode::Off {
            restored.left_aside.insert(check::ROWS, "rows were not compared (--rows off)".to_owned());
        }
        if restored_anything {
            events.phase(Phase::Check).await;
            let began = Instant::now();
            let checking = Checking {
                context,
                target,
                sandbox,
                scan: &witness,
                summary,
                failures: &outcome.failures,
                restore_took: self.restore_took,
                baseline: self.baseline,
                places: &restored.places.looked_at,
                left_out: restored.left_out.ids(),
            };
            let mut checks = check::all(target, context.rows);
            checks.retain(|check| {
                let no_witness = context.source.no_witness(check.witness());
                draft.notices.extend(no_witness.map(|why| format!("check {} did not look: {why}", check.name())));
                restored.left_aside.extend(no_witness.map(|why| (check.name(), why.to_owned())));
                no_witness.is_none()
            });
            checks.retain(|check| match check.does_not_apply(target, &summary.findings) {
                Some(NotApplied::Profile(reason)) => {
                    restored.left_aside.insert(check.name(), reason.clone());
                    draft.notices.push(reason);
                    false
                }
                Some(NotApplied::Explained) => false,
                None => true,
            });
            checking.run(&checks, results, events).await;
            draft.timings.checks = began.elapsed();
        }
        Ok(())
    }
}

/// Ends when the client has had its time with a tar file that is damaged, and never with any other dump.
async fn endless(context: &Context) {
    let Source::Dump(source) = &context.source;
    let is_tar = source.dump.archive().is_some_and(|archive| archive.container == Container::Tar);
    match source.scan.clone().await {
        Ok(scan) if is_tar && !scan.damage.is_empty() => tokio::time::sleep(PATIENCE).await,
        _ => std::future::pending().await,
    }
}

/// What the profile's list and options have left out. Where pg_restore cannot say it, and nothing else explains that, the
/// target cannot pass.
async fn left_out(
    sandbox: &dyn Sandbox,
    context: &Context,
    target: &Target,
    findings: &[Finding],
    untested: &mut Vec<String>,
) -> LeftOut {
    let Source::Dump(source) = &context.source;
    match restore::selection(sandbox, &source.dump, target).await {
        Ok(None) => LeftOut::default(),
        Ok(Some((kept, option))) => LeftOut::of(&source.dump, &kept, &option),
        Err(error) => {
            if !findings.iter().any(Finding::fails) {
                untested.push(error.to_string());
            }
            LeftOut::default()
        }
    }
}

/// Whether nothing was restored at all: checks could only repeat it in other words.
fn never_began(findings: &[Finding], no_database_made: bool) -> bool {
    findings.iter().any(|finding| match finding.name {
        Name::ClientTooOld => true,
        // The database could not be made, and what would have gone into it went nowhere.
        Name::LocaleUnavailable
        | Name::DatabaseNotCreatable
        | Name::DatabaseOptionUnknown
        | Name::EncodingLocaleMismatch
        | Name::TemplateIncompatible => no_database_made,
        _ => false,
    })
}

/// Resources that ran out while restoring: never a fact about the dump.
fn outgrown(failures: &[Failure], storage: Storage, target: &Target) -> Result<(), Stopped> {
    let limits = &target.limits;
    for failure in failures {
        // disk_full is what shared memory gives too.
        let full = failure.is("53100") || failure.message.contains("No space left on device");
        if full && failure.message.contains("shared memory segment") {
            return Err(Stopped::Limit(LimitHit { name: "shm", value: limits.shm.to_string() }));
        }
        if full && storage == Storage::Memory {
            return Err(Stopped::NeedsDisk);
        }
        // The kernel's own limit for one file (EFBIG).
        if full || failure.message.ends_with("File too large") {
            return Err(Stopped::Limit(LimitHit { name: "disk", value: limits.disk.to_string() }));
        }
        // out_of_memory; `out of shared memory` has the same SQLSTATE and is about locks, which are the target's own.
        if failure.is("53200") && failure.message.starts_with("out of memory") {
            return Err(Stopped::Limit(LimitHit { name: "memory", value: limits.memory.to_string() }));
        }
    }
    Ok(())
}

/// A client that ended before the dump did must not read as a pass.
fn ended_early(outcome: &restore::Outcome) -> Option<Finding> {
    if outcome.ran_to_end {
        return None;
    }
    let title = format!("the client ended with exit code {}, before the end of the dump", outcome.exit_code);
    let mut finding = Finding::new(Name::ClientFailed, title);
    finding.evidence = vec![outcome.command.clone()];
    finding.fix = "Run the command by hand against a server of this version, and read what it says last.".into();
    finding.commands = vec![outcome.command.clone()];
    Some(finding)
}
