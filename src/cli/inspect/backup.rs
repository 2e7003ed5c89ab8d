//! `pgrehearse inspect` of a base backup, an archive of WAL, or what Barman keeps.

use std::io::Write as _;
use std::path::Path;

use pgbackup_reader::FolderArchive;
use pgbackup_reader::base::{BarmanServer, Base};

use super::super::arguments::Inspect;
use super::super::output::{PROSE_WIDTH, terminal_options};
use crate::exit;
use crate::report::inspect::backup::{BackupInspection, terminal};
use crate::session::RunError;

/// An archive alone.
pub fn archive(arguments: &Inspect) -> Result<u8, RunError> {
    no_profiles(arguments)?;
    let wal = arguments.wal.as_deref().ok_or_else(|| RunError::Usage("no source is given".to_owned()))?;
    let mut inspection = BackupInspection::of_archive(&FolderArchive::open(wal)?, arguments.quick);
    as_typed(&mut inspection, arguments);
    show(&inspection, arguments)
}

/// A base with its archive: the one that is given, or Barman's where it keeps the base.
pub fn base(arguments: &Inspect, base: &Base) -> Result<u8, RunError> {
    no_profiles(arguments)?;
    let wals = || base.barman().and_then(Path::parent).and_then(Path::parent).map(|server| server.join("wals"));
    let archive = match (&arguments.wal, wals()) {
        (Some(wal), _) => Some(FolderArchive::open(wal)?),
        (None, Some(wals)) => Some(FolderArchive::open(&wals)?),
        (None, None) => None,
    };
    let mut inspection = BackupInspection::of_base(base, archive.as_ref(), arguments.quick)?;
    as_typed(&mut inspection, arguments);
    show(&inspection, arguments)
}

/// What Barman keeps: its servers and their backups.
pub fn barman(arguments: &Inspect, servers: &[BarmanServer]) -> Result<u8, RunError> {
    no_profiles(arguments)?;
    if arguments.wal.is_some() {
        let why =
            "Barman keeps the WAL beside its backups: leave --wal out, or name one of the backups (SERVER/base/ID)";
        return Err(RunError::Usage(why.to_owned()));
    }
    show(&BackupInspection::of_barman(servers, arguments.quick), arguments)
}

/// A profile says what a target has that a dump needs; a base backup brings its whole cluster with it.
fn no_profiles(arguments: &Inspect) -> Result<(), RunError> {
    match arguments.profiles.first() {
        None => Ok(()),
        Some(_) => Err(RunError::Usage("only a dump can be compared with a profile: leave -p out".to_owned())),
    }
}

/// Paths are shown as they were typed.
fn as_typed(inspection: &mut BackupInspection, arguments: &Inspect) {
    if let (Some(base), Some(path)) = (&mut inspection.base, &arguments.dump) {
        base.path = path.display().to_string();
    }
    if let (Some(archive), Some(path)) = (&mut inspection.archive, &arguments.wal) {
        archive.path = path.display().to_string();
    }
}

fn show(inspection: &BackupInspection, arguments: &Inspect) -> Result<u8, RunError> {
    let mut out = super::super::stdout();
    if arguments.json {
        inspection.write_json(&mut out)?;
    } else {
        terminal::write(inspection, &mut out, &terminal_options(arguments.all, PROSE_WIDTH))?;
    }
    out.flush()?;
    Ok(if inspection.fails() { exit::FAIL } else { exit::PASS })
}
