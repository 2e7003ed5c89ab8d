//! The WAL that a base carries in its own `pg_wal`.

use std::path::{Path, PathBuf};

use pgbackup_reader::archive::{Archive, FolderArchive};
use pgbackup_reader::base::{Base, EntryKind, Form, Place, Survey, VisitError};

/// A base's own `pg_wal`, as something to ask for files.
pub struct OwnWal {
    archive: FolderArchive,
    /// Where an archive was unpacked for it.
    _unpacked: Option<tempfile::TempDir>,
}

impl OwnWal {
    /// That of this base; `None` where it has none. What is in a tar archive is unpacked into a temporary directory.
    ///
    /// # Errors
    /// Where it cannot be read or unpacked, in words.
    pub fn of(base: &Base, survey: &Survey) -> Result<Option<Self>, String> {
        if survey.wal.is_empty() {
            return Ok(None);
        }
        match base.form() {
            Form::Plain => {
                let data = base.barman().map_or_else(|| base.path().to_owned(), |kept| kept.join("data"));
                Ok(Some(Self { archive: open(&data.join("pg_wal"))?, _unpacked: None }))
            }
            Form::Tar => {
                let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
                unpack(base, directory.path())?;
                Ok(Some(Self { archive: open(directory.path())?, _unpacked: Some(directory) }))
            }
        }
    }

    /// Its files.
    pub fn archive(&self) -> &dyn Archive {
        &self.archive
    }
}

fn open(path: &Path) -> Result<FolderArchive, String> {
    FolderArchive::open(path).map_err(|error| error.to_string())
}

fn unpack(base: &Base, directory: &Path) -> Result<(), String> {
    let visited = base.visit(|entry| -> Result<(), std::io::Error> {
        let path: PathBuf = entry.path.as_path().to_owned();
        let Ok(name) = path.strip_prefix("pg_wal") else { return Ok(()) };
        if entry.place != Place::Data || entry.kind != EntryKind::File || name.components().count() != 1 {
            return Ok(());
        }
        let mut file = std::fs::File::create_new(directory.join(name))?;
        std::io::copy(&mut entry.content, &mut file).map(drop)
    });
    visited.map(drop).map_err(|error| match error {
        VisitError::Base(error) => error.to_string(),
        VisitError::Visitor(error) => error.to_string(),
    })
}
