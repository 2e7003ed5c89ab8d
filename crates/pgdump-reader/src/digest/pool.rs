//! Digests a long table on several threads: a digest is a sum, so its parts can be made side by side.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::lines::{Tally, end_of_rows};
use super::reason::NoDigest;
use super::row::RowHasher;
use super::total::MAX_ROW;

/// Bytes of text that one thread takes at once.
const CHUNK: usize = 512 * 1024;
/// More threads than this gain nothing: one decompresses, or reads the disk, and has to keep up with them.
const MAX_THREADS: usize = 4;

/// Threads that digest chunks of whole lines.
#[derive(Debug)]
pub(super) struct DigestPool {
    chunks: SyncSender<Vec<u8>>,
    workers: Vec<JoinHandle<Tally>>,
    /// Lines that are yet to be given away; the last one is yet to end.
    pending: Vec<u8>,
    /// How much of it has been searched for the end of a row, and has none: a long row is not searched again with each piece.
    searched: usize,
    /// Whether the line that is being read is longer than is kept.
    too_long: bool,
    ended: bool,
    /// For lines that are so long that several of them at once would take much memory.
    hasher: RowHasher,
    own: Tally,
}

impl DigestPool {
    /// How many threads there would be; one is none.
    pub(super) fn size() -> usize {
        thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
    }

    /// Starts the threads; `begun` is the beginning of a line.
    pub(super) fn new(hasher: &RowHasher, begun: Vec<u8>) -> Self {
        let (chunks, receiver) = sync_channel(Self::size());
        let receiver = Arc::new(Mutex::new(receiver));
        let workers = (0..Self::size()).map(|_| {
            let (receiver, hasher) = (Arc::clone(&receiver), RowHasher::new(hasher.recipe.clone()));
            thread::spawn(move || work(&receiver, hasher))
        });
        let workers = workers.collect();
        let hasher = RowHasher::new(hasher.recipe.clone());
        Self {
            chunks,
            workers,
            pending: begun,
            searched: 0,
            too_long: false,
            ended: false,
            hasher,
            own: Tally::default(),
        }
    }

    pub(super) fn take(&mut self, mut piece: &[u8]) {
        if self.ended {
            return;
        }
        if self.too_long {
            let Some(end) = memchr::memchr(b'\n', piece) else { return };
            self.too_long = false;
            piece = &piece[end + 1..];
        }
        self.pending.extend_from_slice(piece);
        if self.pending.len() < CHUNK {
            return;
        }
        match end_of_rows(&self.pending, self.searched) {
            Some(end) => {
                // Room for the next chunk at once, so that it does not move as it grows.
                let mut rest = Vec::with_capacity(CHUNK + CHUNK / 2);
                rest.extend_from_slice(&self.pending[end..]);
                self.pending.truncate(end);
                self.searched = rest.len();
                let chunk = std::mem::replace(&mut self.pending, rest);
                self.give(chunk);
            }
            None if self.pending.len() > MAX_ROW => {
                self.pending = Vec::new();
                self.searched = 0;
                self.too_long = true;
                self.own.digest.rows += 1;
                self.own.fault = Some(NoDigest::LongRow);
            }
            None => self.searched = self.pending.len(),
        }
    }

    /// Gives whole lines away, up to the line `\.`, which ends them all.
    fn give(&mut self, mut chunk: Vec<u8>) {
        let end = if chunk.starts_with(b"\\.\n") {
            Some(0)
        } else {
            memchr::memmem::find(&chunk, b"\n\\.\n").map(|found| found + 1)
        };
        if let Some(end) = end {
            chunk.truncate(end);
            self.ended = true;
        }
        if chunk.len() > 8 * CHUNK {
            self.own.lines(&chunk, &mut self.hasher);
            return;
        }
        // A worker only goes when this does.
        let _ = self.chunks.send(chunk);
    }

    /// Waits for the threads, and adds up what they have.
    pub(super) fn finish(mut self) -> Tally {
        let pending = std::mem::take(&mut self.pending);
        // A line that never ended is no row.
        if let Some(end) = end_of_rows(&pending, self.searched)
            && !self.ended
        {
            self.give(pending[..end].to_vec());
        }
        drop(self.chunks);
        let mut tally = self.own;
        for worker in self.workers {
            match worker.join() {
                Ok(part) => tally += part,
                // Rows that nobody has counted must not pass for digested.
                Err(_) => tally.fault = Some(NoDigest::Damaged),
            }
        }
        tally
    }
}

fn work(chunks: &Mutex<Receiver<Vec<u8>>>, mut hasher: RowHasher) -> Tally {
    let mut tally = Tally::default();
    loop {
        let Ok(next) = chunks.lock().map(|chunks| chunks.recv()) else { return tally };
        let Ok(chunk) = next else { return tally };
        tally.lines(&chunk, &mut hasher);
    }
}
