//! What kinds of compression there are, and their decoders.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use crate::lz4::Lz4Reader;
use crate::zlib::ZlibReader;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// RFC 1952 in files, RFC 1950 (zlib) inside a custom archive.
    Gzip,
    /// Zstandard, RFC 8878.
    Zstd,
    /// The lz4 frame format.
    Lz4,
    /// bzip2; pg_dump does not write it.
    Bzip2,
    /// xz; pg_dump does not write it.
    Xz,
}

impl Compression {
    /// As it is shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Lz4 => "lz4",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        }
    }

    /// Recognises it by the first bytes of a file.
    ///
    /// Magic numbers: RFC 1952 section 2.3.1; RFC 8878 section 3.1.1 (and 3.1.2, skippable frames); lz4 frame format
    /// 1.6.4; bzip2's `BZh1` to `BZh9` with the block magic (a bzip2 of nothing has the end magic instead); xz file
    /// format 1.2.1 section 2.1.1.1.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Some(Compression::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            _ => None,
        }
    }

    /// Decompresses a file of this kind, one stream after another as its tool does.
    ///
    /// # Errors
    /// Only where a decoder cannot be made. What it reads fails later, also where the file stops before the stream's end, and with
    /// [`io::ErrorKind::OutOfMemory`] where a stream asks for more memory than is given: a window of 128 MiB for zstd, 80 MiB for xz.
    pub fn decode_file<R: Read + Send + 'static>(self, source: R) -> io::Result<Box<dyn Read + Send>> {
        self.decode(BufReader::with_capacity(READ_SIZE, source))
    }

    fn decode<R: BufRead + Send + 'static>(self, source: R) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
            Compression::Zstd => Box::new(Bounded(zstd_decoder(source)?)),
            Compression::Lz4 => Box::new(Lz4Reader::new(source)),
            Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
            Compression::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)
                    .map_err(io::Error::from)?;
                Box::new(Bounded(liblzma::bufread::XzDecoder::new_stream(source, stream)))
            }
        })
    }

    /// Decompresses the data of one entry of a custom archive: gzip is bare zlib there (InitCompressorGzip in
    /// src/bin/pg_dump/compress_gzip.c, PostgreSQL 16 to 18; compress_io.c before).
    ///
    /// # Errors
    /// As for [`Compression::decode_file`], and for bzip2 and xz, which no version of pg_dump writes.
    pub fn decode_block<'a, R: BufRead + Send + 'a>(self, source: R) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Compression::Gzip => Box::new(ZlibReader::new(source)),
            Compression::Zstd => Box::new(Bounded(zstd_decoder(source)?)),
            Compression::Lz4 => Box::new(Lz4Reader::new(source)),
            // No version of pg_dump writes these; ArchiveCompression::parse never gives them.
            Compression::Bzip2 | Compression::Xz => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "no archive is compressed like this"));
            }
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How much is read from a file at once, in bytes.
pub const READ_SIZE: usize = 128 * 1024;

/// `xz -9` needs 65 MiB (xz(1), section on presets); what asks for more is refused.
const XZ_MEMORY: u64 = 80 << 20;

fn zstd_decoder<R: BufRead>(source: R) -> io::Result<zstd::stream::read::Decoder<'static, R>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

/// The widest window is 2^27 bytes, 128 MiB: what zstd's own tool takes without an option (ZSTD_WINDOWLOG_LIMIT_DEFAULT
/// in lib/zstd.h of zstd 1.5.7), and what pg_dump writes at most, with `zstd:long` and at level 22 too
/// (ZSTD_LDM_DEFAULT_WINDOW_LOG in lib/compress/zstd_ldm.h). A window is held in memory whole, and a file of a few bytes
/// can ask for 2 GiB.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Says what has to be done about a file whose author asked for more memory than is given.
struct Bounded<R>(R);

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| {
            let xz = error.get_ref().and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>());
            // The zstd crate keeps the error's number to itself; this is ERR_getErrorString in lib/common/error_private.c
            // for ZSTD_error_frameParameter_windowTooLarge.
            let what = if error.to_string() == "Frame requires too much memory for decoding" {
                "more than 128 MiB, as zstd --long=28 and above do"
            } else if matches!(xz, Some(liblzma::stream::Error::MemLimit)) {
                "more than 80 MiB, which no preset of xz does"
            } else {
                return error;
            };
            let what = format!("it asks for {what}; compress it again without a larger window");
            io::Error::new(io::ErrorKind::OutOfMemory, what)
        })
    }
}
