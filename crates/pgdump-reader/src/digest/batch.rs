//! Hashes the lines of a text four at a time.

use super::escapes::form_of_line;
use super::hash::{hash, hash_four};
use super::total::Digest;

const LANES: usize = 4;

/// Lines that are yet to be hashed.
#[derive(Default)]
pub(super) struct HashBatch<'t> {
    lines: [&'t [u8]; LANES],
    /// In place of a line that has escapes.
    forms: [Vec<u8>; LANES],
    escaped: [bool; LANES],
    taken: usize,
}

impl<'t> HashBatch<'t> {
    /// Takes a line whose values need no treatment, and where its first backslash is.
    pub(super) fn push(&mut self, line: &'t [u8], backslash: Option<usize>, digest: &mut Digest) {
        let lane = self.taken;
        match backslash {
            None => self.lines[lane] = line,
            Some(backslash) => form_of_line(line, backslash, &mut self.forms[lane]),
        }
        self.escaped[lane] = backslash.is_some();
        self.taken += 1;
        if self.taken == LANES {
            let texts = std::array::from_fn(|lane| self.text(lane));
            for hash in hash_four(texts) {
                digest.add(hash);
            }
            self.taken = 0;
        }
    }

    fn text(&self, lane: usize) -> &[u8] {
        if self.escaped[lane] { &self.forms[lane] } else { self.lines[lane] }
    }

    /// Adds what is left.
    pub(super) fn finish(self, digest: &mut Digest) {
        for lane in 0..self.taken {
            digest.add(hash(self.text(lane)));
        }
    }
}
