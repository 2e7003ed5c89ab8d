//! What is rehearsed, opened: a dump or a base backup, which its content says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pgbackup_reader::archive::FolderArchive;
use pgbackup_reader::base::{BarmanServer, Base, Found, recognise};

use super::error::RunError;
use super::{RecoveryOptions, WalWish};
use crate::profile::Target;
use crate::source::{BackupSource, RowMode, Source, WalSource};

/// Opens every source, whose content says what it is. None may be given twice: reports distinguish them by name.
///
/// # Errors
/// Where one cannot be read, or is neither.
pub async fn open(
    paths: Vec<(PathBuf, Option<String>)>,
    recovery: &RecoveryOptions,
    rows: RowMode,
) -> Result<Vec<Source>, RunError> {
    let mut sources: Vec<Source> = Vec::new();
    let is_only = paths.len() == 1;
    for (path, name) in paths {
        let recovery = recovery.clone();
        let source = tokio::task::spawn_blocking(move || open_one(&path, name, &recovery, rows)).await??;
        if sources.iter().any(|known| known.name() == source.name()) {
            return Err(RunError::Usage(format!("{} is given twice", source.name())));
        }
        // Passes over all of several sources at once would only wait for each other: each begins with its first rehearsal.
        if is_only {
            source.begin();
        }
        sources.push(source);
    }
    Ok(sources)
}

fn open_one(path: &Path, name: Option<String>, recovery: &RecoveryOptions, rows: RowMode) -> Result<Source, RunError> {
    let Some(base) = base_at(path, recovery.wal.is_some())? else {
        let dump = pgdump_reader::open(path)?;
        if recovery.wal.is_some() || !recovery.to.is_empty() {
            let why = format!("{} is a dump: --wal and --to are for base backups", path.display());
            return Err(RunError::Usage(why));
        }
        return Ok(Source::of_dump(Arc::new(dump), name, rows));
    };
    let wal = match &recovery.wal {
        None => WalSource::Base,
        Some(WalWish::Command(command)) => WalSource::Command(command.clone()),
        Some(WalWish::Folder(folder)) => WalSource::Folder(Arc::new(FolderArchive::open(folder)?)),
    };
    let name = name.unwrap_or_else(|| path.display().to_string());
    Ok(Source::Backup(BackupSource::new(Arc::new(base), wal, name)))
}

/// What can be inspected.
pub enum Inspected {
    Dump,
    Base(Box<Base>),
    /// What Barman keeps: a server of its own, or all of them.
    Barman(Vec<BarmanServer>),
}

/// What lies at a path, by its content. `is_said` where somebody says that it is a base backup.
///
/// # Errors
/// Where that is a repository of another kind, or cannot be read.
pub fn inspected(path: &Path, is_said: bool) -> Result<Inspected, RunError> {
    Ok(match found_at(path, is_said)? {
        None => Inspected::Dump,
        Some(Found::Base(base)) => Inspected::Base(base),
        Some(Found::BarmanServer(path)) => Inspected::Barman(vec![BarmanServer::open(&path)?]),
        Some(Found::BarmanHome(path)) => Inspected::Barman(BarmanServer::all_in(&path)?),
        // It says that it is one of several.
        Some(Found::PgBackRest(path)) => Inspected::Base(Box::new(Base::open(&path)?)),
    })
}

/// The base backup at a path; `None` where it is something else. A single tar file is one only where it begins as pg_basebackup writes
/// it, or somebody says so: pg_dump writes tar files too.
fn base_at(path: &Path, is_said: bool) -> Result<Option<Base>, RunError> {
    Ok(match found_at(path, is_said)? {
        None => None,
        Some(Found::Base(base)) => Some(*base),
        Some(Found::BarmanHome(_) | Found::BarmanServer(_) | Found::PgBackRest(_)) => Some(Base::open(path)?),
    })
}

fn found_at(path: &Path, is_said: bool) -> Result<Option<Found>, RunError> {
    if path.join("toc.dat").exists() {
        return Ok(None);
    }
    match recognise(path) {
        Ok(Found::Base(base)) if !(is_said || path.is_dir() || base.head().label.is_some()) => Ok(None),
        Ok(found) => Ok(Some(found)),
        Err(error) if is_said => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Each target once for each point that it, or whoever runs it, wants a backup recovered to.
pub fn at_points(targets: Vec<Target>, recovery: &RecoveryOptions) -> Vec<Target> {
    let of_one = |mut target: Target| {
        if !recovery.to.is_empty() {
            target.recovery.to.clone_from(&recovery.to);
        }
        if let Some(timeline) = recovery.timeline {
            target.recovery.timeline = timeline;
        }
        let points = target.recovery.to.clone();
        points.iter().map(|point| target.at(point)).collect::<Vec<_>>()
    };
    targets.into_iter().flat_map(of_one).collect()
}
