//! All that a run can fail with before it comes to a verdict.

use std::io;

use pgdump_reader::DumpError;
use thiserror::Error;

use crate::engine::EngineError;
use crate::exit;
use crate::fixes::DirectoryError;
use crate::profile::ProfileErrors;

/// Why a run came to no verdict. What goes wrong with one target is no such error: that target is untested, and the report
/// says why.
#[derive(Debug, Error)]
pub enum RunError {
    /// What was asked for does not go together, or does not exist.
    #[error("{0}")]
    Usage(String),
    /// The dump cannot be opened, or is none.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// The base backup cannot be opened, or is none.
    #[error(transparent)]
    Base(#[from] pgbackup_reader::base::BaseError),
    /// The WAL archive cannot be listed.
    #[error(transparent)]
    Archive(#[from] pgbackup_reader::archive::ArchiveError),
    /// The targets hang on what the dump says, and it could not be read that far.
    #[error("the dump cannot be read to its end: {0}")]
    DumpUnread(String),
    /// Profiles are wrong.
    #[error(transparent)]
    Profile(#[from] ProfileErrors),
    /// Files with fixes cannot go where they were asked for.
    #[error(transparent)]
    Fixes(#[from] DirectoryError),
    /// What was started could not be claimed, so that nobody could remove it later.
    #[error("{action}")]
    State {
        action: &'static str,
        #[source]
        source: io::Error,
    },
    /// An engine could not do what it was asked for.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Standard output could not be written, or the system did not do its part.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Interrupted before there was anything to report.
    #[error("interrupted before anything was started")]
    Interrupted,
    /// A bug of pgrehearse.
    #[error("pgrehearse itself failed ({0}), which is a bug; please report it")]
    Crashed(String),
}

impl RunError {
    /// The exit code of a program that ends with it: a mistake of whoever asked, or nothing tested.
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Usage(_)
            | RunError::Dump(_)
            | RunError::Base(_)
            | RunError::Archive(_)
            | RunError::DumpUnread(_)
            | RunError::Profile(_)
            | RunError::Fixes(_) => exit::USAGE,
            RunError::State { .. } | RunError::Engine(_) | RunError::Io(_) | RunError::Crashed(_) => exit::UNTESTED,
            RunError::Interrupted => exit::INTERRUPTED,
        }
    }

    /// What was asked for cannot be done, in the words of an error and of what caused it.
    pub fn usage(error: &dyn std::error::Error) -> Self {
        RunError::Usage(in_full(error))
    }
}

impl From<tokio::task::JoinError> for RunError {
    fn from(error: tokio::task::JoinError) -> Self {
        RunError::Crashed(error.to_string())
    }
}

/// An error and all that caused it, in one line: `cannot open the state directory: Permission denied`.
pub fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its name in docs/exit-codes.md. A new variant has to be named here, and added to [`one_of_each`].
    fn name(error: &RunError) -> &'static str {
        match error {
            RunError::Usage(_) => "Usage",
            RunError::Dump(_) => "Dump",
            RunError::Base(_) => "Base",
            RunError::Archive(_) => "Archive",
            RunError::DumpUnread(_) => "DumpUnread",
            RunError::Profile(_) => "Profile",
            RunError::Fixes(_) => "Fixes",
            RunError::State { .. } => "State",
            RunError::Engine(_) => "Engine",
            RunError::Io(_) => "Io",
            RunError::Interrupted => "Interrupted",
            RunError::Crashed(_) => "Crashed",
        }
    }

    fn one_of_each() -> Vec<RunError> {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let profile = crate::profile::parse("name: [", "x.yaml").unwrap_err();
        vec![
            RunError::Usage("no".to_owned()),
            pgdump_reader::open(std::path::Path::new("/nonexistent")).unwrap_err().into(),
            pgbackup_reader::base::Base::open(std::path::Path::new("/nonexistent")).unwrap_err().into(),
            pgbackup_reader::archive::FolderArchive::open(std::path::Path::new("/nonexistent")).unwrap_err().into(),
            RunError::DumpUnread("no".to_owned()),
            profile.into(),
            DirectoryError::NotEmpty("/srv".into()).into(),
            RunError::State { action: "cannot open the state directory", source: denied() },
            EngineError::Unreachable { engine: "Docker", reason: "no".to_owned() }.into(),
            denied().into(),
            RunError::Interrupted,
            RunError::Crashed("no".to_owned()),
        ]
    }

    #[test]
    fn every_error_is_documented_with_its_exit_code() {
        let documentation = include_str!("../../docs/exit-codes.md");
        let rows: Vec<Vec<&str>> = documentation.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        let errors = one_of_each();
        for error in &errors {
            let (name, code) = (format!("`{}`", name(error)), error.exit_code().to_string());
            let row = rows.iter().find(|row| row.get(1) == Some(&name.as_str()));
            let row = row.unwrap_or_else(|| panic!("docs/exit-codes.md does not have {name}"));
            assert_eq!(row.get(2), Some(&code.as_str()), "the code of {name}");
        }
        let documented = rows.iter().filter(|row| row.get(1).is_some_and(|cell| cell.starts_with('`'))).count();
        assert_eq!(documented, errors.len(), "docs/exit-codes.md has an error that is none");
    }

    #[test]
    fn every_exit_code_is_documented() {
        let documentation = include_str!("../../docs/exit-codes.md");
        for code in [exit::PASS, exit::FAIL, exit::USAGE, exit::UNTESTED, exit::INTERRUPTED, exit::TERMINATED] {
            assert!(documentation.contains(&format!("\n| {code} | ")), "{code} is not in docs/exit-codes.md");
        }
    }

    #[test]
    fn no_error_is_a_pass() {
        assert!(one_of_each().iter().all(|error| error.exit_code() != exit::PASS));
    }

    #[test]
    fn an_error_is_printed_with_its_causes_once() {
        let source = io::Error::other("no room");
        let error = RunError::State { action: "cannot begin a run", source };
        assert_eq!(in_full(&error), "cannot begin a run: no room");
        assert_eq!(in_full(&RunError::from(io::Error::other("no room"))), "no room");
    }
}
