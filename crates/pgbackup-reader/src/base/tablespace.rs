//! Tablespaces of a base backup: their numbers, and where they lay on the source.

use std::fmt;
use std::path::PathBuf;

use crate::base::path::shown;

/// The number of an object in PostgreSQL's catalogues; here always of a tablespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub u32);

impl Oid {
    /// Takes a number as PostgreSQL writes it into names of files: without a sign or zeros before it.
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(digits).ok()?;
        let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| plain).map(Oid)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A tablespace of a base backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tablespace {
    /// Its number.
    pub oid: Oid,
    /// Where it lay on the source, by `tablespace_map` or by the link in `pg_tblspc`; `None` where nothing says so.
    pub location: Option<PathBuf>,
    /// Where its files are now.
    pub content: TablespaceContent,
}

/// Where the files of a tablespace are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TablespaceContent {
    /// In the backup: an archive or a directory of its own there.
    InBackup(PathBuf),
    /// Outside of the backup's directory, where the link in `pg_tblspc` leads. pg_basebackup puts them so in plain form; but in
    /// a mere copy of a data directory the link leads to the living cluster's own files.
    Followed(PathBuf),
    /// Nowhere: the link leads to nothing, or to a directory without the files of any cluster.
    Missing,
}

/// Why a `tablespace_map` cannot be read. PostgreSQL says `invalid data in file "tablespace_map"` and does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TablespaceMapError {
    /// It is larger than any that PostgreSQL writes.
    #[error("it is longer than 4 MiB")]
    TooLong,
    /// A line is no number and path.
    #[error("line {line} is no number and path: {found:?}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is there.
        found: String,
    },
    /// A tablespace is there twice.
    #[error("tablespace {0} is there twice")]
    Duplicate(Oid),
    /// The last line does not end, as in a file that was cut off.
    #[error("its last line is cut off")]
    Unfinished,
}

pub(crate) const MAX_MAP_BYTES: usize = 4 << 20;

/// Reads `tablespace_map`: a line for each tablespace, `OID path`. A backslash stands before a backslash, a line feed or a
/// carriage return of the path (`read_tablespace_map` in src/backend/access/transam/xlogrecovery.c, 15 to 18; 13: xlog.c).
///
/// # Errors
/// Where PostgreSQL would refuse it.
pub fn parse_tablespace_map(text: &[u8]) -> Result<Vec<(Oid, PathBuf)>, TablespaceMapError> {
    if text.len() > MAX_MAP_BYTES {
        return Err(TablespaceMapError::TooLong);
    }
    let mut found: Vec<(Oid, PathBuf)> = Vec::new();
    let (mut line, mut number) = (Vec::new(), 1);
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => line.push(bytes.next().ok_or(TablespaceMapError::Unfinished)?),
            b'\n' | b'\r' => {
                if !line.is_empty() {
                    let entry = map_line(&line)
                        .ok_or_else(|| TablespaceMapError::Line { line: number, found: shown(&line) })?;
                    if found.iter().any(|(oid, _)| *oid == entry.0) {
                        return Err(TablespaceMapError::Duplicate(entry.0));
                    }
                    found.push(entry);
                    line.clear();
                }
                number += usize::from(byte == b'\n');
            }
            byte => line.push(byte),
        }
    }
    if line.is_empty() { Ok(found) } else { Err(TablespaceMapError::Unfinished) }
}

fn map_line(line: &[u8]) -> Option<(Oid, PathBuf)> {
    let space = line.iter().position(|&b| b == b' ')?;
    let path = &line[space + 1..];
    (!path.is_empty() && !path.contains(&0)).then_some(())?;
    Some((Oid::parse(&line[..space])?, path_of(path)))
}

/// Bytes of a backup as a path.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_spaces_and_line_feeds_are_read_as_postgresql_wrote_them() {
        let map = parse_tablespace_map(b"16384 /w/ts/one space\n16385 /a\\\nb\\\\c\n").unwrap();
        assert_eq!(map, [(Oid(16384), "/w/ts/one space".into()), (Oid(16385), "/a\nb\\c".into())]);
        assert_eq!(parse_tablespace_map(b""), Ok(vec![]));
    }

    #[test]
    fn a_map_that_is_none_is_refused() {
        for text in
            [&b"16384\n"[..], b"x /a\n", b"0 /a\n", b"+1 /a\n", b"16384 \n", b"16384 /a\0b\n", b"99999999999 /a\n"]
        {
            assert!(
                matches!(parse_tablespace_map(text), Err(TablespaceMapError::Line { line: 1, .. })),
                "{}",
                shown(text)
            );
        }
        assert_eq!(parse_tablespace_map(b"16384 /a"), Err(TablespaceMapError::Unfinished));
        assert_eq!(parse_tablespace_map(b"16384 /a\\"), Err(TablespaceMapError::Unfinished));
        assert_eq!(parse_tablespace_map(b"16384 /a\n16384 /b\n"), Err(TablespaceMapError::Duplicate(Oid(16384))));
    }
}
