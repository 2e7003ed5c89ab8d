//! What lies behind the end and cannot be reached.

use std::collections::BTreeMap;

use crate::archive::{Archive, Found, Trouble};
use crate::reach::end::{Beyond, Ended};
use crate::reach::segment::{OpenSegment, find};
use crate::reach::transaction_of;
use crate::wal::{Expected, MemberKind, Pages, Stop, Walker};
use crate::{History, Lsn, Segment, SegmentSize, Timeline};

/// Segments that follow each other, read without regard to timelines.
pub(crate) struct RunPages<'a> {
    archive: &'a dyn Archive,
    segments: &'a BTreeMap<u64, Segment>,
    size: SegmentSize,
    open: Option<OpenSegment>,
}

/// Why a run of segments ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunEnd {
    /// The segment of that number is not there.
    Absent,
    /// It is, and cannot be read.
    Broken(Trouble),
    /// It has another length, in bytes.
    WrongSize(u64),
}

impl<'a> RunPages<'a> {
    pub(crate) fn new(archive: &'a dyn Archive, segments: &'a BTreeMap<u64, Segment>, size: SegmentSize) -> Self {
        Self { archive, segments, size, open: None }
    }

    /// The segment that was read last.
    pub(crate) fn segment(&self) -> Option<Segment> {
        self.open.as_ref().map(|open| open.segment)
    }
}

impl Pages for RunPages<'_> {
    type End = RunEnd;

    fn read(&mut self, place: Lsn, _: bool, into: &mut [u8]) -> Result<usize, RunEnd> {
        let (number, offset) = (self.size.number_at(place), self.size.offset_of(place));
        let open = self.open.take().filter(|open| open.segment.number == number && open.is_before(offset));
        let mut open = match open {
            Some(open) => open,
            None => {
                let segment = *self.segments.get(&number).ok_or(RunEnd::Absent)?;
                match find(self.archive, segment, self.size) {
                    Found::Absent => return Err(RunEnd::Absent),
                    Found::Broken(trouble) => return Err(RunEnd::Broken(trouble)),
                    Found::File(file) if file.length() != self.size.bytes() => {
                        return Err(RunEnd::WrongSize(file.length()));
                    }
                    Found::File(file) => OpenSegment::new(segment, file),
                }
            }
        };
        let count = open.read_at(offset, self.size, into).map_err(RunEnd::Broken)?;
        self.open = Some(open);
        Ok(count)
    }
}

/// The segments of an archive with a number from `from` on that a path could read, of each number the newest timeline's.
pub(crate) fn on_path(
    archive: &dyn Archive,
    history: &History,
    oldest: Timeline,
    from: u64,
    size: SegmentSize,
) -> BTreeMap<u64, Segment> {
    let mut found: BTreeMap<u64, Segment> = BTreeMap::new();
    for member in archive.members().unwrap_or(&[]) {
        let MemberKind::Segment(name) = member.kind else { continue };
        let Some(segment) = name.segment(size).filter(|segment| segment.number >= from) else { continue };
        let owned = history.span_of(segment.timeline).is_some_and(|span| {
            segment.timeline >= oldest && (span.begin == Lsn(0) || segment.number >= size.number_at(span.begin))
        });
        let newer = found.get(&segment.number).is_none_or(|known| known.timeline < segment.timeline);
        if owned && newer {
            found.insert(segment.number, segment);
        }
    }
    found
}

/// What these segments hold.
pub(crate) fn beyond(archive: &dyn Archive, segments: &BTreeMap<u64, Segment>, expected: Expected) -> Option<Beyond> {
    let (first, last) = (*segments.first_key_value()?.1, *segments.last_key_value()?.1);
    let size = expected.segment_size;
    let mut last_commit: Option<Ended> = None;
    let mut next = Some(first.number);
    while let Some(number) = next {
        let mut walker = Walker::new(RunPages::new(archive, segments, size), expected);
        let mut stop = walker.begin_behind(Lsn(number.saturating_mul(size.bytes()))).err();
        while stop.is_none() {
            match walker.next_record() {
                Ok(record) => {
                    if let Some(ended) = transaction_of(&record).filter(|ended| ended.committed) {
                        last_commit = Some(ended);
                    }
                }
                Err(error) => stop = Some(error),
            }
        }
        // Reading goes on with the segment behind the one where it stopped.
        let stopped_in = match stop {
            Some(Stop::Fault { at, .. }) => size.number_at(at),
            _ => walker.pages().segment().map_or(number, |segment| segment.number),
        };
        let behind = number.max(stopped_in).saturating_add(1);
        next = segments.range(behind..).next().map(|(number, _)| *number);
    }
    Some(Beyond { first, last, segments: segments.len() as u64, last_commit })
}
