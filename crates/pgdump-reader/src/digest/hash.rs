//! PostgreSQL's own hash of a text, so that a server can make the same sum.

/// What `hashtextextended(text COLLATE "C", 0)` gives for these bytes: hash_bytes_extended in src/common/hashfn.c
/// (PostgreSQL 13 to 18; hash_any_extended in src/backend/access/hash/hashfunc.c of 11 and 12), which is Bob Jenkins'
/// lookup3. With a seed of 0 nothing is mixed in before the first bytes.
///
/// It is no proof against somebody who looks for collisions; it distinguishes rows that were damaged by accident.
pub fn hash(bytes: &[u8]) -> i64 {
    State::of(bytes).finish(bytes)
}

/// The hashes of four texts. Each step of a hash waits for the one before it; those of another text it need not wait for.
pub(super) fn hash_four(texts: [&[u8]; 4]) -> [i64; 4] {
    let [mut a, mut b, mut c, mut d] = texts.map(State::of);
    let [mut of_a, mut of_b, mut of_c, mut of_d] = texts.map(|text| text.chunks_exact(CHUNK));
    let steps = texts.map(|text| text.len() / CHUNK).into_iter().min().unwrap_or_default();
    for ((of_a, of_b), (of_c, of_d)) in (&mut of_a).zip(&mut of_b).zip((&mut of_c).zip(&mut of_d)).take(steps) {
        a.take(of_a);
        b.take(of_b);
        c.take(of_c);
        d.take(of_d);
    }
    let done = steps * CHUNK;
    [a.finish(&texts[0][done..]), b.finish(&texts[1][done..]), c.finish(&texts[2][done..]), d.finish(&texts[3][done..])]
}

/// Bytes that are mixed in at once.
const CHUNK: usize = 12;

/// A hash that is being made.
struct State {
    a: u32,
    b: u32,
    c: u32,
}

impl State {
    fn of(text: &[u8]) -> Self {
        let start = 0x9e37_79b9_u32.wrapping_add(text.len() as u32).wrapping_add(3_923_095);
        Self { a: start, b: start, c: start }
    }

    #[inline(always)]
    fn add(&mut self, chunk: &[u8]) {
        self.a = self.a.wrapping_add(word(chunk, 0));
        self.b = self.b.wrapping_add(word(chunk, 4));
        self.c = self.c.wrapping_add(word(chunk, 8));
    }

    #[inline(always)]
    fn take(&mut self, chunk: &[u8]) {
        self.add(chunk);
        mix(&mut self.a, &mut self.b, &mut self.c);
    }

    /// Takes all that is left of the text.
    fn finish(mut self, text: &[u8]) -> i64 {
        let mut chunks = text.chunks_exact(CHUNK);
        for chunk in &mut chunks {
            self.take(chunk);
        }
        // The lowest byte of c is kept for the length, which is mixed in above.
        let mut rest = [0; CHUNK];
        for (index, byte) in chunks.remainder().iter().enumerate() {
            rest[index + usize::from(index >= 8)] = *byte;
        }
        self.add(&rest);
        last_mix(&mut self.a, &mut self.b, &mut self.c);
        (u64::from(self.b) << 32 | u64::from(self.c)) as i64
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    *a = a.wrapping_sub(*c) ^ c.rotate_left(4);
    *c = c.wrapping_add(*b);
    *b = b.wrapping_sub(*a) ^ a.rotate_left(6);
    *a = a.wrapping_add(*c);
    *c = c.wrapping_sub(*b) ^ b.rotate_left(8);
    *b = b.wrapping_add(*a);
    *a = a.wrapping_sub(*c) ^ c.rotate_left(16);
    *c = c.wrapping_add(*b);
    *b = b.wrapping_sub(*a) ^ a.rotate_left(19);
    *a = a.wrapping_add(*c);
    *c = c.wrapping_sub(*b) ^ b.rotate_left(4);
    *b = b.wrapping_add(*a);
}

fn last_mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    *c = (*c ^ *b).wrapping_sub(b.rotate_left(14));
    *a = (*a ^ *c).wrapping_sub(c.rotate_left(11));
    *b = (*b ^ *a).wrapping_sub(a.rotate_left(25));
    *c = (*c ^ *b).wrapping_sub(b.rotate_left(16));
    *a = (*a ^ *c).wrapping_sub(c.rotate_left(4));
    *b = (*b ^ *a).wrapping_sub(a.rotate_left(14));
    *c = (*c ^ *b).wrapping_sub(b.rotate_left(24));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_servers() {
        // SELECT hashtextextended(text COLLATE "C", 0), PostgreSQL 17.
        for (text, expected) in [
            ("", -6_939_563_903_564_495_251),
            ("a", 3_591_986_179_850_072_241),
            ("(1,abc,)", 2_112_238_284_322_989_899),
            ("hello world!", -2_866_487_628_948_787_489),
            ("hello world!x", -6_683_131_005_855_957_752),
            ("0123456789012345678901234567890123456789", -1_709_038_554_607_151_176),
            ("жук", -1_814_313_817_975_447_130),
        ] {
            assert_eq!(hash(text.as_bytes()), expected, "{text:?}");
        }
    }
    #[test]
    fn four_texts_at_once_have_the_hashes_that_each_has_alone() {
        let text = "The quick brown fox jumps over the lazy dog, and over the fence behind which it lies.".as_bytes();
        for (a, b, c, d) in [(0, 0, 0, 0), (80, 0, 40, 12), (12, 13, 24, 85), (85, 84, 83, 82), (36, 35, 37, 36)] {
            let texts = [&text[..a], &text[..b], &text[..c], &text[..d]];
            assert_eq!(hash_four(texts), texts.map(hash), "{a}, {b}, {c}, {d} bytes");
        }
    }
}
