//! What Barman keeps: its servers, their backups, and how far the WAL of each server brings each backup.

use jiff::Timestamp;
use pgbackup_reader::FolderArchive;
use pgbackup_reader::base::{BackupInfo, BarmanBackup, BarmanServer};
use serde::Serialize;

use super::based;
use super::reached::{Reached, Way};
use crate::finding::{Finding, Name};
use crate::recovery::{of_head, of_reach, unidentified};

/// A server of Barman.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerSeen {
    pub name: String,
    pub system_identifier: Option<String>,
    /// As Barman writes it.
    pub postgres: Option<String>,
    /// In the order in which they began.
    pub backups: Vec<KeptBackup>,
}

/// A backup that Barman keeps. What Barman does not say is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeptBackup {
    pub id: String,
    /// Barman's own word: `DONE`, `WAITING_FOR_WALS`, `FAILED`, …
    pub status: Option<String>,
    pub begun: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub begin_wal: Option<String>,
    pub end_wal: Option<String>,
    pub begin_lsn: Option<String>,
    pub end_lsn: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// Along the latest timeline; null where that is not known.
    pub reach: Option<Reached>,
    /// Why its reach is not known.
    pub unknown_because: Option<String>,
}

impl ServerSeen {
    /// Lists a server's backups, and unless `quick` follows the WAL from each.
    pub(super) fn of(server: &BarmanServer, quick: bool, findings: &mut Vec<Finding>) -> Self {
        let archive = FolderArchive::open(&server.wal_path()).map_err(|error| error.to_string());
        let backups = server.backups().iter().map(|backup| {
            let mut seen = KeptBackup::of(backup);
            if quick {
                return seen;
            }
            let followed = match &archive {
                Ok(archive) => follow(server, backup, archive),
                Err(why) => Err((why.clone(), Vec::new())),
            };
            match followed {
                Ok((reach, found)) => {
                    seen.reach = Some(reach);
                    findings.extend(found.into_iter().map(|finding| named(finding, &backup.id)));
                }
                Err((why, found)) => {
                    seen.unknown_because = Some(why);
                    findings.extend(found.into_iter().map(|finding| named(finding, &backup.id)));
                }
            }
            seen
        });
        let backups = backups.collect();
        let identity = server.identity();
        Self {
            name: server.name().to_owned(),
            system_identifier: identity.and_then(|found| found.system_identifier).map(|number| number.to_string()),
            postgres: identity.and_then(|found| found.version.clone()),
            backups,
        }
    }
}

/// Which of the backups a finding is about.
fn named(mut finding: Finding, id: &str) -> Finding {
    finding.title = format!("backup {id}: {}", finding.title);
    finding
}

impl KeptBackup {
    fn of(backup: &BarmanBackup) -> Self {
        let id = backup.id.clone();
        let info: &BackupInfo = match &backup.info {
            Ok(info) => info,
            Err(error) => return Self { id, unknown_because: Some(error.to_string()), ..Self::default() },
        };
        Self {
            id,
            status: Some(info.status.label().to_owned()),
            begun: info.begin_time,
            ended: info.end_time,
            begin_wal: info.begin_wal.clone(),
            end_wal: info.end_wal.clone(),
            begin_lsn: info.begin_lsn.map(|lsn| lsn.to_string()),
            end_lsn: info.end_lsn.map(|lsn| lsn.to_string()),
            size: info.size,
            reach: None,
            unknown_because: None,
        }
    }
}

type Followed = Result<(Reached, Vec<Finding>), (String, Vec<Finding>)>;

fn follow(server: &BarmanServer, backup: &BarmanBackup, archive: &FolderArchive) -> Followed {
    if let Ok(info) = &backup.info
        && !info.status.is_copied()
    {
        let title = format!("Barman has not finished it, its status is {}", info.status.label());
        return Err((title.clone(), vec![Finding::new(Name::BackupIncomplete, title)]));
    }
    let failed =
        |why: String| (why.clone(), vec![Finding::new(Name::BackupIncomplete, format!("it cannot be read: {why}"))]);
    let base = server.open_base(backup).map_err(|error| failed(error.to_string()))?;
    let head = match (base.head().label(), base.head().control()) {
        (Some(_), Some(_)) => base.head().clone(),
        // In a tar form it is the last of all.
        _ => base.survey().map_err(|error| failed(error.to_string()))?.head,
    };
    let (Some(control), Some(label)) = (head.control(), head.label()) else {
        let findings = of_head(&head);
        let why = findings.first().map(|finding| finding.title.clone()).unwrap_or_default();
        return Err((why, findings));
    };
    let manifest = base.manifest().and_then(Result::ok);
    let size = pgbackup_reader::SegmentSize::new(control.wal_segment_size);
    let end = size.and_then(|size| based::end_of(&base, label, size, manifest.as_ref(), Some(archive)));
    let way = Way { control, label, needs_until: end.map(|(end, _)| end), archive, pg_wal: None };
    match way.latest() {
        Some(reach) => {
            let reached = Reached::of(&reach, reach.history.timeline(), true, label.start);
            Ok((reached, of_reach(&reach, control)))
        }
        None => {
            let finding = unidentified();
            Err((finding.title.clone(), vec![finding]))
        }
    }
}
