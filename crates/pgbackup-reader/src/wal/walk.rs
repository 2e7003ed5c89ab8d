//! Reads record after record, as a server in recovery does.
//!
//! What a server takes for a record decides where its recovery ends, so this follows `XLogDecodeNextRecord` and `ReadPageInternal` of
//! src/backend/access/transam/xlogreader.c (PostgreSQL 13, 15 and 18, which differ in nothing that can be seen here) test by test.
//! Two things are other: pages come in large reads, and of a record that crosses pages only the beginning is kept, for it can claim
//! to have a gibibyte.

use crate::wal::fault::Fault;
use crate::wal::kind;
use crate::wal::page::{Expected, PAGE_SIZE, PageHeader, SHORT_HEADER};
use crate::wal::record::{CHECKSUM_AT, HEADER, Header, KEPT, KEPT_OF_TRANSACTION, LONGEST, Record, main_data};
use crate::{Kind, Lsn, Timeline};

/// Where pages come from.
pub trait Pages {
    /// Why a page does not come.
    type End;

    /// Reads pages from `place` on, which is the beginning of one: at least one page, at most as many as fit in `into` and lie in
    /// the same segment. Gives the number of bytes; less than a page where the segment stops amid it. `anew` says that reading
    /// begins here, and not behind a record that was read.
    ///
    /// # Errors
    /// Where there is no such page.
    fn read(&mut self, place: Lsn, anew: bool, into: &mut [u8]) -> Result<usize, Self::End>;
}

