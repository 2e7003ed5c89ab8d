//! Where the demo can take place: an engine, and a version of PostgreSQL that it has.
//!
//! A `run` uses the version that a profile names or says that it cannot. The demo has no wish for a version: any that can
//! be had shows the same.

use std::fmt;

use crate::cli::arguments::Engine as EngineArguments;
use crate::cli::setup::{Workshop, local_engine};
use crate::cluster;
use crate::engine::choice::Choice;
use crate::engine::local::{Confinement, bubblewrap, installations};
use crate::engine::{Engine, EngineError, EngineKind, SandboxSpec, Server, Storage};
use crate::event::Reporter;
use crate::profile::{Major, Target};
use crate::report::live::View;
use crate::session::RunError;

/// The versions that the demo's dump and targets are made for, in the order of preference.
const MAJORS: [Major; 6] = [Major(17), Major(18), Major(16), Major(15), Major(14), Major(13)];

/// Where the demo takes place.
pub struct Place {
    pub engine: EngineKind,
    pub major: Major,
    /// Why there are no walls, where there are none.
    no_walls: Option<String>,
}

/// Why it can take place nowhere, for each engine that was asked.
pub struct Nowhere {
    docker: Option<String>,
    local: Option<String>,
}

impl Place {
    /// `PostgreSQL 17 in Docker`
    pub fn describe(&self) -> String {
        let of = match self.engine {
            EngineKind::Docker => "in Docker",
            EngineKind::Local => "of this machine, in bubblewrap",
            EngineKind::LocalUnconfined => "of this machine, UNCONFINED",
        };
        format!("PostgreSQL {} {of}", self.major)
    }

    /// What must be said before anything is restored.
    pub fn warning(&self) -> Option<String> {
        let reason = self.no_walls.as_deref()?;
        Some(format!(
            "warning: {reason}: the demo's own dump, which is part of this program, is restored WITHOUT WALLS; any other \
             dump needs Docker or bubblewrap"
        ))
    }
}

impl fmt::Display for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The demo cannot take place here, and nothing was tested:")?;
        for (name, reason) in [("docker", &self.docker), ("local", &self.local)] {
            if let Some(reason) = reason {
                writeln!(f, "  {name:6}  {reason}")?;
            }
        }
        let remedy = match (&self.docker, &self.local) {
            (Some(_), None) => "Start Docker, or leave out --engine docker.",
            (None, Some(_)) => "apt-get install postgresql bubblewrap, or leave out --engine local.",
            _ => "Start Docker, or apt-get install postgresql bubblewrap; `pgrehearse doctor` says more.",
        };
        f.write_str(remedy)
    }
}

/// Finds a place, and lets the workshop use no other engine, so that all targets are judged by the same.
pub async fn find(
    workshop: &mut Workshop,
    arguments: &EngineArguments,
    template: &Target,
    quiet: bool,
) -> Result<Result<Place, Nowhere>, RunError> {
    let repository = arguments.image_repository.as_deref();
    let spec = |major| {
        let target = Target { postgres: Some(major), ..template.clone() };
        cluster::needs_of(&target, repository, None, Storage::Memory, !arguments.no_cache)
    };
    let choice = workshop.engines.choice;
    let mut nowhere = Nowhere { docker: None, local: None };
    if choice != Choice::Local {
        let found = match &workshop.engines.docker {
            Ok(engine) => in_docker(&**engine, repository, spec, quiet).await,
            Err(reason) => Err(format!("it cannot be reached: {reason}")),
        };
        match found {
            Ok(major) => {
                workshop.engines.choice = Choice::Docker;
                return Ok(Ok(Place { engine: EngineKind::Docker, major, no_walls: None }));
            }
            Err(reason) => nowhere.docker = Some(reason),
        }
    }
    if choice != Choice::Docker {
        // The room on the machine is this machine's then.
        workshop.docker = None;
        workshop.engines.choice = Choice::Local;
        match on_this_machine(workshop, spec).await? {
            Ok(place) => return Ok(Ok(place)),
            Err(reason) => nowhere.local = Some(reason),
        }
    }
    Ok(Err(nowhere))
}

/// A version whose image is at hand, or else one whose image can be pulled.
async fn in_docker(
    engine: &dyn Engine,
    repository: Option<&str>,
    spec: impl Fn(Major) -> SandboxSpec,
    quiet: bool,
) -> Result<Major, String> {
    for major in MAJORS {
        if engine.has(&Server::Major(major), repository).await {
            return Ok(major);
        }
    }
    let mut reporter = Reporter::default();
    if let Some(listener) = View::choose(quiet).listener() {
        reporter = reporter.with(listener);
    }
    let events = reporter.of_target("image");
    let mut first = None;
    for major in MAJORS {
        match engine.provide(&spec(major), &events).await {
            Ok(()) => {
                first = Some(Ok(major));
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
    drop(events);
    reporter.finish().await;
    first.unwrap_or_else(|| Err("no version was asked for".into()))
}

/// Whether a registry answered that it lacks one image; any other refusal would be the same for every version.
fn knows_the_repository(error: &EngineError) -> bool {
    matches!(error, EngineError::Unavailable { reason, .. } if reason.contains("manifest") || reason.contains("not found"))
}

/// The newest version that is installed, inside bubblewrap if that works.
async fn on_this_machine(
    workshop: &mut Workshop,
    spec: impl Fn(Major) -> SandboxSpec,
) -> Result<Result<Place, String>, RunError> {
    let (installed, walls) = tokio::task::spawn_blocking(|| (installations(), bubblewrap())).await?;
    let Some(newest) = installed.iter().map(|installation| installation.major).find(|major| MAJORS.contains(major))
    else {
        return Ok(Err("no PostgreSQL server from 13 to 18 is installed".into()));
    };
    let mut no_walls = None;
    if workshop.engines.local.kind() == EngineKind::LocalUnconfined {
        no_walls = Some("--unconfined is given".to_owned());
    } else if let Err(reason) = walls {
        // Nothing untrusted runs: the dump is as much part of this program as this line.
        workshop.engines.local = local_engine(&workshop.lease, Confinement::Unconfined);
        no_walls = Some(reason);
    }
    let engine = &workshop.engines.local;
    match engine.provide(&spec(newest), &Reporter::default().of_target("demo")).await {
        Ok(()) => Ok(Ok(Place { engine: engine.kind(), major: newest, no_walls })),
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

    #[test]
    fn nowhere_says_what_to_do() {
        let nowhere = Nowhere { docker: Some("no".into()), local: Some("none".into()) };
        insta::assert_snapshot!(nowhere.to_string(), @r"
        The demo cannot take place here, and nothing was tested:
          docker  no
          local   none
        Start Docker, or apt-get install postgresql bubblewrap; `pgrehearse doctor` says more.
        ");
    }
}
