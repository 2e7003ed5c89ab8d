//! What a base says of itself, what it holds, and what it needs.

use pgbackup_reader::archive::Archive;
use pgbackup_reader::base::{BackupInfo, Base, Form, Label, Manifest, Origin, Survey, TablespaceContent};
use pgbackup_reader::wal::{MemberKind, SegmentName};
use pgbackup_reader::{Lsn, Segment, SegmentSize};
use serde::Serialize;

use super::shape::lsn;

/// So many names are kept of what can be many.
const NAMED: usize = 1000;

/// A base backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaseSeen {
    pub path: String,
    /// `plain` or `tar`.
    pub form: &'static str,
    pub kept_by_barman: bool,
    /// Of its server; null where the base does not say it.
    pub postgres: Option<u32>,
    pub system_identifier: Option<String>,
    /// Bytes.
    pub segment_size: Option<u64>,
    /// Whether its pages have checksums.
    pub data_checksums: Option<bool>,
    pub label: Option<LabelSeen>,
    pub files: u64,
    pub bytes: u64,
    pub tablespaces: Vec<TablespaceSeen>,
    /// How many segments and histories it carries in its own `pg_wal`.
    pub own_wal: u64,
    /// The WAL without which it is nothing; null where neither it nor the WAL says how much that is.
    pub needs: Option<Needs>,
    pub manifest: ManifestSeen,
    /// Relations that come back empty, by the file of their initialisation fork; the first thousand.
    pub unlogged: Vec<String>,
    pub unlogged_count: u64,
    /// Whether it is recovered only together with the backups before it.
    pub incremental: bool,
}

/// What `backup_label` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelSeen {
    pub label: Option<String>,
    /// As the server wrote it, in its own time zone.
    pub begun: Option<String>,
    /// `primary` or `standby`.
    pub from: Option<&'static str>,
    pub timeline: u32,
    pub start_lsn: String,
    pub checkpoint_lsn: String,
    /// Of an incremental one: where the backup starts that it builds upon.
    pub builds_upon_lsn: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TablespaceSeen {
    pub oid: u32,
    /// Where it lay on the source.
    pub location: Option<String>,
    pub is_here: bool,
    pub files: u64,
}

/// The WAL that a base cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needs {
    pub start_lsn: String,
    pub end_lsn: String,
    /// What says so: `backup_manifest`, `backup history file`, `Barman`, `WAL`.
    pub known_by: &'static str,
    pub segments: u64,
    pub bytes: u64,
    pub first: String,
    pub last: String,
    /// How many are there, in the archive or in the base.
    pub present: u64,
    /// The first thousand of those that are not.
    pub missing: Vec<String>,
}

/// Whether the files are those of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestSeen {
    /// `good`, `differs`, `broken`, `absent`, or `not compared`.
    pub state: &'static str,
    /// How many files it lists.
    pub files: Option<u64>,
    /// How many bytes were compared.
    pub bytes_compared: Option<u64>,
    /// Why it is broken, or the base could not be read.
    pub because: Option<String>,
}

impl ManifestSeen {
    pub(super) const ABSENT: Self = Self { state: "absent", files: None, bytes_compared: None, because: None };
}

impl BaseSeen {
    pub(super) fn of(base: &Base, survey: &Survey, manifest: ManifestSeen) -> Self {
        let head = &survey.head;
        let control = head.control();
        Self {
            path: base.path().display().to_string(),
            form: match base.form() {
                Form::Plain => "plain",
                Form::Tar => "tar",
            },
            kept_by_barman: base.barman().is_some(),
            postgres: head.major(),
            system_identifier: control.map(|control| control.system_identifier.to_string()),
            segment_size: control.map(|control| u64::from(control.wal_segment_size)),
            data_checksums: control.map(|control| control.data_checksum_version != 0),
            label: head.label().map(LabelSeen::of),
            files: survey.files,
            bytes: survey.bytes,
            tablespaces: survey
                .tablespaces
                .iter()
                .map(|tablespace| {
                    let files = survey.tablespace_files.get(&tablespace.oid).copied().unwrap_or_default();
                    TablespaceSeen {
                        oid: tablespace.oid.0,
                        location: tablespace.location.as_ref().map(|path| path.display().to_string()),
                        is_here: tablespace.content != TablespaceContent::Missing && files > 0,
                        files,
                    }
                })
                .collect(),
            own_wal: survey.wal.len() as u64,
            needs: None,
            manifest,
            unlogged: survey.unlogged.first.clone(),
            unlogged_count: survey.unlogged.count,
            incremental: survey.is_incremental(),
        }
    }
}

