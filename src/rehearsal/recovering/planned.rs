//! What is known of a backup in one target before anything starts.

use std::collections::HashSet;
use std::sync::Arc;

use pgbackup_reader::archive::Archive;
use pgbackup_reader::reach::End;

use crate::finding::{Finding, Name};
use crate::postgres::Major;
use crate::profile::{Point, Target};
use crate::recovery::{Fetch, FromCommand, FromFolder, Material, NoArchive, OwnWal, Plan};
use crate::source::{BackupScan, BackupSource, WalSource};

/// The size of a segment where nothing says it, in bytes: the greatest that there is.
const GREATEST: u64 = 1 << 30;

/// What is known of a backup in one target, and what hands it its WAL.
pub struct Planned {
    pub plan: Plan,
    pub scan: Arc<BackupScan>,
    pub point: Point,
    /// The base's manifest is there and can be read.
    pub has_manifest: bool,
    /// How many files it lists.
    pub manifest_files: u64,
}

/// Why nothing is known.
pub enum NotPlanned {
    /// The target cannot take it, or it could not be looked at.
    Untested(String),
    /// The base is damaged.
    Damaged(Box<Finding>),
}

/// Reads the base and the archive as far as the point.
///
/// # Errors
/// When that cannot be done, or the base cannot be read.
pub async fn plan(source: &BackupSource, target: &Target) -> Result<Planned, NotPlanned> {
    let scan = source.scan.clone().await.map_err(|unread| match unread.damaged {
        true => {
            let mut finding =
                Finding::new(Name::BackupIncomplete, format!("the base cannot be read: {}", unread.reason));
            finding.objects = vec![source.base.path().display().to_string()];
            NotPlanned::Damaged(Box::new(finding))
        }
        false => NotPlanned::Untested(format!("the base cannot be read: {}", unread.reason)),
    })?;
    fits(source, target)?;
    if let Err(broken) = &source.earlier {
        return Err(NotPlanned::Damaged(broken.clone()));
    }
    let (source, recovery, scanned) = (source.clone(), target.recovery.clone(), Arc::clone(&scan));
    let point = recovery.to.first().cloned().unwrap_or(Point::Latest);
    let wanted = point.clone();
    let planning = tokio::task::spawn_blocking(move || {
        let own = OwnWal::of(&source.base, &scanned.survey);
        let own = own.map_err(|error| format!("the base's own WAL cannot be read: {error}"))?;
        let manifest = source.base.manifest();
        let ranges = manifest.as_ref().and_then(|manifest| manifest.as_ref().ok());
        let needs_until = ranges.and_then(|manifest| manifest.head().wal_ranges.last().map(|range| range.end));
        let archive: Option<&dyn Archive> = match &source.wal {
            WalSource::Base => Some(&NoArchive),
            WalSource::Folder(folder) => Some(&**folder),
            WalSource::Command(_) => None,
        };
        let pg_wal = own.as_ref().map(OwnWal::archive);
        let material = Material { survey: &scanned.survey, needs_until, archive, pg_wal };
        let plan = Plan::make(&material, &recovery, &wanted);
        let files = ranges.map(|manifest| manifest.len() as u64);
        Ok::<_, String>((plan, files))
    });
    match planning.await {
        Ok(Ok((plan, files))) => {
            Ok(Planned { plan, scan, point, has_manifest: files.is_some(), manifest_files: files.unwrap_or_default() })
        }
        Ok(Err(reason)) => Err(NotPlanned::Untested(reason)),
        Err(error) => {
            Err(NotPlanned::Untested(format!("reading the backup failed, which is a bug of pgrehearse ({error})")))
        }
    }
}

/// Whether the target's server can take the data directory at all.
fn fits(source: &BackupSource, target: &Target) -> Result<(), NotPlanned> {
    match (source.major(), target.postgres) {
        (Some(Major(major)), _) if !(Major::OLDEST..=Major::NEWEST).contains(&Major(major)) => {
            Err(NotPlanned::Untested(format!("the base is of PostgreSQL {major}, which pgrehearse does not know")))
        }
        (Some(major), Some(wanted)) if major != wanted => Err(NotPlanned::Untested(format!(
            "the base is of PostgreSQL {major}, and only that version takes it; this target has {wanted}: a dump, or pg_upgrade, \
             brings data into another version"
        ))),
        _ => Ok(()),
    }
}

impl Planned {
    /// What hands the server its WAL.
    pub fn fetch(&self, source: &BackupSource) -> Arc<dyn Fetch> {
        match &source.wal {
            WalSource::Base => Arc::new(NoArchive),
            WalSource::Command(command) => Arc::new(FromCommand::new(command.clone())),
            WalSource::Folder(folder) => {
                let reach = self.plan.reach.as_ref();
                let longest = reach.map_or(GREATEST, |reach| reach.expected.segment_size.bytes());
                let broken: HashSet<String> = match reach.map(|reach| &reach.why) {
                    Some(End::Unreadable { segment, .. }) => HashSet::from([segment.to_string()]),
                    _ => HashSet::new(),
                };
                Arc::new(FromFolder::new(Arc::clone(folder), longest, broken))
            }
        }
    }
}