/// Why there is no further record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<E> {
    /// No page came.
    End(E),
    /// What came is none.
    Fault {
        /// Where: the beginning of a page or of a record.
        at: Lsn,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// How much is asked for at once. It has to be small enough to stay in the processor's cache from reading to the checksum.
const READ: usize = 256 * 1024;

/// The page that is being read.
#[derive(Debug, Clone, Copy)]
struct Page {
    at: Lsn,
    /// Where it lies in the buffer.
    offset: usize,
    header: PageHeader,
}

/// Reads records from pages. Its memory is bounded: 256 KiB of pages, and 4 MiB of a transaction's end.
#[derive(Debug)]
pub struct Walker<P> {
    pages: P,
    expected: Expected,
    buffer: Vec<u8>,
    /// Where the buffer's first byte lies in the log.
    buffer_at: Lsn,
    filled: usize,
    page: Option<Page>,
    segment: Option<u64>,
    latest_page: Lsn,
    latest_timeline: Timeline,
    next: Lsn,
    before: Option<Lsn>,
    /// A record that was lost in a crash and is yet to be accounted for.
    overwritten: Option<Lsn>,
    kept: Vec<u8>,
}

impl<P: Pages> Walker<P> {
    /// Reads the log that the pages are of.
    pub fn new(pages: P, expected: Expected) -> Self {
        Self {
            pages,
            expected,
            buffer: vec![0; READ],
            buffer_at: Lsn(0),
            filled: 0,
            page: None,
            segment: None,
            latest_page: Lsn(0),
            latest_timeline: Timeline(0),
            next: Lsn(0),
            before: None,
            overwritten: None,
            kept: Vec::new(),
        }
    }

    /// Where the pages come from.
    pub fn pages(&self) -> &P {
        &self.pages
    }

    /// Where the pages come from, to be changed.
    pub fn pages_mut(&mut self) -> &mut P {
        &mut self.pages
    }

    /// Gives back where the pages came from.
    pub fn into_pages(self) -> P {
        self.pages
    }

    /// How many bytes are held of records that cross pages.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.kept.capacity()
    }

    /// The timeline of the page that was read last.
    pub fn timeline(&self) -> Timeline {
        self.latest_timeline
    }

    /// Where the page that was read last begins.
    pub fn latest_page(&self) -> Lsn {
        self.latest_page
    }

    /// A record that was lost in a crash and whose replacement was read over, once: the record that says so follows it.
    pub fn take_overwritten(&mut self) -> Option<Lsn> {
        self.overwritten.take()
    }

    /// Goes on reading at a place where a record or a page begins.
    pub fn begin(&mut self, at: Lsn) {
        self.next = at;
        self.before = None;
    }

    /// Goes on reading with the first record that begins at a place or behind it: `XLogFindNextRecord`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn begin_behind(&mut self, place: Lsn) -> Result<(), Stop<P::End>> {
        let mut page_at = page_of(place);
        loop {
            let page = self.page(page_at, true)?;
            let (length, rest) = (page.header.length(), aligned(page.header.remaining));
            if !page.header.begins_amid_record() {
                self.begin(page_at.plus(length as u64));
                break;
            }
            if rest < (PAGE_SIZE - length) as u64 {
                self.begin(page_at.plus(length as u64 + rest));
                break;
            }
            page_at = page_at.plus(PAGE_SIZE as u64);
        }
        while self.next < place {
            let record = self.next_record()?;
            if record.at >= place {
                self.begin(record.at);
                break;
            }
        }
        Ok(())
    }

    /// The next record.
    ///
    /// # Errors
    /// Where there is none, which is the end of the log as a server sees it.
    pub fn next_record(&mut self) -> Result<Record, Stop<P::End>> {
        let record = self.decode();
        if record.is_err() {
            // What is there may be another thing when it is asked for again.
            (self.page, self.segment, self.filled) = (None, None, 0);
        }
        record
    }

    #[inline]
    fn decode(&mut self) -> Result<Record, Stop<P::End>> {
        let anew = self.before.is_none();
        let mut at = self.next;
        loop {
            let page = self.page(page_of(at), anew)?;
            let begins = page.header.length();
            let mut offset = (at.0 % PAGE_SIZE as u64) as usize;
            if offset == 0 {
                offset = begins;
                at = at.plus(begins as u64);
            } else if offset < begins {
                return Err(Stop::Fault { at, fault: Fault::RecordOffset });
            }
            if page.header.begins_amid_record() && offset == begins {
                return Err(Stop::Fault { at, fault: Fault::AmidRecord });
            }
            let fault = |fault| Stop::Fault { at, fault };
            let bytes = &self.buffer[page.offset + offset..page.offset + PAGE_SIZE];
            let header = Header::read(bytes);
            let length = match header {
                Some(header) => {
                    header.judge(at, self.before, self.expected.major).map_err(fault)?;
                    header.length
                }
                // The header goes on on the next page. Records are aligned, so that at least its length is here.
                None => {
                    let length = crate::wal::bytes::u32_at(bytes, 0).unwrap_or(0);
                    if (length as usize) < HEADER {
                        return Err(fault(Fault::RecordLength { found: length }));
                    }
                    length
                }
            };
            if length as usize > bytes.len() {
                match self.assemble(at, page, length, header, anew)? {
                    Assembled::Record(record) => return Ok(record),
                    Assembled::OverwrittenFrom(page) => {
                        self.overwritten = Some(at);
                        at = page;
                        continue;
                    }
                }
            }
            // A record as long as a header, and no longer than the page's rest, has its header here.
            let header = header.ok_or(fault(Fault::RecordLength { found: length }))?;
            let bytes = &bytes[..length as usize];
            let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[HEADER..]), &bytes[..CHECKSUM_AT]);
            if checksum != header.checksum {
                return Err(fault(Fault::Checksum));
            }
            let kind = self.kind(&header, bytes).map_err(fault)?;
            return Ok(self.finish(at, at.plus(aligned(length)), &header, kind));
        }
    }

    /// What the record says. `kept` is its beginning or all of it.
    #[inline]
    fn kind(&self, header: &Header, kept: &[u8]) -> Result<Kind, Fault> {
        let major = self.expected.major;
        let main = main_data(kept, header.length, major)?;
        if !kind::matters(header.resource_manager) {
            return Ok(Kind::Other);
        }
        let data = kept.get((header.length - main) as usize..).unwrap_or(&[]);
        Ok(kind::read(header.resource_manager, header.info, header.xid, data, major))
    }

    #[inline]
    fn finish(&mut self, at: Lsn, mut end: Lsn, header: &Header, kind: Kind) -> Record {
        if kind == Kind::Switch {
            // It counts as long as its segment.
            let size = self.expected.segment_size.bytes();
            end = end.plus(size - 1);
            end = Lsn(end.0 - end.0 % size);
        }
        self.before = Some(at);
        self.next = end;
        let Header { length, xid, resource_manager, info, .. } = *header;
        Record { at, end, length, xid, resource_manager, info, kind }
    }

    /// Reads a record that goes on on the next page.
    fn assemble(
        &mut self,
        at: Lsn,
        first: Page,
        length: u32,
        mut header: Option<Header>,
        anew: bool,
    ) -> Result<Assembled, Stop<P::End>> {
        let fault = |fault| Stop::Fault { at, fault };
        let begin = first.offset + (at.0 % PAGE_SIZE as u64) as usize;
        let mut sum = Sum::default();
        self.kept.clear();
        let bytes = &self.buffer[begin..first.offset + PAGE_SIZE];
        sum.add(bytes, &mut self.kept, header.as_ref());
        let mut got = bytes.len() as u32;
        let mut page_at = first.at;
        loop {
            page_at = page_at.plus(PAGE_SIZE as u64);
            let page = self.page(page_at, anew)?;
            if page.header.overwrites_record() {
                return Ok(Assembled::OverwrittenFrom(page_at));
            }
            if !page.header.begins_amid_record() {
                return Err(fault(Fault::NoContinuation));
            }
            let (found, expected) = (page.header.remaining, length - got);
            if found == 0 || found != expected {
                return Err(fault(Fault::ContinuationLength { found, expected }));
            }
            let begins = page.header.length();
            let count = (found as usize).min(PAGE_SIZE - begins);
            let bytes = &self.buffer[page.offset + begins..page.offset + begins + count];
            sum.add(bytes, &mut self.kept, header.as_ref());
            got += count as u32;
            if header.is_none() {
                // The rest of a header fits on any page.
                let whole = Header::read(&self.kept).ok_or(fault(Fault::RecordLength { found: length }))?;
                whole.judge(at, self.before, self.expected.major).map_err(fault)?;
                header = Some(whole);
            }
            if length > LONGEST {
                return Err(fault(Fault::RecordLength { found: length }));
            }
            if got == length {
                let header = header.ok_or(fault(Fault::RecordLength { found: length }))?;
                if sum.finish(&self.kept) != header.checksum {
                    return Err(fault(Fault::Checksum));
                }
                let kind = self.kind(&header, &self.kept).map_err(fault)?;
                let end = page_at.plus(begins as u64 + aligned(found));
                return Ok(Assembled::Record(self.finish(at, end, &header, kind)));
            }
        }
    }

    /// Makes a page the one that is read: `ReadPageInternal`.
    #[inline]
    fn page(&mut self, at: Lsn, anew: bool) -> Result<Page, Stop<P::End>> {
        match self.page {
            Some(page) if page.at == at => Ok(page),
            _ => self.turn_to(at, anew),
        }
    }

    fn turn_to(&mut self, at: Lsn, anew: bool) -> Result<Page, Stop<P::End>> {
        let size = self.expected.segment_size;
        let segment = size.number_at(at);
        // Wherever reading in a segment begins, its first page has to be right.
        let first = Lsn(segment.saturating_mul(size.bytes()));
        if self.segment != Some(segment) && at != first {
            self.load(first, anew)?;
        }
        let page = self.load(at, anew)?;
        (self.page, self.segment) = (Some(page), Some(segment));
        Ok(page)
    }

    /// Has a page in the buffer, and tests its header.
    fn load(&mut self, at: Lsn, anew: bool) -> Result<Page, Stop<P::End>> {
        self.page = None;
        let there = at >= self.buffer_at && at.since(self.buffer_at) + PAGE_SIZE as u64 <= self.filled as u64;
        if !there {
            self.filled = 0;
            self.filled = self.pages.read(at, anew, &mut self.buffer).map_err(Stop::End)?.min(READ);
            self.buffer_at = at;
        }
        let fault = |fault| Stop::Fault { at, fault };
        let offset = at.since(self.buffer_at) as usize;
        let bytes = &self.buffer[offset..self.filled.max(offset)];
        if bytes.len() < PAGE_SIZE {
            return Err(fault(Fault::ShortPage { found: bytes.len() }));
        }
        let header = PageHeader::read(bytes).ok_or(fault(Fault::ShortPage { found: SHORT_HEADER }))?;
        self.expected.judge(&header, at).map_err(fault)?;
        if at > self.latest_page && header.timeline < self.latest_timeline {
            return Err(fault(Fault::TimelineBackwards { found: header.timeline, after: self.latest_timeline }));
        }
        (self.latest_page, self.latest_timeline) = (at, header.timeline);
        Ok(Page { at, offset, header })
    }
}