impl LabelSeen {
    fn of(label: &Label) -> Self {
        Self {
            label: label.label.clone(),
            begun: label.start_time.clone(),
            from: label.from.map(|from| match from {
                Origin::Primary => "primary",
                Origin::Standby => "standby",
            }),
            timeline: label.timeline.0,
            start_lsn: lsn(label.start),
            checkpoint_lsn: lsn(label.checkpoint),
            builds_upon_lsn: label.incremental_from.map(|from| lsn(from.lsn)),
        }
    }
}

/// Where the WAL that a base needs ends, and who says so: its manifest, the archive's backup history file, or Barman.
pub(super) fn end_of(
    base: &Base,
    label: &Label,
    size: SegmentSize,
    manifest: Option<&Manifest>,
    archive: Option<&dyn Archive>,
) -> Option<(Lsn, &'static str)> {
    let by_manifest = manifest.and_then(|manifest| manifest.head().wal_ranges.iter().map(|range| range.end).max());
    if let Some(end) = by_manifest {
        return Some((end, "backup_manifest"));
    }
    if let Some(end) = archive.and_then(|archive| by_history(label, size, archive)) {
        return Some((end, "backup history file"));
    }
    let info = base.barman().and_then(|kept| BackupInfo::of(kept).ok())?;
    info.end_lsn.map(|end| (end, "Barman"))
}

/// `SEGMENT.OFFSET.backup`, which the server archives when a backup ends (src/backend/access/transam/xlog.c, `do_pg_backup_stop`).
fn by_history(label: &Label, size: SegmentSize, archive: &dyn Archive) -> Option<Lsn> {
    let segment = Segment::at(label.timeline, label.start, size).name(size);
    let offset = u32::try_from(size.offset_of(label.start)).ok()?;
    let kind = MemberKind::BackupHistory(segment, offset);
    archive.members()?.iter().find(|member| member.kind == kind)?;
    let most = 64 << 10;
    let pgbackup_reader::archive::Found::File(mut file) = archive.open(&format!("{segment}.{offset:08X}.backup"), most)
    else {
        return None;
    };
    let mut text = vec![0; most as usize];
    let length = file.read(&mut text).ok()?;
    text.truncate(length);
    let ended = Label::parse(&text).ok()?;
    ended.stop.filter(|_| ended.start == label.start).map(|stop| stop.lsn)
}

impl Needs {
    /// From a base's start to that end. An end on a segment's boundary belongs to the segment before it.
    pub(super) fn of(
        label: &Label,
        end: (Lsn, &'static str),
        size: SegmentSize,
        archive: Option<&dyn Archive>,
        own_wal: &[String],
    ) -> Self {
        let (end, known_by) = end;
        let first = size.number_at(label.start);
        let last = size.number_at(Lsn(end.0.saturating_sub(1))).max(first);
        let name = |number: u64| Segment { timeline: label.timeline, number }.name(size);
        let mut there: Vec<u64> = Vec::new();
        let mut note = |found: SegmentName| {
            // Of a timeline that follows, the same place is as good.
            let segment = found.segment(size).filter(|segment| segment.timeline >= label.timeline);
            there.extend(segment.map(|segment| segment.number).filter(|number| (first..=last).contains(number)));
        };
        for member in archive.and_then(|archive| archive.members()).unwrap_or(&[]) {
            if let MemberKind::Segment(found) = member.kind {
                note(found);
            }
        }
        own_wal.iter().filter_map(|name| SegmentName::parse(name)).for_each(&mut note);
        there.sort_unstable();
        there.dedup();
        let missing = (first..=last).filter(|number| there.binary_search(number).is_err()).take(NAMED);
        let segments = last - first + 1;
        Self {
            start_lsn: lsn(label.start),
            end_lsn: lsn(end),
            known_by,
            segments,
            bytes: segments.saturating_mul(size.bytes()),
            first: name(first).to_string(),
            last: name(last).to_string(),
            present: there.len() as u64,
            missing: missing.map(|number| name(number).to_string()).collect(),
        }
    }
}
