//! Which targets a run has: those that are named, those of the folder that it stands in, or those that suit the dump.

use std::path::Path;

use pgdump_reader::{Dump, Facts};

use super::error::RunError;
use crate::finding::profile_rules;
use crate::postgres::Major;
use crate::profile::{self, DumpFacts, ProfileError, Rules, Target};

/// Folders that `run` looks for where it is told of no profile, the first one first.
const FOLDERS: [&str; 2] = ["pgrehearse", "profiles"];

/// What is rehearsed where nothing else is said.
const DEFAULT: [&str; 4] = ["same-as-source", "docker-default", "rds-like", "next-major"];

/// The targets of a run.
#[derive(Debug, Clone)]
pub enum Targets {
    /// Those of profiles: built-in names, files, or folders of files.
    Named(Vec<String>),
    /// Those of a folder `pgrehearse/` or `profiles/` here, or else a set that suits the dump.
    Suiting,
    /// These, as they are.
    These(Vec<Target>),
}

impl Targets {
    /// Those of profiles: built-in names, files, or folders of files.
    pub fn named<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Targets::Named(names.into_iter().map(Into::into).collect())
    }
}

/// Targets, and what is said of how they were chosen.
pub struct Chosen {
    pub targets: Vec<Target>,
    /// One line; `None` where they were named.
    pub why: Option<String>,
}

/// Targets that are named, and known to be right as far as that can be told without a dump.
pub struct NamedTargets<'a> {
    names: &'a [String],
    targets: Vec<Target>,
}

impl<'a> NamedTargets<'a> {
    /// The targets that the names mean.
    ///
    /// # Errors
    /// The first thing that is wrong with a profile.
    pub fn load(names: &'a [String]) -> Result<Self, ProfileError> {
        Ok(Self { names, targets: profile::load_with(names, &profile_rules())? })
    }

    /// The targets with what they take from the dump, which is asked for only where one of them takes something.
    ///
    /// # Errors
    /// Where that cannot be had, or what it says does not go with a profile.
    pub fn of(self, source: impl FnOnce() -> Result<DumpFacts, RunError>) -> Result<Vec<Target>, RunError> {
        if !self.targets.iter().any(|target| target.takes_from_dump) {
            return Ok(self.targets);
        }
        let source = source()?;
        Ok(profile::load_with(self.names, &Rules { source: Some(&source), ..profile_rules() })?)
    }
}

/// The targets that are wanted; `source` gives what the dump says of its server, and is asked only where that decides something.
///
/// # Errors
/// The first thing that is wrong with a profile, and where what the dump says cannot be had.
pub fn choose(wanted: Targets, source: impl FnOnce() -> Result<DumpFacts, RunError>) -> Result<Chosen, RunError> {
    match wanted {
        Targets::These(targets) => return Ok(Chosen { targets, why: None }),
        Targets::Named(names) => {
            return Ok(Chosen { targets: NamedTargets::load(&names)?.of(source)?, why: None });
        }
        Targets::Suiting => {}
    }
    if let Some(folder) = FOLDERS.into_iter().find(|folder| Path::new(folder).is_dir()) {
        let targets = NamedTargets::load(&[format!("{folder}/")])?.of(source)?;
        let why = format!("no -p is given, so every profile in {folder}/: {}", list(&targets));
        return Ok(Chosen { targets, why: Some(why) });
    }
    Ok(suited(&source()?)?)
}

/// The default set: where dumps are mostly restored to, in versions that are no older than the dump's.
fn suited(source: &DumpFacts) -> Result<Chosen, ProfileError> {
    let rules = Rules { source: Some(source), ..profile_rules() };
    let mut names: Vec<String> = DEFAULT.map(str::to_owned).to_vec();
    let mut left_out = Vec::new();
    let mut leave_out = |name: &str, why: String| {
        names.retain(|known| known != name);
        left_out.push(format!("; {name} is left out: {why}"));
    };
    match source.major {
        None => {
            let why = "the dump does not say which version it comes from";
            leave_out("same-as-source", why.to_owned());
            leave_out("next-major", why.to_owned());
        }
        Some(major) if major < Major::OLDEST => {
            let why = format!("there is no image of PostgreSQL {major}");
            leave_out("same-as-source", why.clone());
            leave_out("next-major", why);
        }
        Some(major) if profile::next_major(major).is_none() => {
            leave_out("next-major", format!("PostgreSQL {major} is the newest version known here"));
        }
        Some(_) => {}
    }
    let mut targets = profile::load_with(&names, &rules)?;
    for target in &mut targets {
        if let (Some(has), Some(dumped)) = (target.postgres, source.major)
            && has < dumped
        {
            target.postgres = Some(dumped);
            target.notices.push(format!("PostgreSQL {dumped} instead of {has}: no older than the dump's server"));
        }
    }
    let folders = FOLDERS.map(|folder| format!("{folder}/")).join(" or ");
    let why = format!(
        "no -p is given and there is no folder {folders} here, so what suits this dump: {}{}",
        list(&targets),
        left_out.concat()
    );
    Ok(Chosen { targets, why: Some(why) })
}

fn list(targets: &[Target]) -> String {
    let one = |target: &Target| match target.postgres {
        Some(major) => format!("{} (PostgreSQL {major})", target.name),
        None => target.name.clone(),
    };
    targets.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What the dump says of where it comes from. An archive says it at its beginning; plain SQL takes a pass over all of it,
/// which `facts` gives.
///
/// # Errors
/// Those of that pass.
pub fn source_of(dump: &Dump, facts: impl FnOnce() -> Result<Facts, RunError>) -> Result<DumpFacts, RunError> {
    let facts = match dump.archive() {
        Some(archive) => Facts::of_archive(archive),
        None => facts()?,
    };
    Ok(DumpFacts::of(dump, &facts))
}
