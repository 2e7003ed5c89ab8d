//! Tar archives as base backups are kept in them, read member by member.
//!
//! PostgreSQL writes plain ustar (`tarCreateHeader` in src/port/tar.c); archives that tar(1) or Python made of a backup have the
//! long names of GNU and of POSIX (pax). Everything else that a tar archive can hold has no place in a base backup and is
//! refused: hard links, devices, pipes, sparse files. An archive must also prove its end: what stops without the two empty
//! blocks was cut off, although tar(1) and pg_verifybackup would take it.

mod header;
mod pax;

use std::io::{self, Read};

use crate::base::path::shown;
use crate::base::stream::Stream;

use header::{BLOCK, Header};
use pax::Overrides;

pub use header::HeaderFault;

/// What a member of an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberKind {
    Directory,
    File,
    Link,
}

/// A member as the archive describes it, its path not yet proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: MemberKind,
    /// Where a link leads.
    pub(crate) target: Vec<u8>,
    /// Permissions.
    pub(crate) mode: u32,
    /// Bytes of content.
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) modified: i64,
}

/// Why an archive cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The file cannot be read, or its compression is damaged.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// It stops inside a member, or without the blocks that end an archive.
    #[error("it was cut off {after}, at byte {offset} of the archive")]
    Truncated {
        /// How far it came, in words.
        after: String,
        /// Where it ends, uncompressed.
        offset: u64,
    },
    /// A header is damaged, or this is no tar archive.
    #[error("there is no header of a tar archive at byte {offset}: {fault}")]
    Header {
        /// Where, uncompressed.
        offset: u64,
        /// What is wrong with it.
        fault: HeaderFault,
    },
    /// A member is of a kind that no base backup holds.
    #[error("\"{member}\" is {kind}, which no base backup holds")]
    Kind {
        /// The member's path, shown so that it does a terminal no harm.
        member: String,
        /// What it is.
        kind: String,
    },
    /// A member's extended header cannot be understood.
    #[error("the extended header at byte {offset} cannot be taken: {why}")]
    Extended {
        /// Where, uncompressed.
        offset: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something follows after the end.
    #[error("something that is not zero follows the archive's end at byte {0}")]
    AfterEnd(u64),
}

/// Reads an archive from its beginning to its proven end.
pub(crate) struct TarReader {
    source: Stream,
    /// Bytes of the current member that were not read yet.
    remaining: u64,
    /// Bytes after it up to the next block.
    padding: u64,
    /// The current member, for errors.
    current: String,
    offset: u64,
    /// Why reading the current member failed; the reader of its content only sees an `io::Error`.
    failed: Option<TarError>,
    done: bool,
}

/// Extended headers hold paths and times: PostgreSQL's paths end at 1023 bytes.
const MAX_EXTENDED: u64 = 64 << 10;

impl TarReader {
    pub(crate) fn new(source: Stream) -> Self {
        let current = String::new();
        Self { source, remaining: 0, padding: 0, current, offset: 0, failed: None, done: false }
    }

