//! Where fixes go: a directory that is new or empty, with one folder for each target.
//!
//! Nothing is ever overwritten, and a target's folder is there whole or not at all. That it can be written is found out before
//! the run.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{FixPlan, Use};

/// Why fixes cannot be written.
#[derive(Debug, Error)]
pub enum DirectoryError {
    #[error("cannot write fixes to {}: it is not empty; name a new directory, or empty it", .0.display())]
    NotEmpty(PathBuf),
    #[error("cannot write fixes to {}: it is no directory", .0.display())]
    NoDirectory(PathBuf),
    #[error("cannot write fixes to {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// A directory that takes fixes.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Whether it was made for this, and goes again where nothing is written.
    made: bool,
}

impl Directory {
    /// Takes a directory, which is made where it is not there, and sees that it is empty and can be written. For before the
    /// run.
    ///
    /// # Errors
    /// Where it is not empty, is no directory, or cannot be made or written.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let failed = |source| DirectoryError::Io { path: path.to_owned(), source };
        let made = match fs::metadata(path) {
            Ok(found) if !found.is_dir() => return Err(DirectoryError::NoDirectory(path.to_owned())),
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(failed)?;
                true
            }
            Err(error) => return Err(failed(error)),
        };
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(DirectoryError::NotEmpty(path.to_owned()));
        }
        let directory = Self { path: fs::canonicalize(path).map_err(failed)?, made };
        // A failure to write shows now, not in an hour. make_in, whose errors do not name the file that nobody knows.
        let probe = tempfile::Builder::new()
            .prefix(".pgrehearse-")
            .make_in(&directory.path, |path| fs::OpenOptions::new().write(true).create_new(true).open(path));
        if let Err(source) = probe {
            return Err(failed(source));
        }
        Ok(directory)
    }

    /// Writes the files of one target into a folder of its name, and returns the folder.
    ///
    /// # Errors
    /// Where they cannot be written, or the folder is there by now; nothing of them is left then.
    pub fn write(&self, target: &str, plan: &FixPlan) -> Result<PathBuf, DirectoryError> {
        let folder = self.path.join(target);
        let failed = |source| DirectoryError::Io { path: folder.clone(), source };
        if folder.exists() {
            return Err(DirectoryError::NotEmpty(folder));
        }
        // Of the folder too the umask decides who may read it.
        let everybody = fs::Permissions::from_mode(0o777);
        let partial = tempfile::Builder::new().prefix(".pgrehearse-").permissions(everybody).tempdir_in(&self.path);
        let partial = partial.map_err(failed)?;
        for file in &plan.files {
            // What the umask leaves.
            let mode = if file.used == Use::Restore { 0o777 } else { 0o666 };
            let path = partial.path().join(&file.name);
            let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
            io::Write::write_all(&mut out, file.content.as_bytes()).map_err(failed)?;
            out.sync_all().map_err(failed)?;
        }
        fs::rename(partial.path(), &folder).map_err(failed)?;
        let _moved = partial.keep();
        Ok(folder)
    }
}

impl Drop for Directory {
    /// What was made for files that nobody needed goes; it stays where anything is in it.
    fn drop(&mut self) {
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::FixFile;
    use super::*;

    fn plan() -> FixPlan {
        let file = |name: &str, used| FixFile {
            name: name.into(),
            content: "SELECT 1;\n".into(),
            used,
            findings: BTreeSet::new(),
        };
        FixPlan { files: vec![file("roles.sql", Use::BeforeDatabase), file("restore.sh", Use::Restore)] }
    }

    #[test]
    fn a_directory_with_something_in_it_is_refused_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("mine"), "x").unwrap();
        assert!(matches!(Directory::open(home.path()), Err(DirectoryError::NotEmpty(_))));
        assert_eq!(fs::read(home.path().join("mine")).unwrap(), b"x");
        assert!(matches!(Directory::open(&home.path().join("mine")), Err(DirectoryError::NoDirectory(_))));
    }

    #[test]
    fn a_directory_that_was_made_for_nothing_is_removed_and_one_that_was_there_stays() {
        let home = tempfile::tempdir().unwrap();
        let made = home.path().join("made");
        drop(Directory::open(&made).unwrap());
        assert!(!made.exists());
        drop(Directory::open(home.path()).unwrap());
        assert!(home.path().exists());
    }

    #[test]
    fn a_folder_is_whole_or_not_there_and_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::open(&home.path().join("fixes")).unwrap();
        let folder = directory.write("a", &plan()).unwrap();
        let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_ne!(mode("restore.sh") & 0o100, 0, "restore.sh can be run");
        assert_eq!(mode("roles.sql") & 0o111, 0, "roles.sql is no program");
        fs::write(folder.join("roles.sql"), "mine").unwrap();
        assert!(matches!(directory.write("a", &plan()), Err(DirectoryError::NotEmpty(_))));
        assert_eq!(fs::read(folder.join("roles.sql")).unwrap(), b"mine");
        let names = fs::read_dir(home.path().join("fixes")).unwrap().count();
        assert_eq!(names, 1, "nothing half written is left");
    }
}
