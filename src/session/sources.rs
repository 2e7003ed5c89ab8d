//! What is rehearsed, opened: a dump or a base backup, which its content says.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use pgbackup_reader::archive::FolderArchive;
use pgbackup_reader::base::{BarmanServer, Base, Found, recognise};

use super::barman::{self, BarmanRepository};
use super::error::RunError;
use super::location::Location;
use super::{Given, RecoveryOptions, WalWish};
use crate::profile::Target;
use crate::source::{BackupSource, RowMode, Source, WalSource, earlier};

const SECONDS_OF_A_DAY: i64 = 86_400;

/// How sources are opened.
#[derive(Clone)]
pub struct Opening {
    pub recovery: RecoveryOptions,
    pub rows: RowMode,
}

/// A source that is open.
pub struct Opened {
    /// The source, or where it is in a repository the one that is taken if nobody wishes for another.
    pub source: Source,
    /// The repository that it is in.
    repository: Option<Arc<BarmanRepository>>,
}

/// Opens every source, whose content says what it is. None may be given twice: reports distinguish them by name.
///
/// # Errors
/// Where one cannot be read, or is neither.
pub(super) async fn open(given: &[Given], opening: &Opening) -> Result<Vec<Opened>, RunError> {
    let mut all: Vec<Opened> = Vec::new();
    let is_only = given.len() == 1;
    for Given { path, name, own } in given {
        let (path, name) = (path.clone(), name.clone());
        let recovery = own.as_ref().map_or(&opening.recovery, |(_, recovery)| recovery).clone();
        let opening = Opening { recovery, rows: opening.rows };
        let opened = tokio::task::spawn_blocking(move || open_one(&path, name, &opening)).await??;
        if all.iter().any(|known| known.source.name() == opened.source.name()) {
            return Err(RunError::Usage(format!("{} is given twice", opened.source.name())));
        }
        // Passes over all of several sources at once would only wait for each other: each begins with its first rehearsal.
        if is_only {
            opened.source.begin();
        }
        all.push(opened);
    }
    Ok(all)
}

impl Opened {
    /// The source with its targets; of a repository, each of its bases with those targets that begin with it.
    ///
    /// # Errors
    /// Where the repository does not have a base that a target wishes for, or it cannot be opened.
    pub async fn with(self, targets: Vec<Target>, opening: &Opening) -> Result<Vec<(Source, Vec<Target>)>, RunError> {
        let Some(repository) = self.repository else { return Ok(vec![(self.source, targets)]) };
        let opening = opening.clone();
        tokio::task::spawn_blocking(move || of_repository(&repository, targets, &opening)).await?
    }
}

fn of_repository(
    repository: &BarmanRepository,
    targets: Vec<Target>,
    opening: &Opening,
) -> Result<Vec<(Source, Vec<Target>)>, RunError> {
    let today = Timestamp::now().as_second().div_euclid(SECONDS_OF_A_DAY);
    let mut all: Vec<(String, BackupSource, Vec<Target>)> = Vec::new();
    for target in targets {
        let wish = opening.recovery.base.as_ref().unwrap_or(&target.recovery.base);
        let (id, source) = repository.source(wish, today, opening)?;
        match all.iter_mut().find(|(known, ..)| *known == id) {
            Some((.., targets)) => targets.push(target),
            None => all.push((id, source, vec![target])),
        }
    }
    let is_only = all.len() == 1;
    let named = |(id, source, targets): (String, BackupSource, Vec<Target>)| {
        let name = format!("{} base {id}", source.name());
        (Source::Backup(if is_only { source } else { source.called(name) }), targets)
    };
    Ok(all.into_iter().map(named).collect())
}

