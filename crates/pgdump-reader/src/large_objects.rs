//! Large objects: counted, and digested page by page as a server keeps them.

use std::io::{self, Read};

use crate::digest::{self, Digest};
use compressed::READ_SIZE;

/// The large objects that a dump holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LargeObjectData {
    /// How many there are.
    pub objects: u64,
    /// Of their data, decompressed.
    pub bytes: u64,
    /// Of their pages: each page's form is `oid:page:hexadecimal`. A server makes the same from `pg_largeobject`.
    pub pages: Digest,
}

/// LOBLKSIZE in src/include/storage/large_object.h: a quarter of a block, which is 8 KiB unless PostgreSQL was built
/// otherwise.
pub const PAGE: usize = 2048;

/// One large object while it is read.
#[derive(Debug)]
pub(crate) struct LargeObject {
    oid: u32,
    page: u32,
    begun: Vec<u8>,
}

impl LargeObject {
    pub(crate) fn new(oid: u32, data: &mut LargeObjectData) -> Self {
        data.objects += 1;
        Self { oid, page: 0, begun: Vec::with_capacity(PAGE) }
    }

    pub(crate) fn take(&mut self, mut piece: &[u8], data: &mut LargeObjectData) {
        data.bytes += piece.len() as u64;
        while !piece.is_empty() {
            let (now, later) = piece.split_at(piece.len().min(PAGE - self.begun.len()));
            self.begun.extend_from_slice(now);
            piece = later;
            if self.begun.len() == PAGE {
                self.end_page(data);
            }
        }
    }

    /// Takes all that a reader gives.
    pub(crate) fn read_from(&mut self, source: &mut dyn Read, data: &mut LargeObjectData) -> io::Result<()> {
        let mut buffer = vec![0; READ_SIZE];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => self.take(&buffer[..read], data),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn finish(mut self, data: &mut LargeObjectData) {
        if !self.begun.is_empty() {
            self.end_page(data);
        }
    }

    fn end_page(&mut self, data: &mut LargeObjectData) {
        let mut form = format!("{}:{}:", self.oid, self.page).into_bytes();
        digest::push_hexadecimal(self.begun.iter().copied(), &mut form);
        data.pages.add(digest::hash(&form));
        self.page += 1;
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_the_same_however_the_pieces_come() {
        let bytes: Vec<u8> = (0..5000_u32).map(|number| (number % 251) as u8).collect();
        let read = |size: usize| {
            let mut data = LargeObjectData::default();
            let mut object = LargeObject::new(16_401, &mut data);
            for piece in bytes.chunks(size) {
                object.take(piece, &mut data);
            }
            object.finish(&mut data);
            data
        };
        let whole = read(5000);
        assert_eq!((whole.objects, whole.bytes, whole.pages.rows), (1, 5000, 3));
        for size in [1, 7, 2047, 2048, 2049, 4096] {
            assert_eq!(read(size), whole);
        }
    }
}
