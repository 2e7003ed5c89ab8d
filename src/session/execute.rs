//! The life of a run: open, choose, rehearse, close, report.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::choice::{self, Targets};
use super::engines::EnginePool;
use super::error::RunError;
use super::report::{DumpFacts, Report, SCHEMA};
use super::{Engines, Run, fixes};
use crate::event::{EventKind, Reporter};
use crate::fixes::Directory;
use crate::matrix;
use crate::profile::Target;
use crate::rehearsal::{Context, while_it_answers};
use crate::source::Source;
use crate::verdict::Verdict;

pub async fn execute(run: Run, reporter: &Reporter) -> Result<Report, RunError> {
    let Run { dump: path, name, targets, engines, options, fixes: fixes_to, before_start, interrupt } = run;
    // All that can be wrong with what was asked for is said before anything is started.
    let opening = async {
        let dump = Arc::new(tokio::task::spawn_blocking(move || pgdump_reader::open(&path)).await??);
        // One pass over the dump serves the choice and the rehearsals.
        let source = Source::of_dump(dump, name, options.rows);
        let targets = choose(targets, &source, reporter).await?;
        before_start.map_or(Ok(()), |check| check())?;
        let directory = fixes_to.as_deref().map(Directory::open).transpose()?;
        let pool = open(engines, reporter).await?;
        Ok::<_, RunError>((source, targets, directory, pool))
    };
    let (source, targets, directory, pool) = tokio::select! {
        opened = opening => opened?,
        () = interrupt.cancelled() => return Err(RunError::Interrupted),
    };

    let (began, started) = (Instant::now(), jiff::Timestamp::now());
    let context = Context {
        engines: Arc::clone(&pool.engines),
        source: source.clone(),
        image_repository: pool.options.image_repository.clone(),
        cache: pool.options.cache,
        rows: options.rows,
        show_data: options.show_data,
        fail_on: options.fail_on,
        // What stops the other rehearsals after a failure is no interruption of whoever asked.
        interrupt: interrupt.child_token(),
        after: None,
    };
    let mut names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
    names.sort();
    reporter.of_run().send(EventKind::RunStarted { source: source.name().to_owned(), targets: names }).await;
    let capacity = pool.capacity(options.jobs);
    let rehearsals = matrix::run(&context, targets.clone(), capacity, options.fail_fast, reporter).await;
    drop(context);
    close(pool, &interrupt, reporter).await;

    let Source::Dump(of) = &source;
    let (dump, scan) = (&of.dump, of.scanned());
    let rehearsals = match &directory {
        Some(directory) => fixes::write(directory, dump, scan.as_deref(), &targets, rehearsals),
        None => rehearsals,
    };
    let verdict = Verdict::worst(rehearsals.iter().map(|rehearsal| rehearsal.verdict));
    reporter.of_run().send(EventKind::RunFinished { verdict }).await;
    Ok(Report {
        schema: SCHEMA.into(),
        pgrehearse: env!("CARGO_PKG_VERSION").into(),
        started,
        elapsed: began.elapsed(),
        dump: DumpFacts::of(dump, source.name().to_owned(), scan.as_deref()),
        verdict,
        targets: rehearsals,
    })
}

/// The targets of the run; why these, where nobody named them, is told.
async fn choose(wanted: Targets, source: &Source, reporter: &Reporter) -> Result<Vec<Target>, RunError> {
    let Source::Dump(source) = source;
    let (dump, scan) = (Arc::clone(&source.dump), source.scan.clone());
    let runtime = tokio::runtime::Handle::current();
    let choosing = tokio::task::spawn_blocking(move || {
        let facts = || runtime.block_on(scan).map(|scan| scan.facts.clone()).map_err(RunError::DumpUnread);
        choice::choose(wanted, || choice::source_of(&dump, facts))
    });
    let choice::Chosen { targets, why } = choosing.await??;
    if let Some(why) = why {
        reporter.of_run().send(EventKind::TargetsChosen { why }).await;
    }
    Ok(targets)
}

/// The engines of the run; what dead runs left on them is removed.
async fn open(engines: Engines, reporter: &Reporter) -> Result<EnginePool, RunError> {
    let options = match engines {
        Engines::Open(pool) => return Ok(pool),
        Engines::ToOpen(options) => options,
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
