//! Which segments a recovery reads: `XLogFileReadAnyTLI` of src/backend/access/transam/xlogrecovery.c (PostgreSQL 15 and 18; xlog.c
//! in 13).

use std::path::PathBuf;

use compressed::Compression;

use crate::archive::{Archive, Found, Trouble};
use crate::history::Span;
use crate::reach::end::FellOff;
use crate::reach::segment::{OpenSegment, find};
use crate::wal::{Pages, SegmentName};
use crate::{History, Lsn, Segment, SegmentSize, Timeline};

/// A segment that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRead {
    /// Which, by its file's name.
    pub segment: Segment,
    /// Where it came from.
    pub from: ReadFrom,
    /// Where it lies, relative to that.
    pub path: PathBuf,
    /// How it is compressed.
    pub compression: Option<Compression>,
}

/// Where a segment came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFrom {
    /// The archive.
    Archive,
    /// The base backup's own pg_wal.
    PgWal,
}

/// Files of one name with different contents: which of them a recovery gets depends on its restore_command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// The name that is asked for.
    pub segment: SegmentName,
    /// The file that was read here.
    pub read: PathBuf,
    /// The others.
    pub others: Vec<PathBuf>,
}

/// Why no page comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathEnd {
    /// No timeline of the path has the segment.
    Missing { segment: SegmentName, number: u64 },
    /// The file in the archive is not as long as segments are, which ends the recovery.
    WrongSize { segment: Segment, length: u64 },
    /// It is there, and cannot be read.
    Unreadable { segment: SegmentName, number: u64, trouble: Trouble },
}

impl PathEnd {
    /// The number of the segment that did not come.
    pub(crate) fn number(&self) -> u64 {
        match self {
            PathEnd::Missing { number, .. } | PathEnd::Unreadable { number, .. } => *number,
            PathEnd::WrongSize { segment, .. } => segment.number,
        }
    }
}

/// The segments along the path of a history.
pub(crate) struct PathPages<'a> {
    pub(crate) archive: &'a dyn Archive,
    pub(crate) pg_wal: Option<&'a dyn Archive>,
    pub(crate) history: &'a History,
    pub(crate) size: SegmentSize,
    open: Option<OpenSegment>,
    /// The timeline of the segment that was read last (`curFileTLI`): older ones are not looked for.
    pub(crate) timeline: Timeline,
    pub(crate) read: Vec<SegmentRead>,
    pub(crate) fell_off: Option<FellOff>,
    pub(crate) ambiguous: Vec<Ambiguous>,
    pub(crate) troubles: Vec<Trouble>,
}

impl<'a> PathPages<'a> {
    pub(crate) fn new(
        archive: &'a dyn Archive,
        pg_wal: Option<&'a dyn Archive>,
        history: &'a History,
        size: SegmentSize,
    ) -> Self {
        Self {
            archive,
            pg_wal,
            history,
            size,
            open: None,
            timeline: Timeline(0),
            read: Vec::new(),
            fell_off: None,
            ambiguous: Vec::new(),
            troubles: Vec::new(),
        }
    }

    /// The segment that is being read, or was read last.
    pub(crate) fn segment(&self) -> Option<Segment> {
        self.open.as_ref().map(|open| open.segment).or_else(|| self.read.last().map(|read| read.segment))
    }

