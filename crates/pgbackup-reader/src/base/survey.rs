//! One pass over a base backup: what it says, what it holds, what would matter where it is started.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::base::entry::{Entry, EntryKind, Place};
use crate::base::head::{Head, bounded};
use crate::base::plain::{LeftOut, is_wal_name};
use crate::base::tablespace::{Oid, Tablespace};

/// What a base backup holds.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// What it says of itself.
    pub head: Head,
    /// How many files it has.
    pub files: u64,
    /// How many bytes these have together.
    pub bytes: u64,
    /// Its tablespaces, in the order of their numbers.
    pub tablespaces: Vec<Tablespace>,
    /// How many files each tablespace has. One that is not here has none, although the server may well start so.
    pub tablespace_files: BTreeMap<Oid, u64>,
    /// Segments and histories of timelines that it carries in `pg_wal`.
    pub wal: Vec<String>,
    /// Files of an incremental backup, `INCREMENTAL.…`: they can be recovered only together with the backups before it.
    pub incremental_files: u64,
    /// `standby.signal`: a server started on it would look for a primary.
    pub standby_signal: bool,
    /// `recovery.signal`.
    pub recovery_signal: bool,
    /// `postmaster.pid`, which pg_basebackup leaves out: a mere copy of a data directory has it.
    pub postmaster_pid: bool,
    /// Its own configuration files.
    pub configuration: Vec<ConfigurationText>,
    /// Files that a configuration may name: those directly in the data directory, and all that end in `.conf`. At most 10 000.
    pub named_files: BTreeSet<String>,
    /// The directories in the data directory. At most 10 000.
    pub directories: BTreeSet<String>,
    /// The initialisation forks of unlogged relations, which come back empty: `base/5/16400_init`.
    pub unlogged: Some1000,
    /// What was not taken from a plain base.
    pub left_out: Vec<LeftOut>,
}

/// A file of configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigurationText {
    /// Its path in the data directory.
    pub name: String,
    /// Its text, of which at most 1 MiB is kept. It may hold passwords.
    pub text: String,
    /// Whether there is more of it than that.
    pub cut: bool,
}

impl std::fmt::Debug for ConfigurationText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigurationText").field("name", &self.name).field("cut", &self.cut).finish_non_exhaustive()
    }
}

/// How many there are, and the names of the first thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Some1000 {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Some1000 {
    pub(crate) fn push(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < 1000 {
            self.first.push(name());
        }
    }
}

const MAX_NAMES: usize = 10_000;

const MAX_CONFIGURATION: usize = 1 << 20;

/// A base carries the WAL of its own making; more than this is no list any more.
const MAX_WAL: usize = 1_000_000;

impl Survey {
    /// Takes what an entry says. It reads only of small files of PostgreSQL's own, so the caller may have no other use for them.
    ///
    /// # Errors
    /// Where the entry's content cannot be read.
    pub fn take(&mut self, entry: &mut Entry<'_>) -> io::Result<()> {
        if let EntryKind::TablespaceLink { oid, target } = &entry.kind {
            self.located(*oid, target.clone());
        }
        self.name(entry);
        if entry.kind != EntryKind::File {
            return Ok(());
        }
        self.files += 1;
        self.bytes = self.bytes.saturating_add(entry.size);
        let name = entry.path.parts().next_back().unwrap_or_default();
        self.incremental_files += u64::from(name.starts_with(b"INCREMENTAL."));
        match entry.place {
            Place::Tablespace(oid) => *self.tablespace_files.entry(oid).or_default() += 1,
            Place::Data => {}
        }
        if is_init_fork(name) {
            self.unlogged.push(|| entry.manifest_path().map(|path| path.to_string()).unwrap_or_default());
        }
        if entry.place == Place::Data { self.of_data(entry) } else { Ok(()) }
    }

    fn of_data(&mut self, entry: &mut Entry<'_>) -> io::Result<()> {
        match entry.path.as_bytes() {
            b"standby.signal" => self.standby_signal = true,
            b"recovery.signal" => self.recovery_signal = true,
            b"postmaster.pid" => self.postmaster_pid = true,
            b"postgresql.conf" | b"postgresql.auto.conf" | b"pg_hba.conf" => {
                let mut bytes = bounded(&mut *entry.content, MAX_CONFIGURATION + 1)?;
                let cut = bytes.len() > MAX_CONFIGURATION;
                bytes.truncate(MAX_CONFIGURATION);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.configuration.push(ConfigurationText { name: entry.path.to_string(), text, cut });
            }
            path => match path.strip_prefix(b"pg_wal/") {
                Some(name) if is_wal_name(name) && self.wal.len() < MAX_WAL => {
                    self.wal.push(String::from_utf8_lossy(name).into_owned());
                }
                Some(_) => {}
                None => {
                    self.head.take(entry)?;
                }
            },
        }
        Ok(())
    }

    fn name(&mut self, entry: &Entry<'_>) {
        let path = entry.path.as_bytes();
        // Those of relations are many, and no setting names them.
        let skipped = entry.place != Place::Data || path.starts_with(b"base/") || path.starts_with(b"pg_wal/");
        let names = match entry.kind {
            _ if skipped => return,
            EntryKind::Directory => &mut self.directories,
            EntryKind::File if path.ends_with(b".conf") || !path.contains(&b'/') => &mut self.named_files,
            _ => return,
        };
        if names.len() < MAX_NAMES {
            names.insert(String::from_utf8_lossy(path).into_owned());
        }
    }

    /// Whether a file of that path in the data directory is in the backup. No absolute path is.
    pub fn has_file(&self, path: &str) -> bool {
        self.named_files.contains(path.strip_prefix("./").unwrap_or(path))
    }

    /// Whether a directory of that path in the data directory is in the backup. No absolute path is.
    pub fn has_directory(&self, path: &str) -> bool {
        self.directories.contains(path.strip_prefix("./").unwrap_or(path).trim_end_matches('/'))
    }

    /// Says where a tablespace lay on the source.
    pub(crate) fn located(&mut self, oid: Oid, location: std::path::PathBuf) {
        match self.tablespaces.iter_mut().find(|tablespace| tablespace.oid == oid) {
            Some(tablespace) => tablespace.location = Some(location),
            None => self.tablespaces.push(Tablespace {
                oid,
                location: Some(location),
                content: crate::base::tablespace::TablespaceContent::Missing,
            }),
        }
    }

    /// Whether it is an incremental backup: by its label, or where that is not there by its files.
    pub fn is_incremental(&self) -> bool {
        self.incremental_files > 0 || self.head.label().is_some_and(|label| label.incremental_from.is_some())
    }

    /// The text of one of its configuration files.
    pub fn configuration(&self, name: &str) -> Option<&ConfigurationText> {
        self.configuration.iter().find(|file| file.name == name)
    }
}

/// `16400_init`: the fork that an unlogged relation is made anew from (src/common/relpath.c). Its first file only, because a
/// larger one has `.1` after it.
fn is_init_fork(name: &[u8]) -> bool {
    name.strip_suffix(b"_init").is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}
