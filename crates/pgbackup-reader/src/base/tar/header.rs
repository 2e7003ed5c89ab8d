//! One header block of a tar archive (POSIX.1-1988 ustar, and what GNU made of it).

/// Archives consist of blocks of this many bytes.
pub(super) const BLOCK: usize = 512;

/// A header's fields.
pub(super) struct Header {
    pub(super) path: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) kind: u8,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) modified: i64,
}

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Its own checksum does not hold.
    #[error("its checksum does not hold")]
    Checksum,
    /// A field is no number.
    #[error("its {0} is no number")]
    Number(&'static str),
    /// A directory or link claims to have content.
    #[error("it is a directory or a link and yet has content")]
    Content,
}

impl Header {
    pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Self, HeaderFault> {
        let stated = number(&block[148..156]).ok_or(HeaderFault::Checksum)?;
        let sum: u64 =
            block.iter().enumerate().map(|(at, &b)| if (148..156).contains(&at) { 32 } else { u64::from(b) }).sum();
        if stated != sum {
            return Err(HeaderFault::Checksum);
        }
        let mut path = text(&block[..100]).to_vec();
        // GNU's own form keeps other things where POSIX has the path's first part.
        let prefix = text(&block[345..500]);
        if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
            path = [prefix, b"/", &path].concat();
        }
        Ok(Self {
            path,
            target: text(&block[157..257]).to_vec(),
            kind: block[156],
            mode: number(&block[100..108]).unwrap_or(0o600) as u32 & 0o7777,
            size: number(&block[124..136]).ok_or(HeaderFault::Number("size"))?,
            modified: number(&block[136..148]).and_then(|n| i64::try_from(n).ok()).unwrap_or_default(),
        })
    }
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// A number in octal digits, or where its first bit is set in the base of 256, as PostgreSQL and GNU write sizes from 8 GiB on
/// (`print_tar_number` in src/port/tar.c).
fn number(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        let value = field.last_chunk::<8>()?;
        let rest = &field[1..field.len() - 8];
        return rest.iter().all(|&b| b == 0).then(|| u64::from_be_bytes(*value));
    }
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|&b| b == 0 || b == b' ').unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let valid = !digits.is_empty()
        && digits.iter().all(|b| (b'0'..=b'7').contains(b))
        && rest.iter().all(|&b| b == 0 || b == b' ');
    valid.then(|| digits.iter().fold(0u64, |sum, digit| sum << 3 | u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_forms() {
        assert_eq!(number(b"00000000144 "), Some(100));
        assert_eq!(number(b"   144\0\0"), Some(100));
        assert_eq!(number(b"777777777777"), Some((1 << 36) - 1));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\x01"), Some(0x2_0000_0001));
        for bad in [
            &b"\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x80\x01\0\0\0\0\0\0\0\0\0\0",
            b"        ",
            b"12 34567",
            b"0000009 ",
            b"-0000001",
        ] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }
}