fn open_one(typed: &Path, name: Option<String>, opening: &Opening) -> Result<Opened, RunError> {
    let shown = name.clone().unwrap_or_else(|| typed.display().to_string());
    let barman = |home: &Path, server: Option<&str>| -> Result<Opened, RunError> {
        let repository = BarmanRepository::open(home, server, shown.clone())?;
        let wish = opening.recovery.base.clone().unwrap_or_default();
        let (_, source) = repository.source(&wish, 0, opening)?;
        Ok(Opened { source: Source::Backup(source), repository: Some(Arc::new(repository)) })
    };
    let path = match Location::parse(typed)? {
        Location::Path(path) => path,
        Location::Barman { home, server } => return barman(&home, server.as_deref()),
        Location::PgBackRest { .. } => return Err(pgbackrest(&shown)),
    };
    let recovery = &opening.recovery;
    match found_at(&path, recovery.wal.is_some())? {
        None => {
            let dump = pgdump_reader::open(&path)?;
            if recovery.wal.is_some() || !recovery.to.is_empty() {
                let why = format!("{} is a dump: --wal and --to are for base backups", path.display());
                return Err(RunError::Usage(why));
            }
            Ok(Opened { source: Source::of_dump(Arc::new(dump), name, opening.rows), repository: None })
        }
        Some(Found::Base(base)) => {
            Ok(Opened { source: Source::Backup(barman::of_base(*base, shown, opening)?), repository: None })
        }
        Some(Found::BarmanHome(_) | Found::BarmanServer(_)) => barman(&path, None),
        Some(Found::PgBackRest(_)) => Err(pgbackrest(&shown)),
    }
}

/// Only pgBackRest's own program can restore from its repositories.
fn pgbackrest(shown: &str) -> RunError {
    RunError::Usage(format!(
        "{shown} is a repository of pgBackRest, from which only its own program restores: restore one of its backups into a folder \
         (pgbackrest --pg1-path=FOLDER --type=none --tablespace-map-all=FOLDER_ts restore), and name that and \
         --wal-command 'pgbackrest --stanza=NAME archive-get %f %p'"
    ))
}

/// A base as a source, with the WAL that the run names.
///
/// # Errors
/// Where the archive cannot be listed.
pub fn source_of(base: Base, name: String, opening: &Opening) -> Result<BackupSource, RunError> {
    let recovery = &opening.recovery;
    let wal = match &recovery.wal {
        None => WalSource::Base,
        Some(WalWish::Command(command)) => WalSource::Command(command.clone()),
        Some(WalWish::Folder(folder)) => WalSource::Folder(Arc::new(FolderArchive::open(folder)?)),
    };
    let beside = match &recovery.dump {
        None => None,
        Some(path) => match Source::of_dump(Arc::new(pgdump_reader::open(path)?), None, opening.rows) {
            Source::Dump(dump) => Some(dump),
            Source::Backup(_) => None,
        },
    };
    let earlier = earlier(&base, &recovery.earlier);
    let source = BackupSource::new(Arc::new(base), wal, name, recovery.as_of).beside(beside);
    Ok(if matches!(&earlier, Ok(none) if none.is_empty()) { source } else { source.upon(earlier) })
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

/// The base backup at a path; `None` where it is something else.
///
/// # Errors
/// Where a base backup cannot be read, or there is none and somebody says so.
pub fn base_at(path: &Path, is_said: bool) -> Result<Option<Base>, RunError> {
    Ok(match found_at(path, is_said)? {
        None => None,
        Some(Found::Base(base)) => Some(*base),
        Some(Found::BarmanHome(_) | Found::BarmanServer(_) | Found::PgBackRest(_)) => Some(Base::open(path)?),
    })
}

/// What of backups is at a path; `None` where it is something else. A single tar file is a base only where it begins as pg_basebackup
/// writes it, or somebody says so: pg_dump writes tar files too.
fn found_at(path: &Path, is_said: bool) -> Result<Option<Found>, RunError> {
    if path.join("toc.dat").exists() {
        return Ok(None);
    }
    match recognise(path) {
        Ok(Found::Base(base)) if !(is_said || path.is_dir() || base.head().label.is_some()) => Ok(None),
        Ok(found) => Ok(Some(found)),
        Err(error) if is_said && pgdump_reader::open(path).is_err() => Err(error.into()),
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
