//! Encodings of clients in which a later byte of a character can be an ASCII sign, a backslash above all.
//!
//! The lengths of characters are those of src/common/wchar.c (pg_encoding_mblen, PostgreSQL 13 to 18).

/// Knows the later bytes of characters, in a stream that is given piece by piece.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Embedding {
    kind: Option<Kind>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Half-width katakana are one byte.
    Sjis,
    /// BIG5, GBK, UHC.
    Two,
    Johab,
    Gb18030,
}

/// Where in a character the stream is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// So many bytes are yet to come.
    Left(u8),
    /// The second byte of a character of GB18030, which decides how long it is.
    Second,
}

impl Embedding {
    /// That of an encoding by any of its names (src/common/encnames.c); of all others no byte needs to be looked at.
    pub(crate) fn of(encoding: Option<&str>) -> Self {
        let name: String =
            encoding.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let kind = match name.as_str() {
            "sjis" | "shiftjis" | "shiftjis2004" | "mskanji" | "win932" | "windows932" => Some(Kind::Sjis),
            "big5" | "win950" | "windows950" | "gbk" | "win936" | "windows936" | "uhc" | "win949" | "windows949" => {
                Some(Kind::Two)
            }
            "johab" => Some(Kind::Johab),
            "gb18030" => Some(Kind::Gb18030),
            _ => None,
        };
        Self { kind, state: State::Between }
    }

    /// Whether there is anything to look at.
    pub(crate) fn is_any(&self) -> bool {
        self.kind.is_some()
    }

    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.kind == other.kind
    }

    /// The same before its first byte.
    pub(crate) fn at_start(&self) -> Self {
        Self { kind: self.kind, state: State::Between }
    }

    /// Whether this byte, which comes next, is a later one of a character.
    pub(crate) fn is_later(&mut self, byte: u8) -> bool {
        let Some(kind) = self.kind else { return false };
        // No character goes over the end of a line.
        if byte == b'\n' {
            self.state = State::Between;
            return false;
        }
        match self.state {
            State::Left(left) => {
                self.state = if left > 1 { State::Left(left - 1) } else { State::Between };
                true
            }
            State::Second => {
                self.state = if byte.is_ascii_digit() { State::Left(2) } else { State::Between };
                true
            }
            State::Between => {
                self.state = match (kind, byte) {
                    (_, 0..=0x7f) | (Kind::Sjis, 0xa1..=0xdf) => State::Between,
                    (Kind::Gb18030, _) => State::Second,
                    (Kind::Johab, 0x8f) => State::Left(2),
                    _ => State::Left(1),
                };
                false
            }
        }
    }

    /// Makes the later bytes of characters such that no sign is among them, as psql does (psqlscan.l).
    pub(crate) fn mask(&mut self, text: &mut [u8]) {
        for byte in text {
            if self.is_later(*byte) {
                *byte = 0xff;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(encoding: &str, text: &[u8]) -> Vec<u8> {
        let mut whole = text.to_vec();
        Embedding::of(Some(encoding)).mask(&mut whole);
        // Pieces may end anywhere.
        let (mut pieces, mut embedding) = (text.to_vec(), Embedding::of(Some(encoding)));
        pieces.chunks_mut(1).for_each(|piece| embedding.mask(piece));
        assert_eq!(whole, pieces);
        whole
    }

    #[test]
    fn later_bytes_of_characters_are_known() {
        assert_eq!(masked("SJIS", b"\x95\x5c'\xb1\\"), b"\x95\xff'\xb1\\");
        assert_eq!(masked("shift_jis_2004", b"\x81\x5f\\"), b"\x81\xff\\");
        assert_eq!(masked("GBK", b"\x81\x5c\\"), b"\x81\xff\\");
        assert_eq!(masked("Big5", b"\xa5\x5c\x5c"), b"\xa5\xff\x5c");
        assert_eq!(masked("GB18030", b"\x81\x30\x81\x30\\\x81\x5c\\"), b"\x81\xff\xff\xff\\\x81\xff\\");
        assert_eq!(masked("JOHAB", b"\x8f\x5c\x5c\\\xa1\x5c"), b"\x8f\xff\xff\\\xa1\xff");
        assert_eq!(masked("UTF8", "表\\".as_bytes()), "表\\".as_bytes());
        // A character that is cut off by the end of the line.
        assert_eq!(masked("SJIS", b"\x95\n\\"), b"\x95\n\\");
    }
}
