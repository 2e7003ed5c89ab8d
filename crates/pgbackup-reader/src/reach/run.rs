//! Segments that follow each other, read without regard to timelines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::archive::{Archive, Found, Trouble};
use crate::reach::segment::OpenSegment;
use crate::wal::{Pages, SegmentName};
use crate::{Lsn, Segment, SegmentSize};

/// A run of segments, by their numbers.
pub(crate) struct RunPages<'a> {
    archive: &'a dyn Archive,
    segments: &'a BTreeMap<u64, Segment>,
    size: SegmentSize,
    /// What stands behind each name.
    suffix: &'static str,
    open: Option<OpenSegment>,
    /// Names under which files with different contents lie.
    pub(crate) ambiguous: Vec<(SegmentName, PathBuf, Vec<PathBuf>)>,
    /// Copies that cannot be read, of segments that can.
    pub(crate) troubles: Vec<Trouble>,
}

/// Why a run of segments ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunEnd {
    /// The segment is not there.
    Absent,
    /// It is, and cannot be read.
    Broken(Trouble),
    /// It has another length, in bytes.
    WrongSize(u64),
}

impl<'a> RunPages<'a> {
    pub(crate) fn new(
        archive: &'a dyn Archive,
        segments: &'a BTreeMap<u64, Segment>,
        size: SegmentSize,
        suffix: &'static str,
    ) -> Self {
        Self { archive, segments, size, suffix, open: None, ambiguous: Vec::new(), troubles: Vec::new() }
    }

    fn open(&mut self, number: u64) -> Result<OpenSegment, RunEnd> {
        let segment = *self.segments.get(&number).ok_or(RunEnd::Absent)?;
        let name = segment.name(self.size);
        match self.archive.open(&format!("{name}{}", self.suffix), self.size.bytes()) {
            Found::Absent => Err(RunEnd::Absent),
            Found::Broken(trouble) => Err(RunEnd::Broken(trouble)),
            Found::File(file) if file.length() != self.size.bytes() => Err(RunEnd::WrongSize(file.length())),
            Found::File(file) => {
                if !file.differing().is_empty() && !self.ambiguous.iter().any(|(known, ..)| *known == name) {
                    self.ambiguous.push((name, file.path().to_owned(), file.differing().to_vec()));
                }
                self.troubles.extend(file.broken_copies().iter().cloned());
                Ok(OpenSegment::new(segment, file))
            }
        }
    }
}

impl Pages for RunPages<'_> {
    /// With the number of the segment that was asked for.
    type End = (u64, RunEnd);

    fn read(&mut self, place: Lsn, _: bool, into: &mut [u8]) -> Result<usize, Self::End> {
        let (number, offset) = (self.size.number_at(place), self.size.offset_of(place));
        let open = self.open.take().filter(|open| open.segment.number == number && open.is_before(offset));
        let mut open = match open {
            Some(open) => open,
            None => self.open(number).map_err(|end| (number, end))?,
        };
        let count = open.read_at(offset, self.size, into).map_err(|trouble| (number, RunEnd::Broken(trouble)))?;
        self.open = Some(open);
        Ok(count)
    }
}
