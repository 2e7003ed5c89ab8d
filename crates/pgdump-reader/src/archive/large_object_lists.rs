//! The lists in which directory and tar archives name their large objects (`blobs_16.toc`), line by line.

use std::io::{self, BufRead as _, BufReader, Read};

/// How many large objects an archive's lists name, and how many of them were found.
#[derive(Debug, Default)]
pub(crate) struct LargeObjectCount {
    pub(crate) listed: u64,
    pub(crate) found: u64,
}

/// The oid and the file of a line: `16401 blob_16401.dat`.
pub(crate) fn parse_line(line: &[u8]) -> Option<(u32, String)> {
    let (oid, name) = std::str::from_utf8(line).ok()?.trim_end().split_once(' ')?;
    (!name.is_empty()).then_some((oid.parse().ok()?, name.to_owned()))
}

/// Whether this member of a tar file is a large object's data (_StartLO in pg_backup_tar.c).
pub(crate) fn is_large_object(member: &str) -> bool {
    member.starts_with("blob_") && member.contains(".dat")
}

/// The oid in the name of a file: `blob_16401.dat`.
pub(crate) fn oid_of(name: &str) -> Option<u32> {
    name.strip_prefix("blob_")?.split('.').next()?.parse().ok()
}

/// Lines of bounded length.
pub(crate) struct Lines<R> {
    source: BufReader<R>,
}

/// No line of pg_dump is as long.
const MAX_LINE: u64 = 4096;

impl<R: Read> Lines<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source: BufReader::new(source) }
    }

    /// The next line with its line break; a longer one comes in several parts.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        (&mut self.source).take(MAX_LINE).read_until(b'\n', &mut line)?;
        Ok(if line.is_empty() { None } else { Some(line) })
    }
}
