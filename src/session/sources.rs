//! What is rehearsed, opened: a dump or a base backup, which its content says.

use std::path::Path;
use std::sync::Arc;

use pgbackup_reader::archive::FolderArchive;
use pgbackup_reader::base::{Base, Found, recognise};

use super::error::RunError;
use super::{Given, RecoveryOptions, WalWish};
use crate::profile::Target;
use crate::source::{BackupSource, RowMode, Source, WalSource};

/// Opens every source, whose content says what it is. None may be given twice: reports distinguish them by name.
///
/// # Errors
/// Where one cannot be read, or is neither.
pub(super) async fn open(all: &[Given], recovery: &RecoveryOptions, rows: RowMode) -> Result<Vec<Source>, RunError> {
    let mut sources: Vec<Source> = Vec::new();
    let is_only = all.len() == 1;
    for given in all {
        let recovery = given.own.as_ref().map_or(recovery, |(_, recovery)| recovery).clone();
        let (path, name) = (given.path.clone(), given.name.clone());
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
    Ok(Source::Backup(BackupSource::new(Arc::new(base), wal, name, recovery.as_of)))
}

/// The base backup at a path; `None` where it is something else. A single tar file is one only where it begins as pg_basebackup writes
/// it, or somebody says so: pg_dump writes tar files too.
///
/// # Errors
/// Where a base backup cannot be read, or there is none and somebody says so.
pub fn base_at(path: &Path, is_said: bool) -> Result<Option<Base>, RunError> {
    if path.join("toc.dat").exists() {
        return Ok(None);
    }
    let found = match recognise(path) {
        Ok(found) => found,
        Err(error) if is_said => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    match found {
        Found::Base(base) if is_said || path.is_dir() || base.head().label.is_some() => Ok(Some(*base)),
        Found::Base(_) => Ok(None),
        Found::BarmanHome(_) | Found::BarmanServer(_) | Found::PgBackRest(_) => Ok(Some(Base::open(path)?)),
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
