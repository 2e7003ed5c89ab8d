//! A file of an archive while it is read: decompressed, and with its length proved.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Cursor, Read, Seek as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use compressed::Compression;
use nix::fcntl::OFlag;

use crate::archive::Trouble;

/// Compressed files of at most this size, in bytes and decompressed, are held in memory; longer ones are decompressed twice, once
/// for their length.
const HELD: u64 = 16 << 20;

/// A file of an archive, open to be read from its beginning to its end.
#[derive(Debug)]
pub struct Opened {
    path: PathBuf,
    length: u64,
    compression: Option<Compression>,
    body: Body,
    /// Copies of it under the same name whose content is another.
    pub(super) differing: Vec<PathBuf>,
    /// Copies of it that cannot be read.
    pub(super) broken: Vec<Trouble>,
}

enum Body {
    Held(Cursor<Vec<u8>>),
    Plain { file: File, read: u64, before: Stamp },
    Decoder { reader: Box<dyn Read + Send>, file: File, before: Stamp },
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Body::Held(_) => "Held",
            Body::Plain { .. } => "Plain",
            Body::Decoder { .. } => "Decoder",
        })
    }
}

/// What changes where a file is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.len(), modified: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

impl Opened {
    /// Content that is in memory.
    pub fn of_bytes(path: PathBuf, bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        let body = Body::Held(Cursor::new(bytes));
        Self { path, length, compression: None, body, differing: Vec::new(), broken: Vec::new() }
    }

    /// Opens a file. `shown` is its path as messages have it, `must_be_compressed` what its name says.
    pub(super) fn open(at: &Path, shown: &Path, must_be_compressed: bool, limit: u64) -> Result<Self, Trouble> {
        let unreadable = |error: io::Error| trouble(shown, &error);
        // A pipe would be waited for.
        let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
        let mut file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(at).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(Trouble::Folder { path: shown.to_owned() });
        }
        if !metadata.is_file() {
            return Err(Trouble::NotAFile { path: shown.to_owned(), what: "special file" });
        }
        let before = Stamp::of(&metadata);
        let mut head = Vec::new();
        (&mut file).take(8).read_to_end(&mut head).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let compression = Compression::sniff(&head);
        let path = shown.to_owned();
        let (length, body) = match compression {
            None if must_be_compressed => return Err(Trouble::NotCompressed { path }),
            None => (before.length, Body::Plain { file, read: 0, before }),
            Some(compression) => decompressed(file, compression, shown, before, limit)?,
        };
        Ok(Self { path, length, compression, body, differing: Vec::new(), broken: Vec::new() })
    }

    /// Its length in bytes, decompressed. Of a compressed one that is longer than what was asked for, one more than that.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How it is compressed, by its content.
    pub fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Where it lies, relative to the archive.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Files of the same name with another content: which of them a recovery gets depends on its restore_command.
    pub fn differing(&self) -> &[PathBuf] {
        &self.differing
    }

    /// Files of the same name that cannot be read.
    pub fn broken_copies(&self) -> &[Trouble] {
        &self.broken
    }

    /// Reads as much as there is, up to the buffer's length; less only at the end.
    ///
    /// # Errors
    /// Where the file cannot be read on, or has changed since it was opened.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, Trouble> {
        let mut got = 0;
        while got < into.len() {
            let read = match &mut self.body {
                Body::Held(bytes) => bytes.read(&mut into[got..]),
                Body::Plain { file, .. } => file.read(&mut into[got..]),
                Body::Decoder { reader, .. } => reader.read(&mut into[got..]),
            };
            match read {
                Ok(0) => break,
                Ok(count) => got += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&self.path, self.compression, &error)),
            }
        }
        if let Body::Plain { read, before, .. } = &mut self.body {
            *read += got as u64;
            if (got < into.len() && *read < before.length) || *read > before.length {
                return Err(Trouble::Changed { path: self.path.clone() });
            }
        }
        Ok(got)
    }

    /// Whether the file is still the one that was opened.
    ///
    /// # Errors
    /// Where it was written to in the meantime.
    pub fn finish(&self) -> Result<(), Trouble> {
        match &self.body {
            Body::Held(_) => Ok(()),
            Body::Plain { file, before, .. } | Body::Decoder { file, before, .. } => {
                unchanged(file, *before, &self.path)
            }
        }
    }
}

fn unchanged(file: &File, before: Stamp, path: &Path) -> Result<(), Trouble> {
    let now = file.metadata().map_err(|error| trouble(path, &error))?;
    if Stamp::of(&now) == before { Ok(()) } else { Err(Trouble::Changed { path: path.to_owned() }) }
}

/// Proves the length of a compressed file: what is cut off or damaged anywhere is found before a byte of it is used.
fn decompressed(
    file: File,
    compression: Compression,
    path: &Path,
    before: Stamp,
    limit: u64,
) -> Result<(u64, Body), Trouble> {
    let failed = |error: io::Error| broken(path, Some(compression), &error);
    let source = file.try_clone().map_err(|error| trouble(path, &error))?;
    let decoder = compression.decode_file(source).map_err(failed)?;
    // One byte more than wanted shows that it is longer.
    let mut decoder = decoder.take(limit.saturating_add(1));
    if limit <= HELD {
        let mut bytes = Vec::new();
        decoder.read_to_end(&mut bytes).map_err(failed)?;
        unchanged(&file, before, path)?;
        return Ok((bytes.len() as u64, Body::Held(Cursor::new(bytes))));
    }
    let length = io::copy(&mut decoder, &mut io::sink()).map_err(failed)?;
    unchanged(&file, before, path)?;
    let mut source = file.try_clone().map_err(|error| trouble(path, &error))?;
    source.rewind().map_err(|error| trouble(path, &error))?;
    let reader = compression.decode_file(source).map_err(failed)?;
    Ok((length, Body::Decoder { reader, file, before }))
}

fn broken(path: &Path, compression: Option<Compression>, error: &io::Error) -> Trouble {
    match compression {
        // What the system says has a number; what a decoder says has none.
        Some(compression) if error.raw_os_error().is_none() => {
            Trouble::Compression { path: path.to_owned(), compression, what: error.to_string() }
        }
        _ => trouble(path, error),
    }
}

pub(super) fn trouble(path: &Path, error: &io::Error) -> Trouble {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => Trouble::Vanished { path },
        io::ErrorKind::IsADirectory => Trouble::Folder { path },
        _ => Trouble::Unreadable { path, what: error.to_string() },
    }
}
