//! One attempt at a rehearsal: provide, start, prepare, restore, check, remove.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

use super::conclusion::conclude;
use super::draft::Draft;
use super::judging::Judging;
use super::progress::Progress;
use super::recovering::{self, NotPlanned, Planned, Recovering};
use super::start::{start, while_it_answers};
use super::stopped::Stopped;
use super::survey::DatabaseSurvey;
use super::{Context, Judge, Rehearsal};
use crate::check::{self, Baseline, CheckResult, Group, Outcome};
use crate::cluster::{self, MAINTENANCE_DATABASE, Session};
use crate::engine::{Engine, LimitHit, Sandbox, Storage};
use crate::event::{EventKind, Events, Phase};
use crate::finding::Failure;
use crate::finding::mask::Mask;
use crate::profile::Target;
use crate::source::{RowMode, Source};

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

/// Rehearses once, with the data kept in `storage`.
pub async fn attempt(context: &Context, target: &Target, storage: Storage, events: &Events) -> Attempt {
    let began = Instant::now();
    let notices = match &context.source {
        Source::Dump(_) => notices(target, context.rows),
        Source::Backup(source) => source.notices.iter().cloned().chain(notices_of_backup(target)).collect(),
    };
    let mut draft = Draft { notices, ..Draft::default() };
    let repository = context.image_repository.as_deref();
    let mut spec = cluster::needs_of(target, repository, storage, context.cache);
    context.source.fit(&mut spec);

    let planned = match planned(context, target, &mut draft).await {
        Ok(planned) => planned,
        Err(stopped) => return done(context, draft, target, began, stopped).await,
    };
    let (engine, sandbox) = match start(&context.engines, &spec, &context.interrupt, events).await {
        Ok(started) => started,
        Err(not_started) => return done(context, draft, target, began, Err(not_started.into())).await,
    };

    let mut progress = Progress::default();
    let deadline = target.limits.timeout.0.saturating_sub(began.elapsed());
    let work = AssertUnwindSafe(work(
        context,
        planned.as_ref(),
        target,
        &*sandbox,
        &engine,
        storage,
        (&mut draft, &mut progress),
        events,
    ))
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
        (draft.restore, draft.recovery, draft.ledger) = (None, None, Vec::new());
    }

    // What is known of the dump itself holds, however far its restore came.
    if worked.is_err()
        && !draft.checks.iter().any(|result| result.check == check::INTEGRITY)
        && let Source::Dump(dump) = &context.source
        && let Some(scan) = dump.scanned()
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
                Stopped::Cluster(error) => {
                    let scanned = match &context.source {
                        Source::Dump(dump) => dump.scanned(),
                        Source::Backup(_) => None,
                    };
                    match scanned {
                        Some(scan) => Mask::new(&scan.names, target, context.show_data).cluster(&error),
                        None => Mask::of_target(target).cluster(&error),
                    }
                }
                Stopped::NotBrought(why) => why,
                Stopped::Panicked | Stopped::NeedsDisk => {
                    "pgrehearse itself failed, which is a bug of pgrehearse; please report it".into()
                }
            });
        }
    }
    draft.timings.total = began.elapsed();
    Attempt::Done(Box::new(conclude(context, draft, target, interrupted).await))
}

/// What a person should know of how this target takes a backup.
fn notices_of_backup(target: &Target) -> Vec<String> {
    let mut notices = target.notices.clone();
    let not_applied = target.not_applied_to_a_backup();
    if !not_applied.is_empty() {
        let keys = not_applied.join(", ");
        notices.push(format!("the cluster is the backup's own, so this of the profile does not apply: {keys}"));
    }
    notices
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

/// What is known of a backup before anything starts; `None` of a dump. What is certain then needs no sandbox.
///
/// # Errors
/// Where nothing is to be started, and how that ends the rehearsal.
async fn planned(
    context: &Context,
    target: &Target,
    draft: &mut Draft,
) -> Result<Option<Planned>, Result<(), Stopped>> {
    let Source::Backup(source) = &context.source else { return Ok(None) };
    let planned = tokio::select! {
        planned = recovering::plan(source, target) => planned,
        () = context.interrupt.cancelled() => return Err(Err(Stopped::Interrupted)),
    };
    match planned {
        Ok(planned) => {
            // What reading it has shown holds, whatever becomes of the sandbox.
            draft.recovery = Some(recovering::begun(source, &planned, target));
            if planned.plan.is_refused { Err(Ok(())) } else { Ok(Some(planned)) }
        }
        Err(NotPlanned::Untested(reason)) => Err(Err(Stopped::NotBrought(reason))),
        Err(NotPlanned::Damaged(finding)) => {
            let mut result = CheckResult::new(recovering::BASE, Group::Integrity);
            let findings = source.told.iter().cloned().chain([*finding]).collect();
            result.outcome = Outcome::Looked { findings };
            draft.checks.push(result);
            Err(Ok(()))
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "a rehearsal is made of these")]
async fn work(
    context: &Context,
    planned: Option<&Planned>,
    target: &Target,
    sandbox: &dyn Sandbox,
    engine: &Arc<dyn Engine>,
    storage: Storage,
    (draft, progress): (&mut Draft, &mut Progress),
    events: &Events,
) -> Result<(), Stopped> {
    let source = match &context.source {
        Source::Dump(source) => source,
        Source::Backup(source) => {
            let Some(planned) = planned else { return Err(Stopped::NotBrought("nothing was planned".to_owned())) };
            let recovering = Recovering { context, source, planned, target, sandbox, engine, events };
            return recovering.work(draft, progress).await;
        }
    };
    if let Some(why) = source.unfit(target) {
        return Err(Stopped::NotBrought(why.to_owned()));
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
    let mut prepared = source.prepare(&session, sandbox, target).await?;
    draft.notices.append(&mut prepared.notices);
    let baseline = match prepared.makes_own {
        true => Baseline::default(),
        false => Baseline::of(sandbox, target, source.encoding()).await?,
    };
    let survey = DatabaseSurvey::begin(sandbox, target, &baseline).await?;

    events.phase(Phase::Restore).await;
    let restoring = Instant::now();
    let mut brought = source.bring_in(session, sandbox, target, events).await?;
    draft.timings.restore = restoring.elapsed();
    draft.notices.append(&mut brought.notices);
    let outcome = &brought.outcome;
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

    let judging =
        Judging { context, source, target, sandbox, baseline: &baseline, prepared: &prepared, brought: &brought };
    judging.judge(survey, (draft, progress), events).await
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
