//! What the command line asks for.

use crate::mutations::Mutation;

/// `run [--only NAME]... [--database NAME] [--mutations]`.
pub struct Asked {
    only: Vec<String>,
    database: Option<String>,
    /// Whether whole restores are judged too.
    pub healthy: bool,
}

impl Asked {
    /// `None` where it is started as one of cargo's tests.
    pub fn of(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        if arguments.next().as_deref() != Some("run") {
            return None;
        }
        let mut asked = Self { only: Vec::new(), database: None, healthy: true };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--only" => asked.only.push(value()),
                "--database" => asked.database = Some(value()),
                "--mutations" => {}
                "--healthy" => asked.database = Some(String::new()),
                other => panic!("{other} is no option: --only NAME, --database NAME, --mutations, --healthy"),
            }
            asked.healthy = argument == "--healthy";
        }
        Some(asked)
    }

    pub fn wants(&self, mutation: &Mutation) -> bool {
        (self.only.is_empty() || self.only.contains(&mutation.name))
            && self.database.as_ref().is_none_or(|database| *database == mutation.database)
    }

    /// Whether every mutation is tried.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.database.is_none()
    }
}
