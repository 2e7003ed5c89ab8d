//! A bare zlib stream. flate2's own reader takes a stream that stops early for its end.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

pub(crate) struct ZlibReader<R> {
    source: R,
    inflate: Decompress,
    ended: bool,
}

impl<R: BufRead> ZlibReader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, inflate: Decompress::new(true), ended: false }
    }
}

impl<R: BufRead> Read for ZlibReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !out.is_empty() {
            let input = self.source.fill_buf()?;
            let at_end = input.is_empty();
            let (read_before, written_before) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(input, out, FlushDecompress::None)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "corrupt zlib stream"))?;
            let read = (self.inflate.total_in() - read_before) as usize;
            let written = (self.inflate.total_out() - written_before) as usize;
            self.source.consume(read);
            self.ended = status == Status::StreamEnd;
            if written > 0 {
                return Ok(written);
            }
            if at_end && !self.ended {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the zlib stream has no end"));
            }
            if read == 0 && !self.ended {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt zlib stream"));
            }
        }
        Ok(0)
    }
}
