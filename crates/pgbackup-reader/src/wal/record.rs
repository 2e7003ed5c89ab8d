//! Records of the log: their headers and how their parts lie (src/include/access/xlogrecord.h, PostgreSQL 13 to 18).

use crate::wal::bytes::{u16_at, u32_at, u64_at};
use crate::wal::fault::Fault;
use crate::wal::page::{Major, PAGE_SIZE};
use crate::{Kind, Lsn};

/// The header that every record has (`SizeOfXLogRecord`).
pub(crate) const HEADER: usize = 24;

/// Where the checksum stands in it (`offsetof(XLogRecord, xl_crc)`).
pub(crate) const CHECKSUM_AT: usize = 20;

/// The longest record that a server takes into memory (`MaxAllocSize` in src/include/utils/memutils.h).
pub(crate) const LONGEST: u32 = 0x3fff_ffff;

/// The highest resource manager that PostgreSQL has itself: RM_LOGICALMSG_ID, the last of src/include/access/rmgrlist.h in 13 to 18.
const LAST_BUILT_IN: u8 = 21;

/// The lowest of those that extensions bring, from 15 on (`RM_MIN_CUSTOM_ID` in src/include/access/rmgr.h).
const FIRST_CUSTOM: u8 = 128;

/// A record of the log whose checksum is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it begins.
    pub at: Lsn,
    /// Where the next one can begin: what pg_last_wal_replay_lsn() says once this one is replayed. Behind a switch that is the next
    /// segment.
    pub end: Lsn,
    /// Its length in bytes, without the headers of the pages that it crosses.
    pub length: u32,
    /// The transaction that wrote it; 0 where none did.
    pub xid: u32,
    /// The resource manager that wrote it.
    pub resource_manager: u8,
    /// What kind of its records it is, and flags.
    pub info: u8,
    /// What it says, where that matters to how far a recovery comes.
    pub kind: Kind,
}

/// A record's header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub length: u32,
    pub xid: u32,
    pub previous: Lsn,
    pub info: u8,
    pub resource_manager: u8,
    pub checksum: u32,
}

impl Header {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        Some(Self {
            length: u32_at(bytes, 0)?,
            xid: u32_at(bytes, 4)?,
            previous: Lsn(u64_at(bytes, 8)?),
            info: bytes[16],
            resource_manager: bytes[17],
            checksum: u32_at(bytes, CHECKSUM_AT)?,
        })
    }

    /// `ValidXLogRecordHeader` of src/backend/access/transam/xlogreader.c: `before` is the record before it, `None` where reading
    /// begins with this one.
    #[inline]
    pub(crate) fn judge(&self, at: Lsn, before: Option<Lsn>, major: Major) -> Result<(), Fault> {
        if (self.length as usize) < HEADER {
            return Err(Fault::RecordLength { found: self.length });
        }
        let custom = major >= Major::V15 && self.resource_manager >= FIRST_CUSTOM;
        if self.resource_manager > LAST_BUILT_IN && !custom {
            return Err(Fault::ResourceManager { found: self.resource_manager });
        }
        let follows = before.map_or(self.previous < at, |before| self.previous == before);
        if follows { Ok(()) } else { Err(Fault::PrevLink { found: self.previous }) }
    }
}

const HAS_IMAGE: u8 = 0x10;
const HAS_DATA: u8 = 0x20;
const SAME_REL: u8 = 0x80;

/// Reads numbers from the front of a record's parts, and counts what is left of it as the server does.
struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    remaining: u32,
}

impl Parts<'_> {
    #[inline]
    fn skip(&mut self, count: u32) -> Result<usize, Fault> {
        self.remaining = self.remaining.checked_sub(count).ok_or(Fault::Parts)?;
        let at = self.at;
        self.at += count as usize;
        // What is kept of a record is longer than the heads of all its parts can be, unless parts are repeated without need.
        if self.at > self.bytes.len() { Err(Fault::Parts) } else { Ok(at) }
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Fault> {
        let at = self.skip(1)?;
        self.bytes.get(at).copied().ok_or(Fault::Parts)
    }

    #[inline]
    fn two(&mut self) -> Result<u16, Fault> {
        let at = self.skip(2)?;
        u16_at(self.bytes, at).ok_or(Fault::Parts)
    }

    #[inline]
    fn four(&mut self) -> Result<u32, Fault> {
        let at = self.skip(4)?;
        u32_at(self.bytes, at).ok_or(Fault::Parts)
    }
}

