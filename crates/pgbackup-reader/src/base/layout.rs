//! Sees from the content of a path which form of base backup lies there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::backup::{Base, Form, Store};
use crate::base::barman::{BackupInfo, BackupInfoError};
use crate::base::error::BaseError;
use crate::base::packed;
use crate::base::path::MemberPath;
use crate::base::tablespace::{Oid, Tablespace, TablespaceContent};

/// What lies at a path.
#[derive(Debug)]
pub enum Found {
    /// One base backup.
    Base(Box<Base>),
    /// What Barman keeps: servers with their backups and their WAL. `barman.rs` lists them.
    BarmanHome(PathBuf),
    /// What Barman keeps of one server.
    BarmanServer(PathBuf),
    /// A repository of pgBackRest, whose own program restores from it.
    PgBackRest(PathBuf),
}

/// Looks what lies at a path. Names decide only among the files of a tar form; how files are compressed, their content tells.
///
/// # Errors
/// Where nothing can be read there, or it is of no known form.
pub fn recognise(path: &Path) -> Result<Found, BaseError> {
    let metadata = fs::metadata(path).map_err(BaseError::io(path))?;
    if metadata.is_file() {
        return lone_file(path).map(|base| Found::Base(Box::new(base)));
    }
    if let Some(base) = data_directory(path)? {
        return Ok(Found::Base(Box::new(base)));
    }
    if is_directory(&path.join("data"))
        && let Some(base) = barman_backup(path)?
    {
        return Ok(Found::Base(Box::new(base)));
    }
    if is_pgbackrest(path)? {
        return Ok(Found::PgBackRest(path.to_owned()));
    }
    if is_barman_server(path) {
        return Ok(Found::BarmanServer(path.to_owned()));
    }
    if subdirectories(path)?.iter().any(|directory| is_barman_server(directory)) {
        return Ok(Found::BarmanHome(path.to_owned()));
    }
    Err(BaseError::NotABase {
        path: path.to_owned(),
        why: "it holds no PG_VERSION with base and global, no base.tar (.gz, .lz4, .zst, .bz2, .xz), no data directory of \
              Barman, and no repository of Barman or pgBackRest"
            .into(),
    })
}

/// A data directory, or the archives that pg_basebackup makes of one.
fn data_directory(path: &Path) -> Result<Option<Base>, BaseError> {
    let archives = Archives::list(path)?;
    if path.join("PG_VERSION").is_file() && (is_directory(&path.join("global")) || is_directory(&path.join("base"))) {
        let tablespaces = linked_tablespaces(path)?;
        return Base::new(path, Form::Plain, Store::Directory(path.to_owned()), tablespaces, None).map(Some);
    }
    match archives.data {
        Some(data) => Base::new(path, Form::Tar, Store::Archive(data), archives.tablespaces, archives.wal).map(Some),
        None => Ok(None),
    }
}

/// `base/ID` of a Barman server: the data directory in `data`, each tablespace in a directory beside it. Others who keep a base
/// so are served as well.
fn barman_backup(path: &Path) -> Result<Option<Base>, BaseError> {
    let Some(mut base) = data_directory(&path.join("data"))? else { return Ok(None) };
    for directory in subdirectories(path)? {
        let name = directory.file_name().unwrap_or_default();
        if let Some(oid) = Oid::parse(name.as_encoded_bytes()) {
            base.has_tablespace(oid, TablespaceContent::InBackup(directory));
        }
    }
    if !matches!(BackupInfo::of(path), Err(BackupInfoError::Absent)) {
        base.kept_by_barman(path);
    }
    Ok(Some(base))
}

/// An archive that was named itself: with those beside it where it is the `base.tar` of a set, else alone.
fn lone_file(path: &Path) -> Result<Base, BaseError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let (Some("base"), Some(folder)) = (archive_stem(&name), path.parent()) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let archives = Archives::list(folder)?;
        return Base::new(folder, Form::Tar, Store::Archive(path.to_owned()), archives.tablespaces, archives.wal);
    }
    let not_a_tar = |error: BaseError| match error {
        BaseError::Tar { .. } => BaseError::NotABase { path: path.to_owned(), why: error.to_string() },
        error => error,
    };
    if let Some(first) = first_name(path).map_err(not_a_tar)?
        && !IN_DATA_DIRECTORY.contains(&first.as_str())
    {
        let why = format!(
            "it begins with \"{first}\", which no data directory holds; call it base.tar if it is one all the same"
        );
        return Err(BaseError::NotABase { path: path.to_owned(), why });
    }
    Base::new(path, Form::Tar, Store::Archive(path.to_owned()), Vec::new(), None)
}

