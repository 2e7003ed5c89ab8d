//! Files of a backup as they are read: decompressed where they are compressed, passed over where they are not wanted.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use compressed::{Compression, READ_SIZE};

/// A file, decompressed.
pub(crate) enum Stream {
    /// Not compressed: what is not wanted is never read.
    Plain {
        file: BufReader<File>,
        /// Where the next byte lies.
        at: u64,
        length: u64,
    },
    /// Decompressed while it is read.
    Decoded(Box<dyn Read + Send>),
}

impl Stream {
    /// Opens a file and sees from its first bytes how it is compressed; its name does not matter.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Option<Compression>)> {
        let mut file = File::open(path)?;
        let mut head = [0; 8];
        let mut got = 0;
        while got < head.len() {
            match file.read(&mut head[got..])? {
                0 => break,
                more => got += more,
            }
        }
        file.seek(SeekFrom::Start(0))?;
        let compression = Compression::sniff(&head[..got]);
        let stream = match compression {
            Some(kind) => Stream::Decoded(kind.decode_file(file)?),
            None => {
                let length = file.metadata()?.len();
                Stream::Plain { file: BufReader::with_capacity(READ_SIZE, file), at: 0, length }
            }
        };
        Ok((stream, compression))
    }

    /// Leaves that many bytes out and says how many there were to leave out.
    pub(crate) fn pass_over(&mut self, bytes: u64) -> io::Result<u64> {
        match self {
            Stream::Plain { file, at, length } => {
                let passed = bytes.min(length.saturating_sub(*at));
                // No file is longer than i64 can say, and `passed` is at most the file's length.
                file.seek_relative(passed.cast_signed())?;
                *at += passed;
                Ok(passed)
            }
            Stream::Decoded(source) => io::copy(&mut source.take(bytes), &mut io::sink()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain { file, at, .. } => {
                let got = file.read(out)?;
                *at += got as u64;
                Ok(got)
            }
            Stream::Decoded(source) => source.read(out),
        }
    }
}
