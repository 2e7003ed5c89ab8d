//! One engine and one version of PostgreSQL for all targets of a run, where any that can be had would do.
//!
//! A run uses the version that a profile names or says that it cannot. Where the targets have no wish for a version, as in the
//! demo, any that can be had shows the same.

use std::sync::Arc;

use super::engines::{EnginePool, local_engine};
use super::error::RunError;
use crate::cluster;
use crate::engine::choice::{Choice, Engines};
use crate::engine::local::{Confinement, bubblewrap, installations};
use crate::engine::{Engine, EngineError, EngineKind, SandboxSpec, Server, Storage};
use crate::event::Reporter;
use crate::postgres::Major;
use crate::profile::Target;

/// What judges all targets.
pub struct CommonEngine {
    pub engine: EngineKind,
    pub major: Major,
    /// Why there are no walls around it, where there are none.
    pub no_walls: Option<String>,
}

/// Why nothing can judge, for each engine that was asked.
pub struct NoCommonEngine {
    pub docker: Option<String>,
    pub local: Option<String>,
}

impl CommonEngine {
    /// Finds the engine, and a version among `majors`: in Docker the first that can be had, on this machine the newest that
    /// is installed. The pool uses no other engine then. `template` is one of the targets. Where no walls can be had, the local engine goes without: only for a dump that is trusted as this
    /// program is.
    ///
    /// # Errors
    /// Where it could not be looked for.
    pub async fn find(
        pool: &mut EnginePool,
        majors: &[Major],
        template: &Target,
        reporter: &Reporter,
    ) -> Result<Result<CommonEngine, NoCommonEngine>, RunError> {
        let (repository, cache) = (pool.options.image_repository.clone(), pool.options.cache);
        let spec = |major| {
            let target = Target { postgres: Some(major), ..template.clone() };
            cluster::needs_of(&target, repository.as_deref(), Storage::Memory, cache)
        };
        let choice = pool.engines.choice;
        let mut nothing = NoCommonEngine { docker: None, local: None };
        if choice != Choice::Local {
            let found = match &pool.engines.docker {
                Ok(engine) => in_docker(&**engine, repository.as_deref(), majors, spec, reporter).await,
                Err(reason) => Err(format!("it cannot be reached: {reason}")),
            };
            match found {
                Ok(major) => {
                    use_only(pool, Choice::Docker, None);
                    return Ok(Ok(CommonEngine { engine: EngineKind::Docker, major, no_walls: None }));
                }
                Err(reason) => nothing.docker = Some(reason),
            }
        }
        if choice != Choice::Docker {
            // The capacity is this machine's then.
            pool.docker = None;
            match on_this_machine(pool, majors, spec).await? {
                Ok(found) => return Ok(Ok(found)),
                Err(reason) => nothing.local = Some(reason),
            }
        }
        Ok(Err(nothing))
    }
}

/// Lets the pool use this engine alone; `local` stands for its local one.
fn use_only(pool: &mut EnginePool, choice: Choice, local: Option<Arc<dyn Engine>>) {
    let engines = &pool.engines;
    let local = local.unwrap_or_else(|| Arc::clone(&engines.local));
    pool.engines = Arc::new(Engines { choice, docker: engines.docker.clone(), local });
}

/// A version whose image is at hand, or else one whose image can be pulled.
async fn in_docker(
    engine: &dyn Engine,
    repository: Option<&str>,
    majors: &[Major],
    spec: impl Fn(Major) -> SandboxSpec,
    reporter: &Reporter,
) -> Result<Major, String> {
    for major in majors {
        if engine.has(&Server::Major(*major), repository).await {
            return Ok(*major);
        }
    }
    let events = reporter.of_target("image");
    let mut first = None;
    for major in majors {
        match engine.provide(&spec(*major), &events).await {
            Ok(()) => {
                first = Some(Ok(*major));
                break;
            }
            Err(error) => {
                let another_may_be_there = knows_the_repository(&error);
                first.get_or_insert(Err(error.to_string()));
                if !another_may_be_there {
                    break;
                }
            }
        }
    }
    first.unwrap_or_else(|| Err("no version was asked for".into()))
}

/// Whether a registry answered that it lacks one image; any other refusal would be the same for every version.
fn knows_the_repository(error: &EngineError) -> bool {
    matches!(error, EngineError::Unavailable { reason, .. } if reason.contains("manifest") || reason.contains("not found"))
}

/// The newest version that is installed, inside bubblewrap if that works.
async fn on_this_machine(
    pool: &mut EnginePool,
    majors: &[Major],
    spec: impl Fn(Major) -> SandboxSpec,
) -> Result<Result<CommonEngine, String>, RunError> {
    let (installed, walls) = tokio::task::spawn_blocking(|| (installations(), bubblewrap())).await?;
    let newest = installed.iter().map(|installation| installation.major).find(|major| majors.contains(major));
    let Some(newest) = newest else {
        let (oldest, newest) = (majors.iter().min(), majors.iter().max());
        let range = oldest.zip(newest).map(|(oldest, newest)| match oldest == newest {
            true => format!(" of version {oldest}"),
            false => format!(" from {oldest} to {newest}"),
        });
        return Ok(Err(format!("no PostgreSQL server{} is installed", range.unwrap_or_default())));
    };
    let (mut no_walls, mut unconfined) = (None, None);
    if pool.engines.local.kind() == EngineKind::LocalUnconfined {
        no_walls = Some("--unconfined is given".to_owned());
    } else if let Err(reason) = walls {
        // Nothing untrusted runs: the dump is as much part of this program as this line.
        unconfined = Some(local_engine(&pool.lease, Confinement::Unconfined));
        no_walls = Some(reason);
    }
    use_only(pool, Choice::Local, unconfined);
    let engine = &pool.engines.local;
    match engine.provide(&spec(newest), &Reporter::default().of_target("demo")).await {
        Ok(()) => Ok(Ok(CommonEngine { engine: engine.kind(), major: newest, no_walls })),
        Err(error) => Ok(Err(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable(reason: &str) -> EngineError {
        EngineError::Unavailable { what: String::new(), reason: reason.into(), remedy: String::new() }
    }

    #[test]
    fn a_registry_that_does_not_answer_is_asked_once() {
        assert!(!knows_the_repository(&unavailable("dial tcp: lookup registry-1.docker.io: no such host")));
        assert!(knows_the_repository(&unavailable("manifest for postgres:17 not found: manifest unknown")));
    }
}
