//! What a reader's stop means.

use crate::reach::end::End;
use crate::reach::path::PathEnd;
use crate::wal::{Fault, Major, Stop};
use crate::{Segment, SegmentSize, Timeline};

/// What a reader's stop means for the log's end.
pub(crate) fn end_of(stop: Stop<PathEnd>, segment: Option<Segment>, size: SegmentSize) -> End {
    let (at, fault) = match stop {
        Stop::End(PathEnd::Missing { segment, .. }) => return End::Missing { segment },
        Stop::End(PathEnd::Unreadable { segment, trouble, .. }) => return End::Unreadable { segment, trouble },
        Stop::End(PathEnd::WrongSize { segment, length }) => {
            return End::WrongSize { segment, length, expected: size.bytes() };
        }
        Stop::Fault { at, fault } => (at, fault),
    };
    let timeline = segment.map_or(Timeline(0), |segment| segment.timeline);
    let segment = Segment::at(timeline, at, size);
    match fault {
        fault if fault.is_empty() => End::Zeroed { at, segment },
        Fault::Checksum => End::BadChecksum { at, segment },
        Fault::PageAddress { found } => End::PageOfAnotherSegment { at, segment, found },
        Fault::OtherSystem { found, .. } => End::OtherSystem { segment, found },
        Fault::Magic { found } if Major::of_magic(found).is_some() => {
            End::OtherMajor { segment, found: Major::of_magic(found).unwrap_or(Major::V18) }
        }
        fault => End::Damaged { at, segment, fault },
    }
}
