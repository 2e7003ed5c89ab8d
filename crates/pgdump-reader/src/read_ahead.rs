//! Reads ahead: one thread decompresses while another looks at what has come out.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, Scope};

/// How many pieces are read ahead, and how large they are.
const PIECES: usize = 4;
const PIECE: usize = 256 * 1024;

type Piece = io::Result<Vec<u8>>;

/// Gives what a source gives, which another thread reads. An error comes at its place, and last.
pub(crate) struct ReadAhead {
    full: Receiver<Piece>,
    empty: Sender<Vec<u8>>,
    piece: Vec<u8>,
    position: usize,
}

impl ReadAhead {
    /// The thread ends when the source does, or soon after this is dropped.
    pub(crate) fn of<R: Read + Send + 'static>(source: R) -> Self {
        let (ahead, full, empty) = Self::new();
        thread::spawn(move || read(source, &full, &empty));
        ahead
    }

    /// The same for a source that is borrowed.
    pub(crate) fn within<'scope, R: Read + Send + 'scope>(scope: &'scope Scope<'scope, '_>, source: R) -> Self {
        let (ahead, full, empty) = Self::new();
        scope.spawn(move || read(source, &full, &empty));
        ahead
    }

    fn new() -> (Self, SyncSender<Piece>, Receiver<Vec<u8>>) {
        let (full_in, full) = sync_channel(PIECES);
        let (empty, empty_out) = channel();
        (Self { full, empty, piece: Vec::new(), position: 0 }, full_in, empty_out)
    }
}

fn read(mut source: impl Read, full: &SyncSender<Piece>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut piece = empty.try_recv().unwrap_or_default();
        piece.resize(PIECE, 0);
        let mut filled = 0;
        let error = loop {
            match source.read(&mut piece[filled..]) {
                Ok(0) => break None,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
            if filled == PIECE {
                break None;
            }
        };
        piece.truncate(filled);
        let last = filled < PIECE;
        // Where nobody listens any more there is nothing left to do.
        if filled > 0 && full.send(Ok(piece)).is_err() {
            return;
        }
        if let Some(error) = error {
            let _ = full.send(Err(error));
        }
        if last {
            return;
        }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position == self.piece.len() {
            let next = match self.full.recv() {
                Ok(next) => next?,
                Err(_) => return Ok(0),
            };
            let _ = self.empty.send(std::mem::replace(&mut self.piece, next));
            self.position = 0;
        }
        let read = out.len().min(self.piece.len() - self.position);
        out[..read].copy_from_slice(&self.piece[self.position..self.position + read]);
        self.position += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `left` bytes, then an error if there is one.
    struct Source {
        left: usize,
        error: Option<io::ErrorKind>,
    }

    impl Read for Source {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let read = out.len().min(self.left).min(10_007);
            for byte in &mut out[..read] {
                *byte = (self.left % 251) as u8;
                self.left -= 1;
            }
            match self.error {
                Some(error) if read == 0 => Err(error.into()),
                _ => Ok(read),
            }
        }
    }

    #[test]
    fn all_bytes_arrive_and_then_the_end() {
        for left in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3_000_000] {
            let (mut direct, mut ahead) = (Vec::new(), Vec::new());
            Source { left, error: None }.read_to_end(&mut direct).unwrap();
            ReadAhead::of(Source { left, error: None }).read_to_end(&mut ahead).unwrap();
            assert_eq!(ahead.len(), left);
            assert!(ahead == direct, "{left} bytes");
        }
    }

    #[test]
    fn an_error_comes_after_what_came_before_it() {
        let mut ahead = Vec::new();
        let source = Source { left: 300_000, error: Some(io::ErrorKind::UnexpectedEof) };
        let error = ReadAhead::of(source).read_to_end(&mut ahead).unwrap_err();
        assert_eq!((ahead.len(), error.kind()), (300_000, io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn a_reader_that_stops_early_ends_the_thread() {
        let mut source = Source { left: 100_000_000, error: None };
        thread::scope(|scope| {
            let mut ahead = ReadAhead::within(scope, &mut source);
            ahead.read_exact(&mut [0; 10]).unwrap();
        });
        assert!(source.left > 0);
    }
}
