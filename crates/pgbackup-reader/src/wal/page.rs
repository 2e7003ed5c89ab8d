//! Pages of the log and their headers (src/include/access/xlog_internal.h, PostgreSQL 13 to 18; little-endian machines).

use crate::wal::bytes::{u16_at, u32_at, u64_at};
use crate::wal::fault::Fault;
use crate::{Lsn, SegmentSize, Timeline};

/// The size of a page of the log, `XLOG_BLCKSZ`, unless a server was built with another.
pub const PAGE_SIZE: usize = 8192;

/// A header as most pages have it, with its padding (`SizeOfXLogShortPHD`).
pub const SHORT_HEADER: usize = 24;

/// The header of a segment's first page (`SizeOfXLogLongPHD`).
pub const LONG_HEADER: usize = 40;

const FIRST_IS_CONTRECORD: u16 = 1;
const LONG: u16 = 2;
const FIRST_IS_OVERWRITE_CONTRECORD: u16 = 8;
const ALL_FLAGS: u16 = 15;

/// A major version of PostgreSQL whose log can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Major {
    V13,
    V14,
    V15,
    V16,
    V17,
    V18,
}

impl Major {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [Self::V13, Self::V14, Self::V15, Self::V16, Self::V17, Self::V18];

    /// Its number, such as 17.
    pub fn number(self) -> u32 {
        13 + self as u32
    }

    /// The version of that number.
    pub fn of_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|major| major.number() == number)
    }

    /// `XLOG_PAGE_MAGIC`: what every page of its log begins with.
    pub fn magic(self) -> u16 {
        match self {
            Self::V13 => 0xD106,
            Self::V14 => 0xD10D,
            Self::V15 => 0xD110,
            Self::V16 => 0xD113,
            Self::V17 => 0xD116,
            Self::V18 => 0xD118,
        }
    }

    /// The version whose pages begin so.
    pub fn of_magic(magic: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|major| major.magic() == magic)
    }
}

impl std::fmt::Display for Major {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// The header of a page, as it stands there: nothing of it is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageHeader {
    /// Which major version wrote it.
    pub magic: u16,
    /// Flags.
    pub info: u16,
    /// The timeline of the page's first record.
    pub timeline: Timeline,
    /// Where the page lies in the log.
    pub address: Lsn,
    /// How many bytes of a record that began on an earlier page are still to come, this page's included.
    pub remaining: u32,
    /// What the first page of a segment says besides.
    pub long: Option<LongHeader>,
}

/// What only the first page of a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongHeader {
    /// The system identifier of the cluster that wrote it.
    pub system: u64,
    /// The size of segments, in bytes.
    pub segment_size: u32,
    /// The size of pages, in bytes.
    pub page_size: u32,
}

impl PageHeader {
    /// Reads a header; `None` where there are not as many bytes as one has.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let info = u16_at(bytes, 2)?;
        bytes.get(..if info & LONG != 0 { LONG_HEADER } else { SHORT_HEADER })?;
        let long = (info & LONG != 0).then(|| {
            Some(LongHeader {
                system: u64_at(bytes, 24)?,
                segment_size: u32_at(bytes, 32)?,
                page_size: u32_at(bytes, 36)?,
            })
        });
        Some(Self {
            magic: u16_at(bytes, 0)?,
            info,
            timeline: Timeline(u32_at(bytes, 4)?),
            address: Lsn(u64_at(bytes, 8)?),
            remaining: u32_at(bytes, 16)?,
            long: long.flatten(),
        })
    }

    /// How many bytes the header takes.
    pub fn len(&self) -> usize {
        if self.info & LONG != 0 { LONG_HEADER } else { SHORT_HEADER }
    }

    /// Whether the page begins amid a record.
    pub fn begins_amid_record(&self) -> bool {
        self.info & FIRST_IS_CONTRECORD != 0
    }

    /// Whether the page begins anew where the rest of a record was to come: the server crashed in between
    /// (`XLP_FIRST_IS_OVERWRITE_CONTRECORD`).
    pub fn overwrites_record(&self) -> bool {
        self.info & FIRST_IS_OVERWRITE_CONTRECORD != 0
    }
}

/// What every page of a log has to agree with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The version that wrote the log.
    pub major: Major,
    /// The cluster that did, where it is known.
    pub system: Option<u64>,
    /// The size of its segments.
    pub segment_size: SegmentSize,
}

impl Expected {
    /// Whether a page can be the one of that place, by all that its header says but its timeline: the tests of
    /// `XLogReaderValidatePageHeader` in their order (src/backend/access/transam/xlogreader.c, PostgreSQL 13 to 18).
    ///
    /// # Errors
    /// What the server would say of the page.
    pub fn judge(&self, header: &PageHeader, place: Lsn) -> Result<(), Fault> {
        if header.magic != self.major.magic() {
            return Err(Fault::Magic { found: header.magic });
        }
        if header.info & !ALL_FLAGS != 0 {
            return Err(Fault::InfoBits { found: header.info });
        }
        if let Some(long) = &header.long {
            if let Some(expected) = self.system.filter(|system| *system != 0 && *system != long.system) {
                return Err(Fault::OtherSystem { found: long.system, expected });
            }
            if u64::from(long.segment_size) != self.segment_size.bytes() {
                return Err(Fault::OtherSegmentSize { found: long.segment_size });
            }
            if long.page_size as usize != PAGE_SIZE {
                return Err(Fault::OtherPageSize { found: long.page_size });
            }
        } else if self.segment_size.offset_of(place) == 0 {
            return Err(Fault::InfoBits { found: header.info });
        }
        if header.address != place {
            return Err(Fault::PageAddress { found: header.address });
        }
        Ok(())
    }
}
