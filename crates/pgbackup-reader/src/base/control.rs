//! `global/pg_control`: what a cluster knows of itself.
//!
//! Offsets: `ControlFileData` and `CheckPoint` in src/include/catalog/pg_control.h, 13 to 18, as laid out on machines of 64
//! bits, little-endian. For the fields below, 13 to 16 (PG_CONTROL_VERSION 1300) and 17 (1700) share one layout; 18 (1800) adds
//! `default_char_signedness` before the nonce. Compared with what pg_controldata of 13.23, 15.20, 17.12 and 18.6 says of real
//! files.

use jiff::Timestamp;

use crate::{Lsn, Major, Timeline};

/// What `global/pg_control` holds, as far as a recovery needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The number that tells a cluster and its WAL from all others.
    pub system_identifier: u64,
    /// The layout of this file: 1300 from 13 to 16, 1700 in 17, 1800 in 18.
    pub control_version: u32,
    /// The layout of the catalogues; each major has its own.
    pub catalog_version: u32,
    /// What the cluster was doing.
    pub state: State,
    /// When this file was last written.
    pub modified: Option<Timestamp>,
    /// The record of the latest checkpoint.
    pub checkpoint: Lsn,
    /// Where recovery from that checkpoint begins to read.
    pub redo: Lsn,
    /// The timeline of that checkpoint.
    pub timeline: Timeline,
    /// The timeline before it; the same where that checkpoint did not begin a new one.
    pub previous_timeline: Timeline,
    /// When that checkpoint was made.
    pub checkpoint_time: Option<Timestamp>,
    /// The next transaction at that checkpoint: epoch in the upper 32 bits.
    pub next_xid: u64,
    /// A recovery that was interrupted must come at least as far; 0/0 where there is none.
    pub min_recovery_point: Lsn,
    /// The timeline of that place; `None` where there is none.
    pub min_recovery_timeline: Option<Timeline>,
    /// Where a backup that is being recovered began; 0/0 where none is.
    pub backup_start: Lsn,
    /// Where a backup from a standby ends; 0/0 where that is not known.
    pub backup_end: Lsn,
    /// Whether the record of the backup's end has still to be found.
    pub backup_end_required: bool,
    /// `wal_level`.
    pub wal_level: WalLevel,
    /// `wal_log_hints`.
    pub wal_log_hints: bool,
    /// `max_connections`. A standby, and so a recovery with open doors, needs this and the following four at least as high.
    pub max_connections: i32,
    /// `max_worker_processes`.
    pub max_worker_processes: i32,
    /// `max_wal_senders`.
    pub max_wal_senders: i32,
    /// `max_prepared_transactions`.
    pub max_prepared_transactions: i32,
    /// `max_locks_per_transaction`.
    pub max_locks_per_transaction: i32,
    /// `track_commit_timestamp`.
    pub track_commit_timestamp: bool,
    /// The alignment of values, in bytes.
    pub max_align: u32,
    /// The size of a page, in bytes.
    pub block_size: u32,
    /// How many pages a file of a relation holds.
    pub relation_segment_blocks: u32,
    /// The size of a page of WAL, in bytes.
    pub wal_block_size: u32,
    /// The size of a segment of WAL, in bytes.
    pub wal_segment_size: u32,
    /// The version of the checksums in pages; 0 where they have none.
    pub data_checksum_version: u32,
    /// Whether `char` has a sign where the cluster was made; only 18 knows.
    pub default_char_signed: Option<bool>,
}

/// What a cluster was doing when its `pg_control` was written (`DBState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Being started.
    Startup,
    /// Stopped in order.
    ShutDown,
    /// Stopped in order while it recovered.
    ShutDownInRecovery,
    /// Being stopped.
    ShuttingDown,
    /// Recovering from a crash.
    InCrashRecovery,
    /// Recovering from an archive, as a standby does too.
    InArchiveRecovery,
    /// Working, which is what a backup of a primary holds.
    InProduction,
}

impl State {
    /// In pg_controldata's words.
    pub fn label(self) -> &'static str {
        match self {
            State::Startup => "starting up",
            State::ShutDown => "shut down",
            State::ShutDownInRecovery => "shut down in recovery",
            State::ShuttingDown => "shutting down",
            State::InCrashRecovery => "in crash recovery",
            State::InArchiveRecovery => "in archive recovery",
            State::InProduction => "in production",
        }
    }
}

/// How much the WAL holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WalLevel {
    /// No more than a crash needs: no archive can be made of it.
    Minimal,
    /// What an archive and a standby need.
    Replica,
    /// What logical decoding needs.
    Logical,
}

impl WalLevel {
    /// As the setting `wal_level` spells it.
    pub fn label(self) -> &'static str {
        match self {
            WalLevel::Minimal => "minimal",
            WalLevel::Replica => "replica",
            WalLevel::Logical => "logical",
        }
    }
}

