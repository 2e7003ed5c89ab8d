//! From a spec to a sandbox that runs.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::engine::choice::Engines;
use crate::engine::{Engine, EngineError, Sandbox, SandboxSpec};
use crate::event::Events;
use crate::profile::Entrypoint;

/// Why there is no sandbox.
pub enum NotStarted {
    Interrupted,
    Engine(EngineError),
}

impl From<EngineError> for NotStarted {
    fn from(error: EngineError) -> Self {
        NotStarted::Engine(error)
    }
}

/// Fetches what the sandbox needs and starts it, on the first engine that can.
///
/// # Errors
/// When no engine can, the start fails, or the interruption comes before it is done.
pub async fn start(
    engines: &Engines,
    spec: &SandboxSpec,
    interrupt: &CancellationToken,
    events: &Events,
) -> Result<(Arc<dyn Engine>, Box<dyn Sandbox>), NotStarted> {
    // Fetching can take long and leaves nothing behind; starting is short, and is never left half done.
    let engine = tokio::select! {
        engine = engines.provide(spec, events) => engine?,
        () = interrupt.cancelled() => return Err(NotStarted::Interrupted),
    };
    // An image's own entrypoint takes its time, and an engine that does not answer takes for ever; what is left half done
    // there goes when the engine is closed.
    let interrupted = async {
        interrupt.cancelled().await;
        if spec.entrypoint == Entrypoint::Direct {
            silence(&*engine, IMPATIENT).await;
        }
    };
    let sandbox = tokio::select! {
        sandbox = engine.start(spec, events) => sandbox?,
        () = interrupted => return Err(NotStarted::Interrupted),
    };
    Ok((engine, sandbox))
}

/// How long something is waited for before the engine is asked whether it still answers: when a person wants an end, and
/// otherwise.
const IMPATIENT: Duration = Duration::from_secs(3);
const PATIENT: Duration = Duration::from_secs(60);

/// Waits for work of an engine as long as the engine answers.
///
/// # Errors
/// When it does not.
pub async fn while_it_answers<T>(
    engine: &dyn Engine,
    interrupt: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, EngineError> {
    let given_up = async {
        let interrupted = async {
            interrupt.cancelled().await;
            silence(engine, IMPATIENT).await;
        };
        tokio::select! {
            () = interrupted => {}
            () = silence(engine, PATIENT) => {}
        }
    };
    tokio::select! {
        done = work => Ok(done),
        () = given_up => Err(EngineError::Unreachable {
            engine: engine.kind().name(),
            reason: "it no longer answers".into(),
        }),
    }
}

/// Ends when the engine does not answer.
async fn silence(engine: &dyn Engine, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        if !engine.answers().await {
            return;
        }
    }
}
