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
    /// A file of a directory that belongs to another program.
    #[error("this is no profile: no key of a profile stands at its top, but {keys}")]
    NoProfile { keys: String },
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

/// All that is wrong with the profiles that were asked for: file by file, each in the order of its lines.
#[derive(Debug)]
pub struct ProfileErrors(Vec<ProfileError>);

/// How many errors of one file are printed. Who has more has done one thing wrong many times.
const PRINTED: usize = 10;

impl ProfileErrors {
    /// `Ok` where nothing is wrong.
    pub(super) fn none_of<T>(errors: Vec<ProfileError>, right: T) -> Result<T, Self> {
        if errors.is_empty() { Ok(right) } else { Err(Self(errors)) }
    }

    /// Each of them; there is at least one.
    pub fn iter(&self) -> impl Iterator<Item = &ProfileError> {
        self.0.iter()
    }

    pub(super) fn into_vec(self) -> Vec<ProfileError> {
        self.0
    }

    /// One line for each error, and one more for those of a file that are too many to print.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for of_file in self.0.chunk_by(|one, next| one.origin == next.origin) {
            lines.extend(of_file.iter().take(PRINTED).map(ToString::to_string));
            if let (Some(more @ 1..), Some(first)) = (of_file.len().checked_sub(PRINTED), of_file.first()) {
                lines.push(format!("{}: and {more} more", first.origin));
            }
        }
        lines
    }
}

impl From<ProfileError> for ProfileErrors {
    fn from(error: ProfileError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ProfileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for ProfileErrors {}