/// Why a `pg_control` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It ends before its data do.
    #[error("it has {0} bytes and was cut off: PostgreSQL's has 8192")]
    TooShort(usize),
    /// It comes from a machine with the other order of bytes.
    #[error("it was written on a big-endian machine, where alone it can be recovered")]
    ForeignByteOrder,
    /// It is of a major that is not known here.
    #[error("its version is {0}; known are 1300 (PostgreSQL 13 to 16), 1700 (17) and 1800 (18)")]
    UnknownVersion(u32),
    /// It is damaged.
    #[error("its checksum is {stored:08X}, but its data give {computed:08X}: it is damaged")]
    Checksum {
        /// What the file says.
        stored: u32,
        /// What its data give.
        computed: u32,
    },
    /// A field holds what PostgreSQL never writes, although the checksum holds.
    #[error("its {field} is {value}, which PostgreSQL does not write")]
    Value {
        /// PostgreSQL's name of the field.
        field: &'static str,
        /// What it holds.
        value: u64,
    },
}

/// CATALOG_VERSION_NO of each major (src/include/catalog/catversion.h of its release).
const CATALOG_VERSIONS: [(u32, Major); 6] = [
    (202_007_201, Major::V13),
    (202_107_181, Major::V14),
    (202_209_061, Major::V15),
    (202_307_071, Major::V16),
    (202_406_281, Major::V17),
    (202_506_291, Major::V18),
];

/// Where the fields lie in `ControlFileData`; the same in all majors from 13 to 18.
mod at {
    pub(super) const SYSTEM_IDENTIFIER: usize = 0;
    pub(super) const CONTROL_VERSION: usize = 8;
    pub(super) const CATALOG_VERSION: usize = 12;
    pub(super) const STATE: usize = 16;
    pub(super) const TIME: usize = 24;
    pub(super) const CHECKPOINT: usize = 32;
    /// `checkPointCopy` begins here.
    pub(super) const REDO: usize = 40;
    pub(super) const TIMELINE: usize = 48;
    pub(super) const PREVIOUS_TIMELINE: usize = 52;
    pub(super) const NEXT_XID: usize = 64;
    pub(super) const CHECKPOINT_TIME: usize = 104;
    /// After `unloggedLSN`.
    pub(super) const MIN_RECOVERY_POINT: usize = 136;
    pub(super) const MIN_RECOVERY_TIMELINE: usize = 144;
    pub(super) const BACKUP_START: usize = 152;
    pub(super) const BACKUP_END: usize = 160;
    pub(super) const BACKUP_END_REQUIRED: usize = 168;
    pub(super) const WAL_LEVEL: usize = 172;
    pub(super) const WAL_LOG_HINTS: usize = 176;
    pub(super) const MAX_CONNECTIONS: usize = 180;
    pub(super) const MAX_WORKER_PROCESSES: usize = 184;
    pub(super) const MAX_WAL_SENDERS: usize = 188;
    pub(super) const MAX_PREPARED: usize = 192;
    pub(super) const MAX_LOCKS: usize = 196;
    pub(super) const TRACK_COMMIT_TIMESTAMP: usize = 200;
    pub(super) const MAX_ALIGN: usize = 204;
    /// After `floatFormat`.
    pub(super) const BLOCK_SIZE: usize = 216;
    pub(super) const RELATION_SEGMENT: usize = 220;
    pub(super) const WAL_BLOCK_SIZE: usize = 224;
    pub(super) const WAL_SEGMENT_SIZE: usize = 228;
    pub(super) const DATA_CHECKSUM_VERSION: usize = 252;
    /// From 18 on; before, the nonce begins here.
    pub(super) const CHAR_SIGNED: usize = 256;
}

impl Control {
    /// Reads the content of `global/pg_control`.
    ///
    /// # Errors
    /// Where it is cut off, damaged, of another byte order or of a major that is not known.
    pub fn parse(bytes: &[u8]) -> Result<Self, ControlError> {
        let too_short = || ControlError::TooShort(bytes.len());
        let version = u32_at(bytes, at::CONTROL_VERSION).ok_or_else(too_short)?;
        // As check_control_files of PostgreSQL recognises it (pg_controldata.c): a version is never a multiple of 65536.
        if version != 0 && version.is_multiple_of(65_536) {
            return Err(ControlError::ForeignByteOrder);
        }
        let crc_at = match version {
            1300 | 1700 => 288,
            1800 => 292,
            other => return Err(ControlError::UnknownVersion(other)),
        };
        let stored = u32_at(bytes, crc_at).ok_or_else(too_short)?;
        let computed = crc32c::crc32c(&bytes[..crc_at]);
        if stored != computed {
            return Err(ControlError::Checksum { stored, computed });
        }
        Fields(bytes).read(version)
    }