    /// The next member; `None` once the end is proven. What was not read of the member before is passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, TarError> {
        let mut overrides = Overrides::default();
        loop {
            self.pass_over()?;
            let at = self.offset;
            let Some(header) = self.header()? else {
                if !overrides.is_empty() {
                    return Err(TarError::Extended { offset: at, why: "no member follows it" });
                }
                return Ok(None);
            };
            match header.kind {
                b'L' => overrides.path(trimmed(self.extended(&header, at)?), at)?,
                b'K' => overrides.target(trimmed(self.extended(&header, at)?), at)?,
                b'x' => overrides.pax(&self.extended(&header, at)?, at)?,
                b'g' => pax::global(&self.extended(&header, at)?, at)?,
                _ => return self.member(header, overrides, at).map(Some),
            }
        }
    }

    /// The error that ended the reading of the current member's content.
    pub(crate) fn take_failure(&mut self) -> Option<TarError> {
        self.failed.take()
    }

    fn member(&mut self, header: Header, overrides: Overrides, at: u64) -> Result<Member, TarError> {
        let size = overrides.size.unwrap_or(header.size);
        let path = overrides.path.unwrap_or(header.path);
        let slash = path.last() == Some(&b'/');
        let member = shown(&path);
        let kind = match header.kind {
            // Archives from before POSIX tell a directory by the slash alone.
            b'0' | 0 if slash => MemberKind::Directory,
            b'0' | 0 => MemberKind::File,
            b'5' => MemberKind::Directory,
            b'2' => MemberKind::Link,
            other => return Err(TarError::Kind { member, kind: kind_in_words(other) }),
        };
        if kind != MemberKind::File && size != 0 {
            return Err(TarError::Header { offset: at, fault: HeaderFault::Content });
        }
        if size > i64::MAX as u64 - BLOCK as u64 {
            return Err(TarError::Header { offset: at, fault: HeaderFault::Number("size") });
        }
        self.remaining = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        self.current = member;
        let target = overrides.target.unwrap_or(header.target);
        Ok(Member { path, kind, target, mode: header.mode, size, modified: header.modified })
    }

    /// The content of an extended header.
    fn extended(&mut self, header: &Header, at: u64) -> Result<Vec<u8>, TarError> {
        if header.size > MAX_EXTENDED {
            return Err(TarError::Extended { offset: at, why: "it is longer than 64 KiB" });
        }
        let mut content = vec![0; header.size.next_multiple_of(BLOCK as u64) as usize];
        self.exactly(&mut content)?;
        content.truncate(header.size as usize);
        Ok(content)
    }

    fn header(&mut self) -> Result<Option<Header>, TarError> {
        if self.done {
            return Ok(None);
        }
        let mut block = [0; BLOCK];
        let at = self.offset;
        self.exactly(&mut block)?;
        if block.iter().any(|&b| b != 0) {
            return Header::parse(&block).map(Some).map_err(|fault| TarError::Header { offset: at, fault });
        }
        self.exactly(&mut block)?;
        if block.iter().any(|&b| b != 0) {
            return Err(TarError::AfterEnd(at + BLOCK as u64));
        }
        // Reading on to the end of the file also proves the checksum of its compression.
        loop {
            let at = self.offset;
            match self.some(&mut block)? {
                0 => break,
                got if block[..got].iter().any(|&b| b != 0) => return Err(TarError::AfterEnd(at)),
                _ => {}
            }
        }
        self.done = true;
        Ok(None)
    }

    fn pass_over(&mut self) -> Result<(), TarError> {
        let bytes = self.remaining + self.padding;
        let passed = self.source.pass_over(bytes).map_err(TarError::Read)?;
        self.offset += passed;
        if passed < bytes {
            return Err(self.truncated());
        }
        (self.remaining, self.padding) = (0, 0);
        Ok(())
    }

    fn some(&mut self, out: &mut [u8]) -> Result<usize, TarError> {
        loop {
            match self.source.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(TarError::Read(error)),
                Ok(got) => {
                    self.offset += got as u64;
                    return Ok(got);
                }
            }
        }
    }

    fn exactly(&mut self, mut out: &mut [u8]) -> Result<(), TarError> {
        while !out.is_empty() {
            let got = self.some(out)?;
            if got == 0 {
                return Err(self.truncated());
            }
            out = &mut out[got..];
        }
        Ok(())
    }

    fn truncated(&self) -> TarError {
        let after = match self.current.as_str() {
            "" => "before its first file".to_owned(),
            member if self.remaining + self.padding > 0 => format!("inside \"{member}\""),
            member => format!("after \"{member}\", without its end"),
        };
        TarError::Truncated { after, offset: self.offset }
    }
}

impl Read for TarReader {
    /// Reads the content of the current member.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let failed = match self.some(&mut out[..most]) {
            Ok(0) => self.truncated(),
            Ok(got) => {
                self.remaining -= got as u64;
                return Ok(got);
            }
            Err(error) => error,
        };
        let text = failed.to_string();
        self.failed = Some(failed);
        Err(io::Error::other(text))
    }
}

/// GNU's long names end with a byte of zero.
fn trimmed(mut name: Vec<u8>) -> Vec<u8> {
    if name.last() == Some(&0) {
        name.pop();
    }
    name
}

fn kind_in_words(kind: u8) -> String {
    match kind {
        b'1' => "a hard link".into(),
        b'3' => "a character device".into(),
        b'4' => "a block device".into(),
        b'6' => "a named pipe".into(),
        b'7' => "a contiguous file".into(),
        b'S' => "a sparse file".into(),
        b'M' => "part of an archive of several volumes".into(),
        b'V' => "a label of a volume".into(),
        b'D' => "a directory with a list of its files, as incremental archives of tar have it".into(),
        other => format!("a member of the unknown kind '{}'", other.escape_ascii()),
    }
}