/// How long a record's main data are, which come last: `DecodeXLogRecord` of src/backend/access/transam/xlogreader.c, with each of
/// its tests. `head` is the record's beginning.
#[inline]
pub(crate) fn main_data(head: &[u8], length: u32, major: Major) -> Result<u32, Fault> {
    let mut parts = Parts { bytes: head, at: HEADER, remaining: length.saturating_sub(HEADER as u32) };
    let (mut data, mut main) = (0_u32, 0_u32);
    let (mut last_block, mut relation) = (-1_i32, false);
    while parts.remaining > data {
        match parts.byte()? {
            255 => {
                main = u32::from(parts.byte()?);
                data = data.wrapping_add(main);
                break;
            }
            254 => {
                main = parts.four()?;
                data = data.wrapping_add(main);
                break;
            }
            253 => drop(parts.skip(2)?),
            // XLR_BLOCK_ID_TOPLEVEL_XID came with 14.
            252 if major >= Major::V14 => drop(parts.skip(4)?),
            block @ 0..=32 => {
                if i32::from(block) <= last_block {
                    return Err(Fault::Parts);
                }
                last_block = i32::from(block);
                data = data.wrapping_add(block_head(&mut parts, major, &mut relation)?);
            }
            _ => return Err(Fault::Parts),
        }
    }
    if parts.remaining == data { Ok(main) } else { Err(Fault::Parts) }
}

/// The head of a reference to a block; gives how many bytes of data and image belong to it.
#[inline]
fn block_head(parts: &mut Parts<'_>, major: Major, relation: &mut bool) -> Result<u32, Fault> {
    let flags = parts.byte()?;
    let mut data = u32::from(parts.two()?);
    if (flags & HAS_DATA != 0) != (data != 0) {
        return Err(Fault::Parts);
    }
    if flags & HAS_IMAGE != 0 {
        data += image_head(parts, major)?;
    }
    if flags & SAME_REL == 0 {
        parts.skip(12)?;
        *relation = true;
    } else if !*relation {
        return Err(Fault::Parts);
    }
    parts.skip(4)?;
    Ok(data)
}

#[inline]
fn image_head(parts: &mut Parts<'_>, major: Major) -> Result<u32, Fault> {
    const BLOCK: u32 = 8192;
    let length = u32::from(parts.two()?);
    let hole_offset = parts.two()?;
    let info = parts.byte()?;
    let has_hole = info & 1 != 0;
    // Flags moved with 15, which brought methods of compression.
    let is_compressed = info & if major >= Major::V15 { 0x1C } else { 0x02 } != 0;
    let hole = match (is_compressed, has_hole) {
        (true, true) => u32::from(parts.two()?),
        (true, false) => 0,
        // The server's field has sixteen bits.
        (false, _) => BLOCK.wrapping_sub(length) & 0xFFFF,
    };
    let fits = if has_hole {
        hole_offset != 0 && hole != 0 && length != BLOCK
    } else {
        hole_offset == 0 && hole == 0 && (!is_compressed || length != BLOCK) && (is_compressed || length == BLOCK)
    };
    if fits { Ok(length) } else { Err(Fault::Parts) }
}

/// What is kept of a record that crosses pages. The heads of all parts of one come to less than a kibibyte.
pub(crate) const KEPT: usize = PAGE_SIZE;

/// What is kept of the end of a transaction, which names its subtransactions before it names itself: that of a prepared one with
/// more than a million subtransactions is not known by its number.
pub(crate) const KEPT_OF_TRANSACTION: usize = 4 << 20;
