//! lz4 frames, one after another, each with its end mark and checksum.
//!
//! lz4_flex reads one frame only and takes some frames that stop early for whole ones, so the frame's structure is
//! walked here while its bytes pass (LZ4 Frame Format 1.6.4, doc/lz4_Frame_format.md of lz4).

use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder;

const MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();
/// Skippable frames have the magic numbers 0x184D2A50 to 0x184D2A5F.
const SKIPPABLE: u32 = 0x184D_2A50;

pub(crate) struct Lz4Reader<R: BufRead> {
    state: State<R>,
}

enum State<R: BufRead> {
    Between(R),
    Inside(Box<FrameDecoder<Frame<R>>>),
    Failed,
}

impl<R: BufRead> Lz4Reader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { state: State::Between(source) }
    }
}

impl<R: BufRead> Read for Lz4Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Failed) {
                State::Between(mut source) => {
                    if source.fill_buf()?.is_empty() {
                        self.state = State::Between(source);
                        return Ok(0);
                    }
                    let mut magic = [0; 4];
                    source.read_exact(&mut magic).map_err(|_| cut())?;
                    if u32::from_le_bytes(magic) & !0xf == SKIPPABLE {
                        let mut length = [0; 4];
                        source.read_exact(&mut length).map_err(|_| cut())?;
                        let length = u64::from(u32::from_le_bytes(length));
                        if io::copy(&mut (&mut source).take(length), &mut io::sink())? < length {
                            return Err(cut());
                        }
                        self.state = State::Between(source);
                    } else if magic == MAGIC {
                        self.state = State::Inside(Box::new(FrameDecoder::new(Frame::new(source))));
                    } else {
                        return Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt lz4 frame header"));
                    }
                }
                State::Inside(mut decoder) => {
                    let read = decoder.read(out)?;
                    if read > 0 {
                        self.state = State::Inside(decoder);
                        return Ok(read);
                    }
                    let mut frame = decoder.into_inner();
                    // The decoder may leave the frame's last bytes unread.
                    io::copy(&mut frame, &mut io::sink())?;
                    if frame.part != Part::End {
                        return Err(cut());
                    }
                    self.state = State::Between(frame.source);
                }
                State::Failed => return Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt lz4 frame")),
            }
        }
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the lz4 frame has no end")
}

/// Lets through the bytes of one frame and no more, and knows whether it came to its end.
struct Frame<R> {
    source: R,
    part: Part,
    /// The bytes of this part that are yet to come.
    left: usize,
    /// What was read of the parts that matter: header and block sizes.
    seen: Vec<u8>,
    block_checksums: bool,
    content_checksum: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Magic,
    Flags,
    RestOfHeader,
    BlockSize,
    Block,
    ContentChecksum,
    End,
}

impl<R> Frame<R> {
    fn new(source: R) -> Self {
        Self { source, part: Part::Magic, left: 4, seen: Vec::new(), block_checksums: false, content_checksum: false }
    }

    fn enter(&mut self, part: Part, left: usize) {
        (self.part, self.left) = (part, left);
        self.seen.clear();
    }

    /// Goes on to the next part once a part is whole.
    fn step(&mut self) {
        match self.part {
            Part::Magic => self.enter(Part::Flags, 1),
            Part::Flags => {
                let flags = self.seen.first().copied().unwrap_or(0);
                self.block_checksums = flags & 0x10 != 0;
                self.content_checksum = flags & 0x04 != 0;
                let content_size = if flags & 0x08 != 0 { 8 } else { 0 };
                let dictionary = if flags & 0x01 != 0 { 4 } else { 0 };
                // Block descriptor and header checksum are a byte each.
                self.enter(Part::RestOfHeader, 1 + content_size + dictionary + 1);
            }
            Part::RestOfHeader => self.enter(Part::BlockSize, 4),
            Part::BlockSize => {
                let size = <[u8; 4]>::try_from(self.seen.as_slice()).map_or(0, u32::from_le_bytes);
                if size == 0 {
                    let checksum = if self.content_checksum { 4 } else { 0 };
                    self.enter(Part::ContentChecksum, checksum);
                } else {
                    // The highest bit says that the block is not compressed.
                    let size = (size & 0x7fff_ffff) as usize;
                    self.enter(Part::Block, size + if self.block_checksums { 4 } else { 0 });
                }
            }
            Part::Block => self.enter(Part::BlockSize, 4),
            Part::ContentChecksum => self.enter(Part::End, 0),
            Part::End => {}
        }
        if self.left == 0 && self.part != Part::End {
            self.step();
        }
    }
}

impl<R: BufRead> Read for Frame<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wanted = out.len().min(self.left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = if self.part == Part::Magic {
            // Between two frames the magic number was read already.
            let from = MAGIC.len() - self.left;
            out[..wanted].copy_from_slice(&MAGIC[from..from + wanted]);
            wanted
        } else {
            self.source.read(&mut out[..wanted])?
        };
        if matches!(self.part, Part::Flags | Part::BlockSize) {
            self.seen.extend_from_slice(&out[..read]);
        }
        self.left -= read;
        if self.left == 0 {
            self.step();
        }
        Ok(read)
    }
}