    /// The major that a cluster of these catalogues belongs to; `None` for one between two majors, as developers have.
    pub fn major(&self) -> Option<Major> {
        CATALOG_VERSIONS.iter().find(|(catalog, _)| *catalog == self.catalog_version).map(|&(_, major)| major)
    }

    /// The directory that this cluster has in each tablespace, such as `PG_17_202406281`
    /// (TABLESPACE_VERSION_DIRECTORY in src/include/common/relpath.h).
    pub fn tablespace_directory(&self, major: Major) -> String {
        format!("PG_{}_{}", major.number(), self.catalog_version)
    }
}

/// The file once its length and checksum are proven.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn read(&self, version: u32) -> Result<Control, ControlError> {
        let min_recovery = self.u32(at::MIN_RECOVERY_TIMELINE);
        Ok(Control {
            system_identifier: self.u64(at::SYSTEM_IDENTIFIER),
            control_version: version,
            catalog_version: self.u32(at::CATALOG_VERSION),
            state: self.state()?,
            modified: self.time(at::TIME),
            checkpoint: Lsn(self.u64(at::CHECKPOINT)),
            redo: Lsn(self.u64(at::REDO)),
            timeline: Timeline(self.u32(at::TIMELINE)),
            previous_timeline: Timeline(self.u32(at::PREVIOUS_TIMELINE)),
            checkpoint_time: self.time(at::CHECKPOINT_TIME),
            next_xid: self.u64(at::NEXT_XID),
            min_recovery_point: Lsn(self.u64(at::MIN_RECOVERY_POINT)),
            min_recovery_timeline: (min_recovery != 0).then_some(Timeline(min_recovery)),
            backup_start: Lsn(self.u64(at::BACKUP_START)),
            backup_end: Lsn(self.u64(at::BACKUP_END)),
            backup_end_required: self.bool(at::BACKUP_END_REQUIRED),
            wal_level: self.wal_level()?,
            wal_log_hints: self.bool(at::WAL_LOG_HINTS),
            max_connections: self.i32(at::MAX_CONNECTIONS),
            max_worker_processes: self.i32(at::MAX_WORKER_PROCESSES),
            max_wal_senders: self.i32(at::MAX_WAL_SENDERS),
            max_prepared_transactions: self.i32(at::MAX_PREPARED),
            max_locks_per_transaction: self.i32(at::MAX_LOCKS),
            track_commit_timestamp: self.bool(at::TRACK_COMMIT_TIMESTAMP),
            max_align: self.u32(at::MAX_ALIGN),
            block_size: self.size(at::BLOCK_SIZE, "blcksz", 1 << 10, 32 << 10)?,
            relation_segment_blocks: self.u32(at::RELATION_SEGMENT),
            wal_block_size: self.size(at::WAL_BLOCK_SIZE, "xlog_blcksz", 1 << 10, 64 << 10)?,
            wal_segment_size: self.size(at::WAL_SEGMENT_SIZE, "xlog_seg_size", 1 << 20, 1 << 30)?,
            data_checksum_version: self.u32(at::DATA_CHECKSUM_VERSION),
            default_char_signed: (version >= 1800).then(|| self.bool(at::CHAR_SIGNED)),
        })
    }

    fn state(&self) -> Result<State, ControlError> {
        Ok(match self.u32(at::STATE) {
            0 => State::Startup,
            1 => State::ShutDown,
            2 => State::ShutDownInRecovery,
            3 => State::ShuttingDown,
            4 => State::InCrashRecovery,
            5 => State::InArchiveRecovery,
            6 => State::InProduction,
            value => return Err(ControlError::Value { field: "state", value: value.into() }),
        })
    }

    fn wal_level(&self) -> Result<WalLevel, ControlError> {
        Ok(match self.u32(at::WAL_LEVEL) {
            0 => WalLevel::Minimal,
            1 => WalLevel::Replica,
            2 => WalLevel::Logical,
            value => return Err(ControlError::Value { field: "wal_level", value: value.into() }),
        })
    }

    /// A size that later divisions rest on: a power of two within what configure and initdb allow.
    fn size(&self, at: usize, field: &'static str, least: u32, most: u32) -> Result<u32, ControlError> {
        let size = self.u32(at);
        let good = size.is_power_of_two() && (least..=most).contains(&size);
        good.then_some(size).ok_or(ControlError::Value { field, value: size.into() })
    }

    fn time(&self, at: usize) -> Option<Timestamp> {
        Timestamp::from_second(self.u64(at).cast_signed()).ok()
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from(self.u32(at + 4)) << 32 | u64::from(self.u32(at))
    }

    fn u32(&self, at: usize) -> u32 {
        // `parse` has read the checksum, which lies behind all fields.
        u32_at(self.0, at).unwrap_or_default()
    }

    fn i32(&self, at: usize) -> i32 {
        self.u32(at).cast_signed()
    }

    fn bool(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|&b| b != 0)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
