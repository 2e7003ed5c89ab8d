//! PostgreSQL's own hash of a text, so that a server can make the same sum.

/// What `hashtextextended(text COLLATE "C", 0)` gives for these bytes: hash_bytes_extended in src/common/hashfn.c
/// (PostgreSQL 13 to 18; hash_any_extended in src/backend/access/hash/hashfunc.c of 11 and 12), which is Bob Jenkins'
/// lookup3. With a seed of 0 nothing is mixed in before the first bytes.
///
/// It is no proof against somebody who looks for collisions; it tells rows apart that were damaged by accident.
pub fn hash(bytes: &[u8]) -> i64 {
    let start = 0x9e37_79b9_u32.wrapping_add(bytes.len() as u32).wrapping_add(3_923_095);
    let (mut a, mut b, mut c) = (start, start, start);
    let mut chunks = bytes.chunks_exact(12);
    for chunk in &mut chunks {
        // chunks_exact gives twelve bytes.
        a = a.wrapping_add(word(chunk, 0));
        b = b.wrapping_add(word(chunk, 4));
        c = c.wrapping_add(word(chunk, 8));
        mix(&mut a, &mut b, &mut c);
    }
    // The lowest byte of c is kept for the length, which is mixed in above.
    let mut rest = [0; 12];
    let left = chunks.remainder();
    for (index, byte) in left.iter().enumerate() {
        rest[index + usize::from(index >= 8)] = *byte;
    }
    a = a.wrapping_add(word(&rest, 0));
    b = b.wrapping_add(word(&rest, 4));
    c = c.wrapping_add(word(&rest, 8));
    last_mix(&mut a, &mut b, &mut c);
    (u64::from(b) << 32 | u64::from(c)) as i64
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
}
