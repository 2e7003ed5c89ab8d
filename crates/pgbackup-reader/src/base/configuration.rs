//! The configuration files that a base backup carries, read as text and never followed.

mod obstacle;
mod syntax;

use std::fmt;

pub use obstacle::{Obstacle, ObstacleKind, obstacles};

/// Settings of configuration files as a server would read them: of a name that is set twice the later place wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// All settings in the order in which they stand, overridden ones too.
    pub settings: Vec<Setting>,
    /// Other files that are asked for.
    pub includes: Vec<Include>,
    /// Lines that a server would refuse, at most a hundred, as `guc-file.l` says them.
    pub errors: Vec<SyntaxError>,
}

/// A setting and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name in small letters; PostgreSQL knows no others.
    pub name: String,
    /// Its value, without quotes. It may hold a password.
    pub value: String,
    /// Where it stands.
    pub place: Line,
}

impl fmt::Debug for Setting {
    /// Leaves the value out, because connection strings and commands hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.place)
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file as it is called in the data directory.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Another file that a configuration file asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// How it is asked for.
    pub kind: IncludeKind,
    /// The file or directory as it stands there; where it is relative, relative to the file that names it.
    pub path: String,
    /// Where it stands.
    pub place: Line,
}

/// How a configuration file asks for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeKind {
    /// `include`: the server does not start without it.
    File,
    /// `include_if_exists`: it may be absent.
    FileIfExists,
    /// `include_dir`: the server does not start without the directory.
    Directory,
}

impl IncludeKind {
    /// The word in the file.
    pub fn label(self) -> &'static str {
        match self {
            IncludeKind::File => "include",
            IncludeKind::FileIfExists => "include_if_exists",
            IncludeKind::Directory => "include_dir",
        }
    }
}

/// A line that a server would refuse: `syntax error in file "…" line …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("syntax error at {0}")]
pub struct SyntaxError(pub Line);

impl Configuration {
    /// Adds what a file says after what was read before it: `postgresql.conf` first, then `postgresql.auto.conf`, as
    /// `ProcessConfigFileInternal` does (src/backend/utils/misc/guc.c, 16 to 18; guc-file.l before).
    pub fn add(&mut self, file: &str, text: &str) {
        syntax::read(self, file, text);
    }

    /// The value that a server would take, and where it stands.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().rev().find(|setting| setting.name == name)
    }

    /// Each setting that a server would take, once.
    pub fn effective(&self) -> impl Iterator<Item = &Setting> {
        self.settings
            .iter()
            .enumerate()
            .filter(|(at, setting)| !self.settings[at + 1..].iter().any(|later| later.name == setting.name))
            .map(|(_, setting)| setting)
    }
}
