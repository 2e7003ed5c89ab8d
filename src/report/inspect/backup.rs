//! What `pgrehearse inspect` says of a base backup and of WAL, as data; the terminal's page and the JSON are drawn from it.
//!
//! Nothing is started: the base, its manifest and every record of the WAL are read. Reading takes bounded memory, whatever the files say.

mod archived;
mod based;
mod kept;
mod reached;
mod shape;
pub mod terminal;
#[cfg(test)]
mod tests;

use std::io;

use pgbackup_reader::archive::Archive;
use pgbackup_reader::base::{BackupInfo, BackupStatus, BarmanServer, Base, BaseError, Manifest, Survey};
use pgbackup_reader::{FolderArchive, Lsn, SegmentSize, survey};
use serde::Serialize;

pub use archived::ArchiveSeen;
pub use based::{BaseSeen, ManifestSeen, Needs};
pub use kept::ServerSeen;
pub use reached::Reached;
use reached::Way;

use crate::finding::{Finding, Name};
use crate::recovery::{
    NoArchive, OwnWal, manifest_broken, of_base, of_configuration, of_head, of_polluted, of_reach, of_survey,
    of_verification, unidentified, unverifiable,
};

/// The format's name and version. The number grows when a reader could break.
pub const SCHEMA: &str = "pgrehearse.inspect-backup/1";

/// All that was found in a base, an archive, or what Barman keeps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackupInspection {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of pgrehearse that looked.
    pub pgrehearse: &'static str,
    pub base: Option<BaseSeen>,
    pub archive: Option<ArchiveSeen>,
    /// How far the WAL brings the base, along each timeline; the latest is the last.
    pub reach: Vec<Reached>,
    /// Where it was not looked how far the WAL brings the base: why.
    pub no_reach: Option<String>,
    /// What Barman keeps.
    pub servers: Vec<ServerSeen>,
    /// What is wrong, errors first.
    pub findings: Vec<Finding>,
    /// Whether only a part was looked at.
    pub quick: bool,
}

impl BackupInspection {
    fn new(quick: bool) -> Self {
        Self {
            schema: SCHEMA,
            pgrehearse: env!("CARGO_PKG_VERSION"),
            base: None,
            archive: None,
            reach: Vec::new(),
            no_reach: None,
            servers: Vec::new(),
            findings: Vec::new(),
            quick,
        }
    }

    /// Looks at an archive alone. With `quick` its files are only listed.
    pub fn of_archive(archive: &FolderArchive, quick: bool) -> Self {
        let mut inspection = Self::new(quick);
        let mut seen = ArchiveSeen::listed(archive);
        if !quick {
            let surveyed = survey::survey(archive);
            seen.take(surveyed.as_ref());
            match &surveyed {
                Some(surveyed) => inspection.findings = of_survey(surveyed),
                None => inspection.findings.push(nothing_in(archive)),
            }
        }
        inspection.archive = Some(seen);
        inspection.finished()
    }

    /// Looks at a base, and at what its WAL brings it to. With `quick` files are not compared with the manifest, only the latest
    /// timeline is followed, and the archive is not read beside it.
    ///
    /// # Errors
    /// Where the base cannot be read, which a damaged one can: that is a finding.
    pub fn of_base(base: &Base, archive: Option<&FolderArchive>, quick: bool) -> Result<Self, BaseError> {
        let mut inspection = Self::new(quick);
        let survey = match base.survey() {
            Ok(survey) => survey,
            Err(error @ BaseError::Io { .. }) => return Err(error),
            Err(error) => {
                let mut finding = Finding::new(Name::BackupIncomplete, format!("the base cannot be read: {error}"));
                finding.objects = vec![base.path().display().to_string()];
                inspection.findings.push(finding);
                let manifest = ManifestSeen { state: "not compared", ..ManifestSeen::ABSENT };
                let head = Survey { head: base.head().clone(), ..Survey::default() };
                inspection.base = Some(BaseSeen::of(base, &head, manifest));
                return Ok(inspection);
            }
        };
        inspection.findings.extend(of_head(&survey.head));
        inspection.findings.extend(of_status(base));
        let (manifest, compared) = inspection.manifest(base)?;
        inspection.findings.extend(of_base(&survey));
        inspection.findings.extend(of_configuration(&survey));
        let mut seen = BaseSeen::of(base, &survey, compared);
        seen.needs = inspection.way(base, &survey, manifest.as_ref(), archive);
        inspection.base = Some(seen);
        if let Some(archive) = archive {
            inspection.beside(archive);
        }
        Ok(inspection.finished())
    }

    /// Looks at servers of Barman: their backups, and how far the WAL brings each. With `quick` they are only listed.
    pub fn of_barman(servers: &[BarmanServer], quick: bool) -> Self {
        let mut inspection = Self::new(quick);
        let Self { servers: seen, findings, .. } = &mut inspection;
        seen.extend(servers.iter().map(|server| ServerSeen::of(server, quick, findings)));
        inspection.finished()
    }

