//! What can be wrong with a profile. Each cause has its own variant; printing is one line.

use std::fmt;

use super::yaml::Spot;

/// A position in a profile's text. Lines and columns start at 1; a column counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// Why a profile could not be used: `profiles/x.yaml:4:3: unknown key `encodng` in `cluster`; did you mean `encoding`?`
#[derive(Debug)]
pub struct ProfileError {
    /// The file's path as it was given, or the name of a built-in profile.
    pub origin: String,
    /// The key or value that is wrong; `None` where the file as a whole is.
    pub place: Option<Place>,
    pub cause: Box<Cause>,
    /// What to write instead.
    pub hint: Option<String>,
}

/// What is wrong. `path` is a place in the profile as people write it, such as `roles[1].name`.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("no such file or directory")]
    NoSuchFile,
    #[error("unknown profile `{name}`")]
    UnknownProfile { name: String },
    #[error("no *.yaml or *.yml file in this directory")]
    NoProfiles,
    #[error("given twice; first as `{first}`")]
    GivenTwice { first: String },
    #[error("the target name `{name}` is already taken by {other}")]
    DuplicateTarget { name: String, other: String },
    #[error("larger than a profile may be, {limit}")]
    TooLarge { limit: super::ByteSize },
    #[error("not UTF-8 text")]
    NotUtf8,
    #[error("the profile is empty")]
    Empty,
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// Valid YAML that no profile needs.
    #[error("{0}")]
    Unsupported(String),
    #[error("`extends` goes in a circle: {0}")]
    ExtendsItself(String),
    #[error("unknown key `{key}` in {holder}")]
    UnknownKey { key: String, holder: String },
    #[error("duplicate key `{key}` in {holder}, first given in line {first_line}")]
    DuplicateKey { key: String, holder: String, first_line: usize },
    #[error("missing key `{key}` in {holder}")]
    MissingKey { key: String, holder: String },
    #[error("{path} must be {expected}, not {found}")]
    WrongType { path: String, expected: String, found: String },
    #[error("{path}: {why}")]
    BadValue { path: String, why: String },
    #[error("{path}: no finding is called `{finding}`")]
    UnknownFinding { path: String, finding: String },
    #[error("{path}: the finding `{finding}` was accepted until {until}, which is past")]
    AcceptExpired { path: String, finding: String, until: jiff::civil::Date },
}

impl ProfileError {
    pub(super) fn new(origin: &str, place: Option<Place>, cause: Cause) -> Self {
        Self { origin: origin.to_owned(), place, cause: Box::new(cause), hint: None }
    }

    /// The same of something whose place is known.
    pub(super) fn at(spot: &Spot, cause: Cause) -> Self {
        Self::new(&spot.origin.name, Some(spot.place), cause)
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.cause)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// Without a source: the cause's own text is already part of this error's.
impl std::error::Error for ProfileError {}