    /// The timelines in whose name a segment of that number can lie, the newest first.
    fn candidates(&self, number: u64) -> impl Iterator<Item = Span> + use<'a> {
        let (history, size, oldest) = (self.history, self.size, self.timeline);
        let begins_later = move |span: &Span| span.begin != Lsn(0) && number < size.number_at(span.begin);
        history
            .spans()
            .iter()
            .copied()
            .take_while(move |span| span.timeline >= oldest)
            .filter(move |span| !begins_later(span))
    }

    /// The name of a segment on the newest timeline that can have it.
    fn owned_name(&self, number: u64) -> SegmentName {
        let timeline = self.candidates(number).next().map_or(self.timeline, |span| span.timeline);
        Segment { timeline, number }.name(self.size)
    }

    fn choose(&mut self, number: u64) -> Result<OpenSegment, PathEnd> {
        let mut first: Option<Span> = None;
        let mut trouble = None;
        let sources = [(Some(self.archive), ReadFrom::Archive), (self.pg_wal, ReadFrom::PgWal)];
        for span in self.candidates(number) {
            let newest = *first.get_or_insert(span);
            let segment = Segment { timeline: span.timeline, number };
            for (source, from) in sources {
                match source.map_or(Found::Absent, |source| find(source, segment, self.size)) {
                    Found::Absent => {}
                    Found::Broken(found) => {
                        self.note_trouble(found.clone());
                        trouble.get_or_insert(found);
                    }
                    // Only what comes out of the archive has its length tested; a short file in pg_wal lacks pages.
                    Found::File(file) if from == ReadFrom::Archive && file.length() != self.size.bytes() => {
                        return Err(PathEnd::WrongSize { segment, length: file.length() });
                    }
                    Found::File(file) => {
                        let open = OpenSegment::new(segment, file);
                        self.note_read(&open, from, newest);
                        return Ok(open);
                    }
                }
            }
        }
        let segment = self.owned_name(number);
        Err(match trouble {
            Some(trouble) => PathEnd::Unreadable { segment, number, trouble },
            None => PathEnd::Missing { segment, number },
        })
    }

    fn note_read(&mut self, open: &OpenSegment, from: ReadFrom, newest: Span) {
        let segment = open.segment;
        let name = segment.name(self.size);
        self.timeline = segment.timeline;
        for trouble in open.file.broken_copies() {
            self.note_trouble(trouble.clone());
        }
        if !open.file.differing().is_empty() && !self.ambiguous.iter().any(|known| known.segment == name) {
            let (read, others) = (open.file.path().to_owned(), open.file.differing().to_vec());
            self.ambiguous.push(Ambiguous { segment: name, read, others });
        }
        if newest.timeline != segment.timeline && self.fell_off.is_none() {
            let wanted = Segment { timeline: newest.timeline, ..segment }.name(self.size);
            self.fell_off = Some(FellOff { wanted, read: name, fork: newest.begin, came_back: false });
        }
        if !self.read.iter().rev().any(|read| read.segment == segment) {
            let (path, compression) = (open.file.path().to_owned(), open.file.compression());
            self.read.push(SegmentRead { segment, from, path, compression });
        }
    }

    fn note_trouble(&mut self, trouble: Trouble) {
        if !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }

    fn again(&mut self, open: &OpenSegment) -> Result<OpenSegment, PathEnd> {
        let number = open.segment.number;
        let from = self.read.iter().rev().find(|read| read.segment == open.segment).map(|read| read.from);
        let source = if from == Some(ReadFrom::PgWal) { self.pg_wal } else { Some(self.archive) };
        let segment = open.segment.name(self.size);
        match source.map_or(Found::Absent, |source| find(source, open.segment, self.size)) {
            Found::File(file) => Ok(OpenSegment::new(open.segment, file)),
            Found::Broken(trouble) => Err(PathEnd::Unreadable { segment, number, trouble }),
            Found::Absent => Err(PathEnd::Missing { segment, number }),
        }
    }
}

impl Pages for PathPages<'_> {
    type End = PathEnd;

    fn read(&mut self, place: Lsn, anew: bool, into: &mut [u8]) -> Result<usize, PathEnd> {
        let (number, offset) = (self.size.number_at(place), self.size.offset_of(place));
        let mut open = match self.open.take().filter(|open| open.segment.number == number) {
            Some(open) if open.is_before(offset) => open,
            Some(open) => self.again(&open)?,
            None => {
                if anew {
                    self.timeline = Timeline(0);
                }
                self.choose(number)?
            }
        };
        let count = open.read_at(offset, self.size, into).map_err(|trouble| {
            self.note_trouble(trouble.clone());
            PathEnd::Unreadable { segment: open.segment.name(self.size), number, trouble }
        })?;
        self.open = Some(open);
        Ok(count)
    }
}
