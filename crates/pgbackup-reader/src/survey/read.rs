//! Reads runs of segments.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::archive::{Archive, Trouble};
use crate::reach::{Ended, KEPT_RESTORE_POINTS, RestorePoint, RunEnd, RunPages};
use crate::survey::{Content, Damage, Damaged, PartialSegment, Range};
use crate::wal::{Expected, Kind, Record, SegmentName, Stop, Walker};
use crate::{Lsn, Segment};

/// An archive that is being read, and what was found on the way.
pub(super) struct Reading<'a> {
    pub(super) archive: &'a dyn Archive,
    pub(super) expected: Expected,
    pub(super) ambiguous: Vec<(SegmentName, PathBuf, Vec<PathBuf>)>,
    pub(super) troubles: Vec<Trouble>,
}

impl Reading<'_> {
    /// Reads all segments of a timeline.
    pub(super) fn timeline(&mut self, segments: &BTreeMap<u64, Segment>) -> (Vec<Range>, Vec<Damaged>) {
        let (mut ranges, mut damaged) = (Vec::new(), Vec::new());
        let mut next = segments.keys().next().copied();
        while let Some(number) = next {
            let behind = self.run(segments, number, &mut ranges, &mut damaged);
            next = segments.range(behind..).next().map(|(number, _)| *number);
        }
        (ranges, damaged)
    }

    /// Reads from a segment on as far as it goes; gives the number of the segment behind.
    fn run(
        &mut self,
        segments: &BTreeMap<u64, Segment>,
        number: u64,
        ranges: &mut Vec<Range>,
        damaged: &mut Vec<Damaged>,
    ) -> u64 {
        let size = self.expected.segment_size;
        let first = segments[&number];
        let pages = RunPages::new(self.archive, segments, size, "");
        let (walked, pages) = walk(Walker::new(pages, self.expected), first.first(size));
        self.note(pages);
        let stopped_in = match &walked.stop {
            Stop::Fault { at, .. } => size.number_at(*at).max(number),
            Stop::End((asked, _)) => (*asked).max(number),
        };
        let at_hand = segments.get(&stopped_in).copied();
        let mut last = Segment { number: stopped_in, ..first };
        let mut unfilled = false;
        let damage = match walked.stop {
            Stop::End((_, RunEnd::Absent)) => None,
            Stop::End((_, RunEnd::Broken(trouble))) => Some(Damage::Trouble(trouble)),
            Stop::End((_, RunEnd::WrongSize(length))) => Some(Damage::WrongSize(length)),
            // Zeros where nothing comes after them: it was archived before it was full.
            Stop::Fault { at, fault } if fault.is_empty() && walked.content.records > 0 && size.offset_of(at) != 0 => {
                unfilled = !segments.contains_key(&stopped_in.saturating_add(1));
                (!unfilled).then_some(Damage::Fault { at, fault })
            }
            Stop::Fault { at, fault } => Some(Damage::Fault { at, fault }),
        };
        // A segment that is not there, or of which nothing can be read, is none of the range.
        let within = walked.content.records > 0 && last.first(size) < walked.end;
        if !within {
            last.number = last.number.saturating_sub(1);
        }
        if walked.content.records > 0 || (damage.is_none() && number <= last.number) {
            let (end, content) = (walked.end, walked.content);
            ranges.push(Range { first, last, end, unfilled, content });
        }
        damaged.extend(damage.zip(at_hand).map(|(why, segment)| Damaged { segment, why }));
        stopped_in.saturating_add(1)
    }

    /// What a segment that is there as `.partial` holds.
    pub(super) fn partial(&mut self, segment: Segment) -> PartialSegment {
        let size = self.expected.segment_size;
        let one = BTreeMap::from([(segment.number, segment)]);
        let pages = RunPages::new(self.archive, &one, size, ".partial");
        let (walked, pages) = walk(Walker::new(pages, self.expected), segment.first(size));
        self.note(pages);
        PartialSegment { segment, content: walked.content }
    }

    fn note(&mut self, pages: RunPages<'_>) {
        for (name, read, others) in pages.ambiguous {
            if !self.ambiguous.iter().any(|(known, ..)| *known == name) {
                self.ambiguous.push((name, read, others));
            }
        }
        for trouble in pages.troubles {
            if !self.troubles.contains(&trouble) {
                self.troubles.push(trouble);
            }
        }
    }
}

struct Walked {
    content: Content,
    end: Lsn,
    stop: Stop<(u64, RunEnd)>,
}

fn walk<'a>(mut walker: Walker<RunPages<'a>>, first: Lsn) -> (Walked, RunPages<'a>) {
    let (mut content, mut end) = (Content::default(), first);
    let mut stop = walker.begin_behind(first).err();
    let stop = loop {
        if let Some(stop) = stop.take() {
            break stop;
        }
        match walker.next_record() {
            Ok(record) => {
                end = record.end;
                note(&mut content, &record);
            }
            Err(found) => stop = Some(found),
        }
    };
    (Walked { content, end, stop }, walker.into_pages())
}

fn note(content: &mut Content, record: &Record) {
    content.records += 1;
    if let Some(ended) = Ended::of(record).filter(|ended| ended.committed) {
        content.commits += 1;
        content.first_commit.get_or_insert(ended);
        content.last_commit = Some(ended);
    }
    if let Kind::RestorePoint { name, time } = &record.kind
        && content.restore_points.len() < KEPT_RESTORE_POINTS
    {
        content.restore_points.push(RestorePoint { end: record.end, name: name.clone(), time: *time });
    }
}
