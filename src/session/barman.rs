//! What Barman keeps, as a source: one of its servers, whose targets may each begin with another of its backups.

use std::path::Path;
use std::sync::Arc;

use pgbackup_reader::archive::FolderArchive;
use pgbackup_reader::base::{BackupInfo, BackupStatus, BarmanBackup, BarmanServer, Base, Choice};

use super::error::RunError;
use super::sources::{Opening, source_of};
use crate::finding::{Finding, Name};
use crate::profile::BaseWish;
use crate::source::{BackupSource, WalSource};

/// A server of Barman's.
pub struct BarmanRepository {
    server: BarmanServer,
    /// What reports call it.
    name: String,
}

impl BarmanRepository {
    /// Opens a server: the one of that name in a home, or the only one there; the path may be the server's own.
    ///
    /// # Errors
    /// Where there is none such, or several and nobody has said which.
    pub fn open(path: &Path, wanted: Option<&str>, name: String) -> Result<Self, RunError> {
        let is_server = path.join("base").is_dir() && path.join("wals").is_dir();
        let mut servers = if is_server { vec![BarmanServer::open(path)?] } else { BarmanServer::all_in(path)? };
        let names: Vec<String> = servers.iter().map(|server| server.name().to_owned()).collect();
        if let Some(wanted) = wanted {
            servers.retain(|server| server.name() == wanted);
        }
        let home = path.display();
        match (servers.pop(), servers.is_empty()) {
            (Some(server), true) => Ok(Self { server, name }),
            (Some(_), false) => {
                let (list, first) = (names.join(", "), names.first().map_or("NAME", String::as_str));
                let why =
                    format!("{home} has several servers of Barman: {list}; name one: barman:{home}?server={first}");
                Err(RunError::Usage(why))
            }
            (None, _) => {
                let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                let wanted = wanted.map_or("no server".to_owned(), |wanted| format!("no server {wanted}"));
                Err(RunError::Usage(format!("{home} has {wanted} of Barman; the servers there: {has}")))
            }
        }
    }

    /// The backup that is meant, and its identifier. `today` counts days.
    ///
    /// # Errors
    /// Where there is none such, or it cannot be opened.
    pub fn source(&self, wish: &BaseWish, today: i64, opening: &Opening) -> Result<(String, BackupSource), RunError> {
        let backup = self.choose(wish, today)?;
        let base = self.server.open_base(backup).map_err(|error| match &backup.info {
            Ok(info) if !info.status.is_copied() => {
                let (id, status) = (&backup.id, info.status.label());
                RunError::Usage(format!(
                    "backup {id} of {} is {status}, and no base can be read there: {error}",
                    self.name
                ))
            }
            _ => error.into(),
        })?;
        let mut source = of_base(base, self.name.clone(), opening)?;
        source.notices.extend(self.newer_failures(backup));
        Ok((backup.id.clone(), source))
    }

    fn choose(&self, wish: &BaseWish, today: i64) -> Result<&BarmanBackup, RunError> {
        let choice = match wish {
            BaseWish::Newest => Choice::Newest,
            BaseWish::Oldest => Choice::Oldest,
            BaseWish::Id(id) => Choice::Id(id.clone()),
            BaseWish::Spread(among) => {
                let whole = |backup: &&BarmanBackup| backup.info.as_ref().is_ok_and(|info| info.status.is_copied());
                let ids: Vec<&str> =
                    self.server.backups().iter().filter(whole).map(|backup| backup.id.as_str()).collect();
                spread(&ids, *among, today).map_or(Choice::Newest, |id| Choice::Id(id.to_owned()))
            }
        };
        self.server.choose(&choice).map_err(|error| RunError::Usage(format!("{}: {error}", self.name)))
    }

    /// Later backups that are not there: whoever asks for the newest one has to know that it is not the last that was begun.
    fn newer_failures(&self, chosen: &BarmanBackup) -> Vec<String> {
        let later = self.server.backups().iter().filter(|backup| backup.id > chosen.id);
        let failed = later.filter_map(|backup| match &backup.info {
            Ok(info) if info.status.is_copied() => None,
            Ok(info) => Some(format!("backup {} began later and is {}", backup.id, info.status.label())),
            Err(error) => Some(format!("backup {} is later, and {error}", backup.id)),
        });
        failed.collect()
    }
}

/// Another of the newest so many in each run: by the day, so that runs of one day, and their repetition, take the same.
pub fn spread<'a>(ids: &[&'a str], among: u32, today: i64) -> Option<&'a str> {
    let among = ids.len().min(usize::try_from(among).unwrap_or(usize::MAX));
    let newest = ids.get(ids.len() - among..)?;
    let turn = usize::try_from(today.rem_euclid(i64::try_from(among.max(1)).unwrap_or(1))).unwrap_or_default();
    newest.get(turn).copied()
}

/// A base that Barman keeps, with its server's WAL where nobody has named another, and with what Barman says of it.
///
/// # Errors
/// Where the WAL cannot be listed.
pub fn of_base(base: Base, name: String, opening: &Opening) -> Result<BackupSource, RunError> {
    let kept = base.barman().map(Path::to_owned);
    let mut source = source_of(base, name, opening)?;
    let Some(kept) = kept else { return Ok(source) };
    // HOME/SERVER/base/ID, beside HOME/SERVER/wals.
    let wals = kept.parent().and_then(Path::parent).map(|server| server.join("wals")).filter(|wals| wals.is_dir());
    if let (WalSource::Base, Some(wals)) = (&source.wal, wals) {
        source.wal = WalSource::Folder(Arc::new(FolderArchive::open(&wals)?));
    }
    let id = kept.file_name().unwrap_or_default().to_string_lossy().into_owned();
    source.told.extend(unfinished(&id, BackupInfo::of(&kept).ok().as_ref()));
    source.id = Some(id);
    Ok(source)
}

/// A backup that Barman does not call done.
fn unfinished(id: &str, info: Option<&BackupInfo>) -> Option<Finding> {
    let info = info.filter(|info| info.status != BackupStatus::Done)?;
    let mut finding =
        Finding::new(Name::BackupIncomplete, format!("Barman says of backup {id} that it is {}", info.status.label()));
    finding.objects = vec![id.to_owned()];
    finding.evidence.extend(info.error.clone());
    if info.status == BackupStatus::WaitingForWals {
        let end = info.end_wal.as_deref().unwrap_or("its end");
        finding.evidence.push(format!("its files are there; WAL up to {end} has to be archived before it is done"));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_each_of_the_newest_in_turn_and_the_same_on_the_same_day() {
        let ids = ["a", "b", "c", "d"];
        let days: Vec<&str> = (0..4).filter_map(|day| spread(&ids, 3, day)).collect();
        assert_eq!(days, ["b", "c", "d", "b"]);
        assert_eq!(spread(&ids, 9, 5), Some("b"), "there are only four");
        assert_eq!(spread(&[], 3, 5), None);
    }
}
