//! Which targets a run has: those that are named, those of the folder that it stands in, or those that suit the dump.

use std::path::Path;

use pgdump_reader::{Dump, Facts};

use super::error::RunError;
use crate::finding::profile_rules;
use crate::postgres::Major;
use crate::profile::{self, DumpFacts, ProfileErrors, Rules, Target};

/// Folders that `run` looks for where no profile is named, the first one first.
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

/// Targets that are named, and known to be right as far as that can be seen without a dump.
pub struct NamedTargets {
    names: Vec<String>,
    targets: Vec<Target>,
}

impl NamedTargets {
    /// The targets that the names mean.
    ///
    /// # Errors
    /// All that is wrong with a profile.
    pub fn load(names: Vec<String>) -> Result<Self, ProfileErrors> {
        let targets = profile::load_with(&names, &profile_rules())?;
        Ok(Self { names, targets })
    }

    /// The targets with what they take from the dump, which is asked for only where one of them takes something.
    ///
    /// # Errors
    /// Where that cannot be had, or what it says does not go with a profile.
    pub fn of(&self, source: impl FnOnce() -> Result<DumpFacts, RunError>) -> Result<Vec<Target>, RunError> {
        if !self.targets.iter().any(|target| target.takes_from_dump) {
            return Ok(self.targets.clone());
        }
        let source = source()?;
        Ok(profile::load_with(&self.names, &Rules { source: Some(&source), ..profile_rules() })?)
    }
}

/// The targets that are wanted, loaded once for all dumps of a run.
pub enum Wanted {
    /// Those of profiles, which nobody has named where they are a folder's.
    Profiles {
        profiles: NamedTargets,
        folder: Option<&'static str>,
    },
    /// Those that suit a dump.
    Suiting,
    These(Vec<Target>),
}

impl Wanted {
    /// Loads the profiles that are wanted.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn load(targets: Targets) -> Result<Self, ProfileErrors> {
        let (names, folder) = match targets {
            Targets::These(targets) => return Ok(Wanted::These(targets)),
            Targets::Named(names) => (names, None),
            Targets::Suiting => match FOLDERS.into_iter().find(|folder| Path::new(folder).is_dir()) {
                Some(folder) => (vec![format!("{folder}/")], Some(folder)),
                None => return Ok(Wanted::Suiting),
            },
        };
        Ok(Wanted::Profiles { profiles: NamedTargets::load(names)?, folder })
    }

    /// The targets of one dump; `source` gives what it says of its server, and is asked only where that decides something.
    ///
    /// # Errors
    /// Where what the dump says cannot be had, or does not go with a profile.
    pub fn of(&self, source: impl FnOnce() -> Result<DumpFacts, RunError>) -> Result<Chosen, RunError> {
        match self {
            Wanted::These(targets) => Ok(Chosen { targets: targets.clone(), why: None }),
            Wanted::Suiting => Ok(suited(&source()?)?),
            Wanted::Profiles { profiles, folder } => {
                let targets = profiles.of(source)?;
                let why =
                    folder.map(|folder| format!("no -p is given, so every profile in {folder}/: {}", list(&targets)));
                Ok(Chosen { targets, why })
            }
        }
    }
}

impl Wanted {
    /// The targets of a backup of this major version.
    ///
    /// # Errors
    /// Where nobody has named a target and the backup does not say its version.
    pub fn of_backup(&self, major: Option<Major>) -> Result<Chosen, RunError> {
        // What a dump would say beside its version shapes clusters that initdb makes.
        let facts = DumpFacts { major, client: major, ..DumpFacts::stand_in() };
        let mut chosen = match self {
            // A data directory is taken by its own major version alone.
            Wanted::Suiting => {
                let rules = Rules { source: Some(&facts), ..profile_rules() };
                let targets = profile::load_with(&["same-as-source".to_owned()], &rules)?;
                Chosen { targets, why: None }
            }
            _ => self.of(|| Ok(facts))?,
        };
        // What is said of the encoding and the like of a dump is not asked of a backup.
        chosen.targets.iter_mut().for_each(|target| target.notices.clear());
        Ok(chosen)
    }
}

/// The default set: where dumps are mostly restored to, in versions that are no older than the dump's.
fn suited(source: &DumpFacts) -> Result<Chosen, ProfileErrors> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_once_for_all_dumps() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, "name: a\npostgres: 17\n").unwrap();
        let wanted = Wanted::load(Targets::named([file.display().to_string()])).unwrap();
        std::fs::remove_file(&file).unwrap();
        for _dump in 0..2 {
            let chosen = wanted.of(|| panic!("nothing here depends on the dump")).unwrap();
            assert_eq!(chosen.targets[0].name, "a");
            assert_eq!(chosen.why, None);
        }
    }
}
