//! `backup_manifest`: every file of a base backup with its size and checksum, and the WAL that it needs.
//!
//! Written by src/backend/backup/backup_manifest.c (13: src/backend/replication), read by src/common/parse_manifest.c.

mod read;
mod seal;

use std::io::Read;

use crate::base::path::{MemberPath, PathRefusal, shown};
use crate::{Lsn, Timeline};

pub use read::read_manifest;

/// How a file's checksum in a manifest was made (`pg_checksum_type`, src/include/common/checksum_helper.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// The file has none.
    None,
    /// CRC-32C, which pg_basebackup uses where nothing else was asked for.
    Crc32c,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// As a manifest spells it.
    pub fn label(self) -> &'static str {
        match self {
            Algorithm::None => "NONE",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Sha224 => "SHA224",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha384 => "SHA384",
            Algorithm::Sha512 => "SHA512",
        }
    }

    /// How many bytes its checksums have.
    pub fn length(self) -> usize {
        match self {
            Algorithm::None => 0,
            Algorithm::Crc32c => 4,
            Algorithm::Sha224 => 28,
            Algorithm::Sha256 => 32,
            Algorithm::Sha384 => 48,
            Algorithm::Sha512 => 64,
        }
    }

    const ALL: [Self; 6] = [Self::None, Self::Crc32c, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Capitals do not matter, as in `pg_checksum_parse_type` (src/common/checksum_helper.c).
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.label().eq_ignore_ascii_case(name))
    }
}

/// A checksum as a manifest holds it: of CRC-32C the four bytes in the order in which the server keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum<'a> {
    /// How it was made.
    pub algorithm: Algorithm,
    /// [`Algorithm::length`] bytes.
    pub bytes: &'a [u8],
}

/// A file as a manifest describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestFile<'a> {
    /// Where it lies in the data directory; `pg_tblspc/OID/…` for one in a tablespace.
    pub path: &'a [u8],
    /// How many bytes it has.
    pub size: u64,
    /// Its checksum.
    pub checksum: Checksum<'a>,
}

/// WAL that a base backup needs: from `start` to `end` on one timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalRange {
    /// The timeline.
    pub timeline: Timeline,
    /// The first byte.
    pub start: Lsn,
    /// The byte after the last one.
    pub end: Lsn,
}

/// What a manifest says beside its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHead {
    /// 1 from 13 to 16, 2 from 17 on.
    pub version: u32,
    /// The cluster; only version 2 has it.
    pub system_identifier: Option<u64>,
    /// The WAL that the backup needs, one range for each timeline.
    pub wal_ranges: Vec<WalRange>,
}

/// Why a manifest cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[source] std::io::Error),
    /// It is no manifest in PostgreSQL's form, or was cut off.
    #[error("it is no backup_manifest as PostgreSQL writes it: {0}")]
    Form(String),
    /// Its version is not known.
    #[error("its version is {0}; known are 1 (PostgreSQL 13 to 16) and 2 (17 and 18)")]
    UnknownVersion(u64),
    /// A file in it lies elsewhere.
    #[error("it names the file \"{path}\": {refusal}")]
    Path {
        /// The path, shown so that it does a terminal no harm.
        path: String,
        /// What is wrong with it.
        refusal: PathRefusal,
    },
    /// A file is in it twice.
    #[error("it names the file \"{0}\" twice")]
    Duplicate(String),
    /// A file's checksum is of no known kind.
    #[error("the checksum of \"{path}\" is of the kind \"{algorithm}\", which is not known")]
    UnknownAlgorithm {
        /// The file.
        path: String,
        /// What the manifest calls it.
        algorithm: String,
    },
    /// A file's checksum is not as long as its kind demands, or no hexadecimal number.
    #[error("the checksum of \"{0}\" is not one of its kind")]
    InvalidChecksum(String),
    /// The manifest's own checksum says that it was changed.
    #[error("its own checksum does not hold: it was changed or damaged after the backup")]
    Mismatch,
    /// A line of it is longer than any that PostgreSQL writes.
    #[error("a line of it is longer than 64 KiB, which none is that PostgreSQL writes")]
    LongLine,
    /// It names more files than can be kept.
    #[error("it names more than {0} files")]
    TooManyFiles(usize),
}