    /// Compares the base with its manifest.
    fn manifest(&mut self, base: &Base) -> Result<(Option<Manifest>, ManifestSeen), BaseError> {
        let (manifest, mut seen) = match base.manifest() {
            None => {
                self.findings.push(unverifiable());
                (None, ManifestSeen::ABSENT)
            }
            Some(Err(error)) => {
                self.findings.push(manifest_broken(&error.to_string()));
                let because = Some(error.to_string());
                (None, ManifestSeen { state: "broken", because, ..ManifestSeen::ABSENT })
            }
            Some(Ok(manifest)) => {
                let files = Some(manifest.len() as u64);
                (Some(manifest), ManifestSeen { state: "not compared", files, ..ManifestSeen::ABSENT })
            }
        };
        if let Some(manifest) = manifest.as_ref().filter(|_| !self.quick) {
            let verification = base.verify(manifest)?;
            seen.state = if verification.is_good() { "good" } else { "differs" };
            seen.bytes_compared = Some(verification.bytes);
            self.findings.extend(of_verification(&verification));
        }
        Ok((manifest, seen))
    }

    /// Follows the WAL from the base; gives what WAL the base cannot do without, where that is known.
    fn way(
        &mut self,
        base: &Base,
        survey: &Survey,
        manifest: Option<&Manifest>,
        archive: Option<&FolderArchive>,
    ) -> Option<Needs> {
        let (control, label) = match (survey.head.control(), survey.head.label()) {
            (Some(control), Some(label)) => (control, label),
            _ => {
                self.no_reach = Some("the base does not say where it begins".to_owned());
                return None;
            }
        };
        // What pg_control says was proven when it was read.
        let size = SegmentSize::new(control.wal_segment_size)?;
        let own = OwnWal::of(base, survey);
        let listed = archive.map(|archive| archive as &dyn Archive);
        let end = based::end_of(base, label, size, manifest, listed);
        let mut consistent = None;
        match &own {
            _ if survey.is_incremental() => {
                let why = "it is incremental: inspect what pg_combinebackup makes of it and the backups before it";
                self.no_reach = Some(why.to_owned());
            }
            Err(why) => self.no_reach = Some(format!("the base's own WAL cannot be read: {why}")),
            Ok(None) if archive.is_none() => {
                self.no_reach = Some("it carries no WAL, and no archive was given (--wal)".to_owned());
            }
            Ok(own) => {
                let (archive, pg_wal) = (listed.unwrap_or(&NoArchive), own.as_ref().map(OwnWal::archive));
                let way = Way { control, label, needs_until: end.map(|(end, _)| end), archive, pg_wal };
                consistent = self.follow(&way, label.start);
            }
        }
        let end = end.or(consistent.map(|end| (end, "WAL")));
        end.map(|end| Needs::of(label, end, size, listed, &survey.wal))
    }

    /// Along every timeline; gives where the base is consistent.
    fn follow(&mut self, way: &Way<'_>, start: Lsn) -> Option<Lsn> {
        let Some(latest) = way.latest() else {
            self.findings.push(unidentified());
            return None;
        };
        let timeline = latest.history.timeline();
        self.findings.extend(of_reach(&latest, way.control));
        if !self.quick {
            let others = way.others(timeline);
            self.reach.extend(others.iter().map(|(timeline, reach)| Reached::of(reach, *timeline, false, start)));
        }
        self.reach.push(Reached::of(&latest, timeline, true, start));
        latest.consistent
    }

    /// What lies in the archive beside what is on the way. What does not lie there keeps no recovery of this base from anything, so of
    /// it only what misleads one is a finding.
    fn beside(&mut self, archive: &FolderArchive) {
        let mut seen = ArchiveSeen::listed(archive);
        if !self.quick {
            let surveyed = survey::survey(archive);
            seen.take(surveyed.as_ref());
            let latest = self.reach.last().map(|reach| reach.timeline);
            let all = surveyed.iter().flat_map(|surveyed| &surveyed.timelines);
            let polluted = all.filter(|timeline| Some(timeline.timeline.0) == latest);
            let polluted =
                polluted.filter_map(|timeline| Some(of_polluted(timeline.timeline, timeline.polluted.as_ref()?)));
            self.findings.extend(polluted);
        }
        self.archive = Some(seen);
    }

    fn finished(mut self) -> Self {
        // A stable sort: within a severity they stay as they were found.
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self
    }

    /// Whether something is wrong that keeps a recovery from what it should bring back.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(Finding::fails)
    }

    /// Writes it as indented JSON with a line break at the end.
    ///
    /// # Errors
    /// Those of `out`, with their kind kept.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// What Barman says of a backup that it has not finished.
fn of_status(base: &Base) -> Option<Finding> {
    let info = BackupInfo::of(base.barman()?).ok()?;
    let title = match &info.status {
        // Whether its WAL is there is seen.
        BackupStatus::Done | BackupStatus::WaitingForWals => return None,
        status => format!("Barman has not finished it, its status is {}", status.label()),
    };
    Some(Finding::new(Name::BackupIncomplete, title))
}

/// An archive without anything in it.
fn nothing_in(archive: &FolderArchive) -> Finding {
    let mut finding = Finding::new(Name::WalMissing, "there is no segment in the archive that says what it is");
    finding.objects = vec![archive.root().display().to_string()];
    finding
}
