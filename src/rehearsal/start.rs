//! From a spec to a sandbox that runs.

use std::sync::Arc;

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
    // An image's own entrypoint takes its time; what is left half done there goes when the engine is closed.
    let interrupted = async {
        match spec.entrypoint {
            Entrypoint::Direct => std::future::pending().await,
            Entrypoint::Image => interrupt.cancelled().await,
        }
    };
    let sandbox = tokio::select! {
        sandbox = engine.start(spec, events) => sandbox?,
        () = interrupted => return Err(NotStarted::Interrupted),
    };
    Ok((engine, sandbox))
}
