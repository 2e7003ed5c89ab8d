//! The life of a run: open, choose, rehearse, close, report.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::choice::{self, Wanted};
use super::engines::EnginePool;
use super::error::RunError;
use super::report::{Report, SCHEMA, SourceFacts};
use super::sources::Opening;
use super::{EnginesOfRun, Run, Targets, fixes, sources};
use crate::event::{EventKind, Reporter};
use crate::fixes::Directory;
use crate::matrix;
use crate::profile::Target;
use crate::rehearsal::{Context, while_it_answers};
use crate::source::Source;
use crate::verdict::Verdict;

pub async fn execute(run: Run, reporter: &Reporter) -> Result<Report, RunError> {
    let Run { dumps, recovery, targets, engines, options, fixes: fixes_to, before_start, interrupt } = run;
    // All that can be wrong with what was asked for is said before anything is started.
    let opening = async {
        let opening = Opening { recovery, rows: options.rows };
        let sources = sources::open(&dumps, &opening).await?;
        let wanted = load(targets).await?;
        let (mut chosen, mut reasons) = (Vec::new(), Vec::new());
        for (opened, given) in sources.into_iter().zip(dumps) {
            let (wanted, recovery) = match given.own {
                Some((targets, recovery)) => (load(targets).await?, recovery),
                None => (Arc::clone(&wanted), opening.recovery.clone()),
            };
            let source = &opened.source;
            let choice::Chosen { mut targets, why } = choose(wanted, source).await?;
            if let Source::Backup(_) = source {
                targets = sources::at_points(targets, &recovery);
            }
            targets.sort_by(|a, b| a.name.cmp(&b.name));
            reasons.extend(why.map(|why| (source.name().to_owned(), why)));
            chosen.extend(opened.with(targets, &opening).await?);
        }
        report_why(reasons, reporter).await;
        before_start.map_or(Ok(()), |check| check())?;
        let directory = fixes_to.as_deref().map(Directory::open).transpose()?;
        let pool = open(engines, reporter).await?;
        Ok::<_, RunError>((chosen, directory, pool))
    };
    let (chosen, directory, pool) = tokio::select! {
        opened = opening => opened?,
        () = interrupt.cancelled() => return Err(RunError::Interrupted),
    };

    let (began, started) = (Instant::now(), jiff::Timestamp::now());
    // What stops the other rehearsals after a failure is no interruption of whoever asked.
    let (stop, stopped_by) = (interrupt.child_token(), Arc::default());
    let context = |source: &Source| Context {
        engines: Arc::clone(&pool.engines),
        source: source.clone(),
        image_repository: pool.options.image_repository.clone(),
        cache: pool.options.cache,
        rows: options.rows,
        show_data: options.show_data,
        fail_on: options.fail_on,
        interrupt: stop.clone(),
        stopped_by: Arc::clone(&stopped_by),
        after: None,
    };
    let all = chosen.iter().flat_map(|(source, targets)| targets.iter().map(move |target| (source, target)));
    let all: Vec<(Context, Target)> = all.map(|(source, target)| (context(source), target.clone())).collect();
    let names = all.iter().map(|(context, target)| context.name(target)).collect();
    reporter.of_run().send(EventKind::RunStarted { rehearsals: names }).await;
    let rehearsals = matrix::run(all, pool.capacity(options.jobs), options.fail_fast, reporter).await;
    close(pool, &interrupt, reporter).await;

    let rehearsals = fixes::write(directory.as_ref(), &chosen, rehearsals);
    let verdict = Verdict::worst(rehearsals.iter().map(|rehearsal| rehearsal.verdict));
    reporter.of_run().send(EventKind::RunFinished { verdict }).await;
    Ok(Report {
        schema: SCHEMA.into(),
        pgrehearse: env!("CARGO_PKG_VERSION").into(),
        started,
        elapsed: began.elapsed(),
        sources: chosen.iter().map(|(source, _)| SourceFacts::of(source)).collect(),
        verdict,
        targets: rehearsals,
    })
}

/// Loads the profiles that are wanted.
async fn load(targets: Targets) -> Result<Arc<Wanted>, RunError> {
    Ok(Arc::new(tokio::task::spawn_blocking(|| Wanted::load(targets)).await??))
}

/// The targets of a source, and why these, where nobody named them.
async fn choose(wanted: Arc<Wanted>, source: &Source) -> Result<choice::Chosen, RunError> {
    match source {
        Source::Dump(source) => {
            let (dump, scan) = (Arc::clone(&source.dump), source.scan.clone());
            let runtime = tokio::runtime::Handle::current();
            let choosing = tokio::task::spawn_blocking(move || {
                let facts = || runtime.block_on(scan).map(|scan| scan.facts.clone()).map_err(RunError::DumpUnread);
                wanted.of(|| choice::source_of(&dump, facts))
            });
            choosing.await?
        }
        Source::Backup(source) => {
            // Of an archive the version is known when all of it was read.
            let _ = source.scan.clone().await;
            let major = source.major();
            tokio::task::spawn_blocking(move || wanted.of_backup(major)).await?
        }
    }
}

/// Reports why these targets were chosen: once where it is the same for all sources, else with the name of each.
async fn report_why(reasons: Vec<(String, String)>, reporter: &Reporter) {
    let is_same = reasons.iter().all(|(_, why)| *why == reasons[0].1);
    let reported = if is_same { 1 } else { usize::MAX };
    for (source, why) in reasons.into_iter().take(reported) {
        let why = if is_same { why } else { format!("{source}: {why}") };
        reporter.of_run().send(EventKind::TargetsChosen { why }).await;
    }
}

/// The engines of the run; what dead runs left on them is removed.
async fn open(engines: EnginesOfRun, reporter: &Reporter) -> Result<EnginePool, RunError> {
    let options = match engines {
        EnginesOfRun::Open(pool) => return Ok(pool),
        EnginesOfRun::ToOpen(options) => options,
    };
    let pool = EnginePool::open(options).await?;
    for left in pool.tidy().await {
        reporter.of_run().notice(left).await;
    }
    Ok(pool)
}

/// Removes whatever the engines still hold.
async fn close(pool: EnginePool, interrupt: &CancellationToken, reporter: &Reporter) {
    for engine in pool.engines.all() {
        // What could not be removed is the next run's; the report stands.
        let closed = while_it_answers(&**engine, interrupt, engine.close()).await.and_then(|closed| closed);
        if let Err(error) = closed {
            let text = format!("something was left behind: {error}; run `pgrehearse sweep`");
            reporter.of_run().notice(text).await;
        }
    }
}