/// All of a manifest in memory, to look files up in.
///
/// It takes about 32 bytes for each file, beside its path and its checksum: a manifest of a million files with CRC-32C (150 MB
/// as text) takes 47 MB. [`read_manifest`] reads one without keeping it.
pub struct Manifest {
    head: ManifestHead,
    /// In the order of their paths.
    files: Vec<Kept>,
    /// Each file's path, then its checksum.
    bytes: Vec<u8>,
    total: u64,
}

struct Kept {
    at: u64,
    size: u64,
    path: u16,
    algorithm: Algorithm,
}

/// A cluster has seldom a hundredth of this; a hostile manifest stops here, at 2 GB of memory.
const MAX_FILES: usize = 30_000_000;

impl Manifest {
    /// Reads a manifest and proves its checksum.
    ///
    /// # Errors
    /// Where PostgreSQL's pg_verifybackup would refuse it, and where a path in it leads out of the backup.
    pub fn read(source: impl Read) -> Result<Self, ManifestError> {
        let mut files: Vec<Kept> = Vec::new();
        let mut bytes: Vec<u8> = Vec::new();
        let mut total = 0u64;
        let head = read_manifest(source, |file| {
            if files.len() >= MAX_FILES {
                return Err(ManifestError::TooManyFiles(MAX_FILES));
            }
            files.push(Kept {
                at: bytes.len() as u64,
                size: file.size,
                // `MemberPath`, which read_manifest has made of it, holds no more than 1023 bytes.
                path: file.path.len() as u16,
                algorithm: file.checksum.algorithm,
            });
            bytes.extend_from_slice(file.path);
            bytes.extend_from_slice(file.checksum.bytes);
            total = total.saturating_add(file.size);
            Ok(())
        })?;
        files.sort_unstable_by(|a, b| a.path(&bytes).cmp(b.path(&bytes)));
        if let Some(twice) = files.windows(2).find(|pair| pair[0].path(&bytes) == pair[1].path(&bytes)) {
            return Err(ManifestError::Duplicate(shown(twice[0].path(&bytes))));
        }
        Ok(Self { head, files, bytes, total })
    }

    /// What it says beside its files.
    pub fn head(&self) -> &ManifestHead {
        &self.head
    }

    /// How many files it names.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it names no file at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many bytes its files have together.
    pub fn total_size(&self) -> u64 {
        self.total
    }

    /// Its files in the order of their paths.
    pub fn files(&self) -> impl ExactSizeIterator<Item = ManifestFile<'_>> {
        self.files.iter().map(|kept| kept.view(&self.bytes))
    }

    /// The file of that path, by its place in [`Manifest::files`].
    pub fn find(&self, path: &MemberPath) -> Option<(usize, ManifestFile<'_>)> {
        let at = self.files.binary_search_by(|kept| kept.path(&self.bytes).cmp(path.as_bytes())).ok()?;
        Some((at, self.files[at].view(&self.bytes)))
    }

    /// The file at that place in [`Manifest::files`].
    pub fn get(&self, at: usize) -> Option<ManifestFile<'_>> {
        self.files.get(at).map(|kept| kept.view(&self.bytes))
    }
}

impl std::fmt::Debug for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manifest").field("head", &self.head).field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl Kept {
    fn path<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let at = self.at as usize;
        &bytes[at..at + usize::from(self.path)]
    }

    fn view<'a>(&self, bytes: &'a [u8]) -> ManifestFile<'a> {
        let checksum_at = self.at as usize + usize::from(self.path);
        ManifestFile {
            path: self.path(bytes),
            size: self.size,
            checksum: Checksum {
                algorithm: self.algorithm,
                bytes: &bytes[checksum_at..checksum_at + self.algorithm.length()],
            },
        }
    }
}
