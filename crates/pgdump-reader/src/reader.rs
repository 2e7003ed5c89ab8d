//! The text of a plain dump, decompressed, with a count of how far the file has been read.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The decompressed text. An error while reading means that the file is damaged or cannot be read.
pub struct Reader {
    inner: Box<dyn Read + Send>,
    consumed: Arc<AtomicU64>,
}

impl Reader {
    pub(crate) fn new(inner: Box<dyn Read + Send>, consumed: Arc<AtomicU64>) -> Self {
        Self { inner, consumed }
    }

    /// How many bytes of the file (not of the text) have been read; shared, so that progress can be shown meanwhile.
    pub fn consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.read(out)
    }
}

/// Counts what passes.
pub(crate) struct Counting<R> {
    pub(crate) inner: R,
    pub(crate) count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
