//! What the first bytes of a segment tell of the whole log.

use crate::archive::{Archive, FileKind, Found};
use crate::reach::question::Question;
use crate::wal::{LONG_HEADER, Major, MemberKind, PAGE_SIZE, PageHeader, SegmentName};
use crate::{Lsn, SegmentSize};

/// What the first page of a segment says of the cluster that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The major version.
    pub major: Major,
    /// The system identifier.
    pub system: u64,
    /// The size of its segments.
    pub segment_size: SegmentSize,
}

impl Identity {
    /// Reads the first bytes of a segment; `None` where they are not those of one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let header = PageHeader::read(bytes)?;
        let long = header.long?;
        Some(Self {
            major: Major::of_magic(header.magic)?,
            system: long.system,
            segment_size: SegmentSize::new(long.segment_size)?,
        })
    }
}

/// The first segment, by name, that is what its name says, and what it says of the cluster.
pub fn identify(archive: &dyn Archive) -> Option<Identity> {
    first_of(archive, |_| true)
}

/// The same for a recovery: the segment where it starts, or else any of its timeline, or else any.
pub(crate) fn for_start(question: &Question<'_>) -> Option<Identity> {
    let start = question.start;
    let archives = || [Some(question.archive), question.pg_wal].into_iter().flatten();
    let starts = |name: SegmentName| {
        // The size is not known yet, so any that puts the start into this segment will do.
        let sizes = (20..=30).filter_map(|log2| SegmentSize::new(1 << log2));
        name.timeline == start.timeline
            && sizes
                .into_iter()
                .any(|size| name.segment(size).is_some_and(|at| at.number == size.number_at(start.redo)))
    };
    archives()
        .find_map(|archive| first_of(archive, starts))
        .or_else(|| archives().find_map(|archive| first_of(archive, |name| name.timeline == start.timeline)))
        .or_else(|| archives().find_map(identify))
}

fn first_of(archive: &dyn Archive, wanted: impl Fn(SegmentName) -> bool) -> Option<Identity> {
    /// How many segments are looked into: an archive whose first thousand say nothing says nothing.
    const LOOKED_INTO: usize = 1000;
    let names = archive.members()?.iter().filter_map(|member| match member.kind {
        MemberKind::Segment(name) if matches!(member.file, FileKind::Regular | FileKind::LinkInside) => Some(name),
        _ => None,
    });
    names.filter(|name| wanted(*name)).take(LOOKED_INTO).find_map(|name| {
        let Found::File(mut file) = archive.open(&name.to_string(), PAGE_SIZE as u64) else { return None };
        let mut head = [0; LONG_HEADER];
        file.read(&mut head).ok()?;
        let identity = Identity::read(&head)?;
        let address = PageHeader::read(&head)?.address;
        let named = name.segment(identity.segment_size)?.first(identity.segment_size);
        (named == address && address != Lsn(u64::MAX)).then_some(identity)
    })
}
