//! Which engine judges a target: the one that was asked for, or with `auto` the first that can.

use std::sync::Arc;

use super::{Engine, EngineError, SandboxSpec};
use crate::event::Events;
use crate::profile::Pull;

/// What `--engine` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// Docker if it answers and has or can get the image, else the confined local engine if it has the version.
    #[default]
    Auto,
    Docker,
    Local,
}

/// The engines at hand.
pub struct Engines {
    pub choice: Choice,
    /// Why there is none, where there is none.
    pub docker: Result<Arc<dyn Engine>, String>,
    pub local: Arc<dyn Engine>,
}

impl Engines {
    /// The engine for a sandbox, which has all that the sandbox needs.
    ///
    /// # Errors
    /// When no engine that may be used has it; the message says for each why.
    pub async fn provide(&self, spec: &SandboxSpec, events: &Events) -> Result<Arc<dyn Engine>, EngineError> {
        match self.choice {
            Choice::Docker => self.docker(spec, events).await,
            Choice::Local => self.local(spec, events).await,
            Choice::Auto => {
                let docker = match self.docker(spec, events).await {
                    Ok(engine) => return Ok(engine),
                    // Which image judges is what the profile is strict about.
                    Err(error) if spec.pull != Pull::Missing => return Err(error),
                    Err(error) => error,
                };
                match self.local(spec, events).await {
                    Ok(engine) => {
                        events.notice(format!("using the local engine: {docker}")).await;
                        Ok(engine)
                    }
                    Err(local) => Err(EngineError::Unavailable {
                        what: format!("no engine has {}", spec.server),
                        reason: docker.to_string(),
                        remedy: format!("or for the local engine: {local}"),
                    }),
                }
            }
        }
    }

    async fn docker(&self, spec: &SandboxSpec, events: &Events) -> Result<Arc<dyn Engine>, EngineError> {
        let engine = self
            .docker
            .as_ref()
            .map_err(|reason| EngineError::Unreachable { engine: "Docker", reason: reason.clone() })?;
        engine.provide(spec, events).await?;
        Ok(Arc::clone(engine))
    }

    async fn local(&self, spec: &SandboxSpec, events: &Events) -> Result<Arc<dyn Engine>, EngineError> {
        self.local.provide(spec, events).await?;
        Ok(Arc::clone(&self.local))
    }

    /// Every engine that answers.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Engine>> {
        self.docker.iter().chain(std::iter::once(&self.local))
    }
}
