//! A segment while it is read.

use crate::archive::{Archive, Found, Opened, Trouble};
use crate::{Segment, SegmentSize};

/// A segment that is open, and how far it was read.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    pub(crate) segment: Segment,
    pub(crate) file: Opened,
    read: u64,
}

impl OpenSegment {
    pub(crate) fn new(segment: Segment, file: Opened) -> Self {
        Self { segment, file, read: 0 }
    }

    /// Whether it can still be read from that offset on, in bytes.
    pub(crate) fn is_before(&self, offset: u64) -> bool {
        self.read <= offset
    }

    /// Reads from an offset on, up to the segment's end.
    pub(crate) fn read_at(&mut self, offset: u64, size: SegmentSize, into: &mut [u8]) -> Result<usize, Trouble> {
        while self.read < offset {
            let step = (offset - self.read).min(into.len() as u64) as usize;
            let count = self.file.read(&mut into[..step])?;
            if count == 0 {
                return Ok(0);
            }
            self.read += count as u64;
        }
        let left = size.bytes().saturating_sub(offset);
        let room = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.file.read(&mut into[..room])?;
        self.read += count as u64;
        if self.read >= size.bytes() {
            self.file.finish()?;
        }
        Ok(count)
    }
}

/// Looks for a segment in an archive.
pub(crate) fn find(archive: &dyn Archive, segment: Segment, size: SegmentSize) -> Found {
    archive.open(&segment.name(size).to_string(), size.bytes())
}