/// What became of a record that crosses pages.
enum Assembled {
    Record(Record),
    /// It was never finished: the page of that place begins anew.
    OverwrittenFrom(Lsn),
}

/// The checksum of a record that comes in pieces, and what is kept of it.
#[derive(Default)]
struct Sum {
    seen: usize,
    checksum: u32,
}

impl Sum {
    fn add(&mut self, bytes: &[u8], kept: &mut Vec<u8>, header: Option<&Header>) {
        let of_transaction = header.is_some_and(|header| kind::of_transactions(header.resource_manager));
        let room = if of_transaction { KEPT_OF_TRANSACTION } else { KEPT };
        kept.extend_from_slice(&bytes[..bytes.len().min(room.saturating_sub(kept.len()))]);
        let body = &bytes[HEADER.saturating_sub(self.seen).min(bytes.len())..];
        self.checksum = crc32c::crc32c_append(self.checksum, body);
        self.seen += bytes.len();
    }

    /// The header comes last, up to its checksum.
    fn finish(&self, kept: &[u8]) -> u32 {
        crc32c::crc32c_append(self.checksum, &kept[..CHECKSUM_AT.min(kept.len())])
    }
}

fn page_of(place: Lsn) -> Lsn {
    Lsn(place.0 - place.0 % PAGE_SIZE as u64)
}

/// Rounded up to the eight bytes at which records begin (`MAXALIGN` on 64 bits).
fn aligned(length: u32) -> u64 {
    (u64::from(length) + 7) & !7
}
