//! Why a sandbox's container ended, or does not answer.

use std::time::Duration;

use bollard::Docker;
use bollard::models::ContainerState;
use bollard::query_parameters::InspectContainerOptions;

use super::{container, kept, status};
use crate::engine::{EngineError, LimitHit};
use crate::profile::Limits;

/// The engine notices an end a moment after the streams do.
const LOOKS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// How long to wait for an engine that may hang, where only its explanation is missing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the engine what became of a sandbox; `otherwise` is what is known where its container still runs.
pub async fn why_it_ended(docker: &Docker, server: &str, limits: &Limits, otherwise: &str) -> EngineError {
    let asking = async {
        for _ in 0..LOOKS {
            match docker.inspect_container(server, None::<InspectContainerOptions>).await {
                Ok(inspected) => {
                    let state = inspected.state.unwrap_or_default();
                    if state.paused == Some(true) {
                        return paused();
                    }
                    if state.running != Some(true) {
                        return explained(docker, server, limits, &state).await;
                    }
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(error) if status(&error) == Some(404) => return removed(),
                Err(error) => return EngineError::Gone(format!("the Docker engine no longer answers ({error})")),
            }
        }
        EngineError::Gone(otherwise.to_owned())
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(error) => error,
        Err(_) => EngineError::Gone("the Docker engine no longer answers".into()),
    }
}

/// Why nothing goes on in a sandbox: what became of its container or of the engine. `None` where it runs.
pub async fn stands_still(docker: &Docker, server: &str, limits: &Limits) -> Option<EngineError> {
    let asking = async {
        match docker.inspect_container(server, None::<InspectContainerOptions>).await {
            Ok(inspected) => {
                let state = inspected.state.unwrap_or_default();
                if state.paused == Some(true) {
                    return Some(paused());
                }
                match state.running {
                    Some(true) => None,
                    _ => Some(explained(docker, server, limits, &state).await),
                }
            }
            Err(error) if status(&error) == Some(404) => Some(removed()),
            Err(error) if status(&error).is_some() => None,
            Err(error) => Some(EngineError::Gone(format!("the Docker engine no longer answers ({error})"))),
        }
    };
    let silent = || Some(EngineError::Gone("the Docker engine no longer answers".into()));
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| silent())
}

fn removed() -> EngineError {
    EngineError::Gone("its container was removed by somebody else".into())
}

/// A container that somebody has paused, and that did not go on in its time.
fn paused() -> EngineError {
    EngineError::Gone("its container was paused by somebody else, and did not go on".into())
}

async fn is_removed_soon(docker: &Docker, server: &str) -> bool {
    for _ in 0..LOOKS / 2 {
        match docker.inspect_container(server, None::<InspectContainerOptions>).await {
            Err(error) => return status(&error) == Some(404),
            Ok(_) => tokio::time::sleep(BETWEEN).await,
        }
    }
    false
}

async fn explained(docker: &Docker, server: &str, limits: &Limits, state: &ContainerState) -> EngineError {
    if state.oom_killed == Some(true) {
        return LimitHit { name: "memory", value: limits.memory.to_string() }.into();
    }
    // `timeout` ends with 124 when it had to end the server.
    if state.exit_code == Some(124) {
        return LimitHit { name: "timeout", value: limits.timeout.to_string() }.into();
    }
    let log = kept::logs(docker, server).await;
    // A shell, as the engine, gives 128 and the signal's number; but only the shell can still say so.
    if let Some(signal) = state.exit_code.map(|code| code - 128).filter(|signal| *signal > 0) {
        let by = match log.contains(container::KILLED_INSIDE) {
            true => "a program in it ended its server with",
            // Whoever removes a container ends it first.
            false if is_removed_soon(docker, server).await => return removed(),
            false => "its container was ended from outside with",
        };
        return EngineError::Gone(format!("{by} signal {signal}"));
    }
    let step = if state.exit_code == Some(container::NO_INITDB) { "initdb" } else { "the server" };
    EngineError::Start { step, log }
}