/// What an archive of a data directory can begin with, whoever made it; a dump in tar form begins with `toc.dat`. Made by initdb
/// (src/bin/initdb/initdb.c), by pg_basebackup, or by a server while it runs.
const IN_DATA_DIRECTORY: [&str; 32] = [
    "backup_label",
    "backup_label.old",
    "backup_manifest",
    "base",
    "current_logfiles",
    "global",
    "log",
    "pg_commit_ts",
    "pg_dynshmem",
    "pg_hba.conf",
    "pg_ident.conf",
    "pg_log",
    "pg_logical",
    "pg_multixact",
    "pg_notify",
    "pg_replslot",
    "pg_serial",
    "pg_snapshots",
    "pg_stat",
    "pg_stat_tmp",
    "pg_subtrans",
    "pg_tblspc",
    "pg_twophase",
    "PG_VERSION",
    "pg_wal",
    "pg_xact",
    "postgresql.auto.conf",
    "postgresql.conf",
    "postmaster.opts",
    "recovery.signal",
    "standby.signal",
    "tablespace_map",
];

/// What the first path in an archive begins with; `None` where the archive is empty.
fn first_name(file: &Path) -> Result<Option<String>, BaseError> {
    let mut tar = packed::open(file)?;
    loop {
        let Some(member) = tar.next().map_err(|error| BaseError::tar(file, error))? else { return Ok(None) };
        // A path that leads elsewhere is refused with its reason when the base is opened.
        if let Ok(path) = MemberPath::from_archive(&member.path) {
            let Some(path) = path else { continue };
            return Ok(path.parts().next().map(|part| String::from_utf8_lossy(part).into_owned()));
        }
        return Ok(None);
    }
}

#[derive(Default)]
struct Archives {
    data: Option<PathBuf>,
    wal: Option<PathBuf>,
    tablespaces: Vec<Tablespace>,
}

impl Archives {
    fn list(folder: &Path) -> Result<Self, BaseError> {
        let mut archives = Self::default();
        for entry in fs::read_dir(folder).map_err(BaseError::io(folder))? {
            let file = entry.map_err(BaseError::io(folder))?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(stem) = archive_stem(&name).filter(|_| file.is_file()) else { continue };
            let twice = match stem {
                "base" => archives.data.replace(file).is_some(),
                "pg_wal" => archives.wal.replace(file).is_some(),
                digits => match Oid::parse(digits.as_bytes()) {
                    None => false,
                    Some(oid) => {
                        let twice = archives.tablespaces.iter().any(|tablespace| tablespace.oid == oid);
                        let content = TablespaceContent::InBackup(file);
                        archives.tablespaces.push(Tablespace { oid, location: None, content });
                        twice
                    }
                },
            };
            if twice {
                let why = format!("it holds {stem}.tar more than once, compressed in several ways; leave one of them");
                return Err(BaseError::NotABase { path: folder.to_owned(), why });
            }
        }
        archives.tablespaces.sort_by_key(|tablespace| tablespace.oid);
        Ok(archives)
    }
}

/// `base` of `base.tar.gz`.
fn archive_stem(name: &str) -> Option<&str> {
    const ENDINGS: [&str; 6] = ["", ".gz", ".lz4", ".zst", ".bz2", ".xz"];
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)?.strip_suffix(".tar"))
}

/// The links of `pg_tblspc`, and where they lead on this machine.
fn linked_tablespaces(data: &Path) -> Result<Vec<Tablespace>, BaseError> {
    let links = data.join("pg_tblspc");
    let listed = match fs::read_dir(&links) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(BaseError::io(&links))?,
    };
    let mut tablespaces = Vec::new();
    for entry in listed {
        let entry = entry.map_err(BaseError::io(&links))?;
        let Some(oid) = Oid::parse(entry.file_name().as_encoded_bytes()) else { continue };
        // A directory instead of a link is part of the data directory itself (allow_in_place_tablespaces).
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let leads_to = links.join(&target);
        let has_files = subdirectories(&leads_to).is_ok_and(|below| {
            below.iter().any(|d| d.file_name().unwrap_or_default().as_encoded_bytes().starts_with(b"PG_"))
        });
        let content = if has_files { TablespaceContent::Followed(leads_to) } else { TablespaceContent::Missing };
        tablespaces.push(Tablespace { oid, location: Some(target), content });
    }
    tablespaces.sort_by_key(|tablespace| tablespace.oid);
    Ok(tablespaces)
}

/// `archive/` and `backup/STANZA/backup.info`, of which there is a copy (src/info/infoBackup.h of pgBackRest).
fn is_pgbackrest(path: &Path) -> Result<bool, BaseError> {
    let backup = path.join("backup");
    if !is_directory(&path.join("archive")) || !is_directory(&backup) {
        return Ok(false);
    }
    let has = |directory: &PathBuf, name: &str| directory.join(name).is_file();
    Ok(subdirectories(&backup)?.iter().any(|stanza| has(stanza, "backup.info") || has(stanza, "backup.info.copy")))
}

/// `base/` and `wals/`, which Barman makes for every server (barman/server.py).
pub(crate) fn is_barman_server(path: &Path) -> bool {
    is_directory(&path.join("base")) && is_directory(&path.join("wals"))
}

pub(crate) fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// The directories in a directory, in the order of their names.
pub(crate) fn subdirectories(path: &Path) -> Result<Vec<PathBuf>, BaseError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(BaseError::io(path))? {
        let entry = entry.map_err(BaseError::io(path))?;
        if entry.path().is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
