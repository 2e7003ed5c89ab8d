//! The manifest's own checksum, made while the manifest streams by.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::base::manifest::ManifestError;

/// Hands a manifest on and keeps the SHA-256 of all of it but the last line, which holds that checksum
/// (`verify_manifest_checksum` in src/common/parse_manifest.c).
pub(super) struct Sealed<R> {
    source: R,
    digest: Sha256,
    /// The bytes that may yet turn out to be the last line.
    held: Vec<u8>,
    lines: u64,
    /// Why reading ended early, because an `io::Error` goes through the parser of JSON as text.
    pub(super) failed: Option<ManifestError>,
}

/// The longest line names one file, whose path has at most 1023 bytes and twice as many encoded.
const MAX_LINE: usize = 64 << 10;

impl<R: Read> Sealed<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, digest: Sha256::new(), held: Vec::new(), lines: 0, failed: None }
    }

    /// Ends it: the checksum of all lines but the last.
    pub(super) fn finish(self) -> Result<[u8; 32], ManifestError> {
        if self.lines < 2 {
            return Err(ManifestError::Form("it has fewer than two lines".into()));
        }
        if self.held.last() != Some(&b'\n') {
            return Err(ManifestError::Form("its last line does not end".into()));
        }
        Ok(self.digest.finalize().into())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), ManifestError> {
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            if self.held.last() == Some(&b'\n') {
                self.digest.update(&self.held);
                self.held.clear();
            }
            if self.held.len() + line.len() > MAX_LINE {
                return Err(ManifestError::LongLine);
            }
            self.held.extend_from_slice(line);
            self.lines += u64::from(line.last() == Some(&b'\n'));
        }
        Ok(())
    }
}

impl<R: Read> Read for Sealed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = match self.source.read(out) {
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                self.failed = Some(ManifestError::Read(error));
                return Err(io::Error::other("reading ended"));
            }
        };
        if let Err(error) = self.take(&out[..got]) {
            self.failed = Some(error);
            return Err(io::Error::other("reading ended"));
        }
        Ok(got)
    }
}
