//! What Barman keeps: a home with servers, each with its backups and its WAL, all in plain files.
//!
//! Sources: barman/infofile.py (`FieldListFile`, `BackupInfo`, `LocalBackupInfo`), barman/server.py of Barman 3; seen in
//! repositories that 3.4, 3.13 and 3.20 made.

mod info;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::backup::Base;
use crate::base::error::BaseError;
use crate::base::head::bounded;
use crate::base::layout::{is_barman_server, is_directory, subdirectories};

pub use info::{BackupInfo, BackupInfoError, BackupStatus, BarmanTablespace};

/// What Barman keeps of one server.
#[derive(Debug)]
pub struct BarmanServer {
    path: PathBuf,
    identity: Option<Identity>,
    backups: Vec<BarmanBackup>,
}

/// A backup of a server, by its identifier.
#[derive(Debug)]
pub struct BarmanBackup {
    /// Its identifier, the time of its beginning: `20261128T113813`.
    pub id: String,
    /// What Barman says of it; an error where its `backup.info` is not there or cannot be read.
    pub info: Result<BackupInfo, BackupInfoError>,
}

/// What `identity.json` says of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The number of its cluster.
    pub system_identifier: Option<u64>,
    /// Its major, as Barman writes it.
    pub version: Option<String>,
}

/// Which of a server's backups is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The one that began last, of those that can be recovered.
    Newest,
    /// The one that began first, of those that can be recovered.
    Oldest,
    /// The one of that identifier, in whatever state it is.
    Id(String),
}

/// Why no backup could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// There is none with that identifier.
    #[error("there is no backup {id}; there are {}", in_words(.there))]
    Unknown {
        /// What was asked for.
        id: String,
        /// The identifiers that there are.
        there: Vec<String>,
    },
    /// None of them can be recovered.
    #[error("none of its {0} backups was finished")]
    NoneDone(usize),
}

fn in_words(ids: &[String]) -> String {
    match ids {
        [] => "none at all".into(),
        ids => ids.join(", "),
    }
}

impl BarmanServer {
    /// Reads what is kept of a server: its identity and its backups, in the order of their identifiers.
    ///
    /// # Errors
    /// Where its directories cannot be read.
    pub fn open(path: &Path) -> Result<Self, BaseError> {
        if !is_barman_server(path) {
            let why = "a server of Barman has the directories base and wals".to_owned();
            return Err(BaseError::NotABase { path: path.to_owned(), why });
        }
        let mut ids = BTreeSet::new();
        for directory in subdirectories(&path.join("base"))? {
            ids.extend(directory.file_name().and_then(|name| name.to_str()).map(str::to_owned));
        }
        let meta = path.join("meta");
        if is_directory(&meta) {
            for entry in fs::read_dir(&meta).map_err(BaseError::io(&meta))? {
                let name = entry.map_err(BaseError::io(&meta))?.file_name();
                ids.extend(name.to_str().and_then(|name| name.strip_suffix("-backup.info")).map(str::to_owned));
            }
        }
        let backups = ids.into_iter().map(|id| BarmanBackup { info: read_info(path, &id), id }).collect();
        Ok(Self { path: path.to_owned(), identity: identity(&path.join("identity.json")), backups })
    }

    /// The servers in a home of Barman, in the order of their names.
    ///
    /// # Errors
    /// Where the home or one of them cannot be read.
    pub fn all_in(home: &Path) -> Result<Vec<Self>, BaseError> {
        subdirectories(home)?.into_iter().filter(|path| is_barman_server(path)).map(|path| Self::open(&path)).collect()
    }

    /// Its name, which is that of its directory.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// What `identity.json` says of it, where that is there and can be read.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Its backups in the order in which they began.
    pub fn backups(&self) -> &[BarmanBackup] {
        &self.backups
    }

    /// Its archive of WAL.
    pub fn wal_path(&self) -> PathBuf {
        self.path.join("wals")
    }

    /// Finds the backup that is meant.
    ///
    /// # Errors
    /// Where there is none such.
    pub fn choose(&self, choice: &Choice) -> Result<&BarmanBackup, ChoiceError> {
        let mut usable =
            self.backups.iter().filter(|backup| backup.info.as_ref().is_ok_and(|info| info.status.is_copied()));
        let chosen = match choice {
            Choice::Newest => usable.next_back(),
            Choice::Oldest => usable.next(),
            Choice::Id(id) => {
                let there = || self.backups.iter().map(|backup| backup.id.clone()).collect();
                let found = self.backups.iter().find(|backup| backup.id == *id);
                return found.ok_or_else(|| ChoiceError::Unknown { id: id.clone(), there: there() });
            }
        };
        chosen.ok_or(ChoiceError::NoneDone(self.backups.len()))
    }

    /// Opens one of its backups.
    ///
    /// # Errors
    /// As [`Base::open`].
    pub fn open_base(&self, backup: &BarmanBackup) -> Result<Base, BaseError> {
        Base::open(&self.path.join("base").join(&backup.id))
    }
}

impl BackupInfo {
    /// What Barman says of a backup, `base/ID` in a server's directory.
    ///
    /// # Errors
    /// Where its `backup.info` is not there or cannot be read.
    pub fn of(backup: &Path) -> Result<Self, BackupInfoError> {
        let id = backup.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match backup.parent().and_then(Path::parent) {
            Some(server) => read_info(server, id),
            None => Err(BackupInfoError::Absent),
        }
    }
}

/// From 3.13 on in `meta`; before in the backup's own directory, and there it stays.
fn read_info(server: &Path, id: &str) -> Result<BackupInfo, BackupInfoError> {
    let places =
        [server.join("meta").join(format!("{id}-backup.info")), server.join("base").join(id).join("backup.info")];
    for place in places {
        match fs::File::open(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => {
                let text = opened.and_then(|file| bounded(file, info::MAX_BYTES + 1));
                return BackupInfo::parse(&text.map_err(|error| BackupInfoError::Read(error.to_string()))?);
            }
        }
    }
    Err(BackupInfoError::Absent)
}

fn identity(path: &Path) -> Option<Identity> {
    let text = bounded(fs::File::open(path).ok()?, 64 << 10).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let word = |key: &str| match json.get(key)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Some(Identity { system_identifier: word("systemid").and_then(|text| text.parse().ok()), version: word("version") })
}
