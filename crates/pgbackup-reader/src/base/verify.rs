//! Compares a base backup with its manifest, in one pass.

use std::convert::Infallible;
use std::io::{self, Read};

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::base::backup::Base;
use crate::base::entry::{Entry, EntryKind, Place, VisitError};
use crate::base::error::BaseError;
use crate::base::manifest::{Algorithm, Manifest};
use crate::base::path::{MemberPath, shown};
use crate::base::survey::Some1000;

/// What the comparison of a base backup with its manifest found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many files of the manifest are there, with their size and, where they have one, their checksum.
    pub good: u64,
    /// How many of these have no checksum in the manifest, so that only their size was compared.
    pub without_checksum: u64,
    /// How many bytes were compared.
    pub bytes: u64,
    /// In the manifest, but not there.
    pub missing: Some1000,
    /// There, but not in the manifest.
    pub extra: Some1000,
    /// Of another size than the manifest says.
    pub other_size: Some1000,
    /// Of the right size, and with another checksum.
    pub other_checksum: Some1000,
}

impl Verification {
    /// Whether nothing was found.
    pub fn is_good(&self) -> bool {
        [&self.missing, &self.extra, &self.other_size, &self.other_checksum].iter().all(|found| found.count == 0)
    }
}

/// What pg_verifybackup leaves out (`main` in src/bin/pg_verifybackup/pg_verifybackup.c, 13 to 18): files that change while a
/// backup is laid out, and the WAL, which is proven by its own checksums.
const IGNORED: [&str; 5] = ["backup_manifest", "pg_wal", "postgresql.auto.conf", "recovery.signal", "standby.signal"];

fn is_ignored(path: &[u8]) -> bool {
    IGNORED.iter().any(|ignored| {
        path.strip_prefix(ignored.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    })
}

/// Compares entries with a manifest as they pass by.
pub struct Verifier<'a> {
    manifest: &'a Manifest,
    /// One bit for each file of the manifest: whether it was there.
    met: Vec<u64>,
    found: Verification,
}

impl<'a> Verifier<'a> {
    /// Begins with nothing met.
    pub fn new(manifest: &'a Manifest) -> Self {
        Self { manifest, met: vec![0; manifest.len().div_ceil(64)], found: Verification::default() }
    }

    /// Compares an entry. Its content is read to its end, and each piece given to `also`, so that a caller can lay the file out
    /// in the same pass.
    ///
    /// # Errors
    /// Where the content cannot be read, and what `also` returns.
    pub fn take(&mut self, entry: &mut Entry<'_>, also: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let path = entry.manifest_path().filter(|path| !is_ignored(path.as_bytes()));
        let (Some(path), EntryKind::File) = (path, &entry.kind) else {
            return each_piece(&mut *entry.content, also).map(|_| ());
        };
        let Some((at, file)) = self.manifest.find(&path) else {
            self.found.extra.push(|| path.to_string());
            return each_piece(&mut *entry.content, also).map(|_| ());
        };
        self.met[at / 64] |= 1 << (at % 64);
        let mut sum = Sum::new(file.checksum.algorithm);
        let length = each_piece(&mut *entry.content, &mut |piece| {
            sum.update(piece);
            also(piece)
        })?;
        self.found.bytes = self.found.bytes.saturating_add(length);
        if length != file.size {
            self.found.other_size.push(|| path.to_string());
        } else if !sum.is(file.checksum.bytes) {
            self.found.other_checksum.push(|| path.to_string());
        } else {
            self.found.good += 1;
            self.found.without_checksum += u64::from(file.checksum.algorithm == Algorithm::None);
        }
        Ok(())
    }

    /// Ends it: what was not met is missing.
    pub fn finish(mut self) -> Verification {
        for (at, file) in self.manifest.files().enumerate() {
            if self.met[at / 64] & 1 << (at % 64) == 0 && !is_ignored(file.path) {
                self.found.missing.push(|| shown(file.path));
            }
        }
        self.found
    }
}

impl Base {
    /// Reads all of the base and compares it with its manifest, as pg_verifybackup does: sizes, checksums, files missing and
    /// files too many. WAL is not looked at, nor are the files that pg_verifybackup leaves out.
    ///
    /// # Errors
    /// As [`Base::visit`].
    pub fn verify(&self, manifest: &Manifest) -> Result<Verification, BaseError> {
        let mut verifier = Verifier::new(manifest);
        let visited = self.visit::<Infallible>(|entry| {
            // `pg_wal.tar` is part of no manifest and can be large; an error in reading content ends the visit by itself.
            let wal = entry.place == Place::Data && entry.path.as_bytes().starts_with(b"pg_wal/");
            if !wal {
                let _ = verifier.take(entry, &mut |_| Ok(()));
            }
            Ok(())
        });
        match visited {
            Ok(_) => Ok(verifier.finish()),
            Err(VisitError::Base(error)) => Err(error),
            Err(VisitError::Visitor(never)) => match never {},
        }
    }

    /// Whether a path is one that [`Base::verify`] and pg_verifybackup leave out.
    pub fn is_left_out_of_verification(path: &MemberPath) -> bool {
        is_ignored(path.as_bytes())
    }
}

fn each_piece(content: &mut dyn Read, also: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut buffer = vec![0; 64 << 10];
    let mut length = 0;
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(got) => {
                length += got as u64;
                also(&buffer[..got])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A checksum that is being made.
enum Sum {
    None,
    Crc32c(u32),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Sum {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::None => Sum::None,
            Algorithm::Crc32c => Sum::Crc32c(0),
            Algorithm::Sha224 => Sum::Sha224(Sha224::new()),
            Algorithm::Sha256 => Sum::Sha256(Sha256::new()),
            Algorithm::Sha384 => Sum::Sha384(Sha384::new()),
            Algorithm::Sha512 => Sum::Sha512(Sha512::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Sum::None => {}
            Sum::Crc32c(crc) => *crc = crc32c::crc32c_append(*crc, bytes),
            Sum::Sha224(digest) => digest.update(bytes),
            Sum::Sha256(digest) => digest.update(bytes),
            Sum::Sha384(digest) => digest.update(bytes),
            Sum::Sha512(digest) => digest.update(bytes),
        }
    }

    fn is(self, stated: &[u8]) -> bool {
        match self {
            Sum::None => true,
            // The server copies its own four bytes (`pg_checksum_final` in src/common/checksum_helper.c).
            Sum::Crc32c(crc) => crc.to_le_bytes() == stated,
            Sum::Sha224(digest) => digest.finalize().as_slice() == stated,
            Sum::Sha256(digest) => digest.finalize().as_slice() == stated,
            Sum::Sha384(digest) => digest.finalize().as_slice() == stated,
            Sum::Sha512(digest) => digest.finalize().as_slice() == stated,
        }
    }
}
