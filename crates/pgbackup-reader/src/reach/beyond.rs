//! What lies behind the end and cannot be reached.

use std::collections::BTreeMap;

use crate::archive::Archive;
use crate::reach::end::{Beyond, Ended};
use crate::reach::run::RunPages;
use crate::wal::{Expected, MemberKind, Stop, Walker};
use crate::{History, Lsn, Segment, SegmentSize, Timeline};

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

/// What these segments hold. `suffix` stands behind each name.
pub(crate) fn beyond(
    archive: &dyn Archive,
    segments: &BTreeMap<u64, Segment>,
    suffix: &'static str,
    expected: Expected,
) -> Option<Beyond> {
    let (first, last) = (*segments.first_key_value()?.1, *segments.last_key_value()?.1);
    let size = expected.segment_size;
    let mut last_commit: Option<Ended> = None;
    let mut next = Some(first.number);
    while let Some(number) = next {
        let mut walker = Walker::new(RunPages::new(archive, segments, size, suffix), expected);
        let mut stop = walker.begin_behind(Lsn(number.saturating_mul(size.bytes()))).err();
        while stop.is_none() {
            match walker.next_record() {
                Ok(record) => {
                    if let Some(ended) = Ended::of(&record).filter(|ended| ended.committed) {
                        last_commit = Some(ended);
                    }
                }
                Err(error) => stop = Some(error),
            }
        }
        // Reading goes on with the segment behind the one where it stopped.
        let stopped_in = match stop {
            Some(Stop::Fault { at, .. }) => size.number_at(at),
            Some(Stop::End((asked, _))) => asked,
            None => number,
        };
        let behind = number.max(stopped_in).saturating_add(1);
        next = segments.range(behind..).next().map(|(number, _)| *number);
    }
    Some(Beyond { first, last, segments: segments.len() as u64, last_commit })
}
