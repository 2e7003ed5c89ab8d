//! The characters of a dump's names and statements.

use encoding_rs::Encoding;

/// How the bytes of a dump become text: as its `client_encoding` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8, one that is not known here, or SQL_ASCII, which is any. What is no UTF-8 is read as Latin-1, so that different
    /// names stay different.
    #[default]
    Unknown,
    /// Each byte is the character of that number.
    Latin1,
    Of(&'static Encoding),
}

/// PostgreSQL's encodings by their names without signs (src/common/encnames.c), and those of the Encoding Standard that hold
/// their characters. Those of 2004 are read as what they extend. The standard has none for EUC_TW, JOHAB and MULE_INTERNAL.
const KNOWN: &[(&str, &Encoding)] = &[
    ("abc", encoding_rs::WINDOWS_1258),
    ("alt", encoding_rs::IBM866),
    ("big5", encoding_rs::BIG5),
    ("euccn", encoding_rs::GBK),
    ("eucjis2004", encoding_rs::EUC_JP),
    ("eucjp", encoding_rs::EUC_JP),
    ("euckr", encoding_rs::EUC_KR),
    ("gb18030", encoding_rs::GB18030),
    ("gbk", encoding_rs::GBK),
    ("iso885910", encoding_rs::ISO_8859_10),
    ("iso885913", encoding_rs::ISO_8859_13),
    ("iso885914", encoding_rs::ISO_8859_14),
    ("iso885915", encoding_rs::ISO_8859_15),
    ("iso885916", encoding_rs::ISO_8859_16),
    ("iso88592", encoding_rs::ISO_8859_2),
    ("iso88593", encoding_rs::ISO_8859_3),
    ("iso88594", encoding_rs::ISO_8859_4),
    ("iso88595", encoding_rs::ISO_8859_5),
    ("iso88596", encoding_rs::ISO_8859_6),
    ("iso88597", encoding_rs::ISO_8859_7),
    ("iso88598", encoding_rs::ISO_8859_8),
    ("iso88599", encoding_rs::WINDOWS_1254),
    ("koi8", encoding_rs::KOI8_R),
    ("koi8r", encoding_rs::KOI8_R),
    ("koi8u", encoding_rs::KOI8_U),
    ("latin10", encoding_rs::ISO_8859_16),
    ("latin2", encoding_rs::ISO_8859_2),
    ("latin3", encoding_rs::ISO_8859_3),
    ("latin4", encoding_rs::ISO_8859_4),
    ("latin5", encoding_rs::WINDOWS_1254),
    ("latin6", encoding_rs::ISO_8859_10),
    ("latin7", encoding_rs::ISO_8859_13),
    ("latin8", encoding_rs::ISO_8859_14),
    ("latin9", encoding_rs::ISO_8859_15),
    ("mskanji", encoding_rs::SHIFT_JIS),
    ("shiftjis", encoding_rs::SHIFT_JIS),
    ("shiftjis2004", encoding_rs::SHIFT_JIS),
    ("sjis", encoding_rs::SHIFT_JIS),
    ("tcvn", encoding_rs::WINDOWS_1258),
    ("tcvn5712", encoding_rs::WINDOWS_1258),
    ("uhc", encoding_rs::EUC_KR),
    ("vscii", encoding_rs::WINDOWS_1258),
    ("win", encoding_rs::WINDOWS_1251),
    ("win1250", encoding_rs::WINDOWS_1250),
    ("win1251", encoding_rs::WINDOWS_1251),
    ("win1252", encoding_rs::WINDOWS_1252),
    ("win1253", encoding_rs::WINDOWS_1253),
    ("win1254", encoding_rs::WINDOWS_1254),
    ("win1255", encoding_rs::WINDOWS_1255),
    ("win1256", encoding_rs::WINDOWS_1256),
    ("win1257", encoding_rs::WINDOWS_1257),
    ("win1258", encoding_rs::WINDOWS_1258),
    ("win866", encoding_rs::IBM866),
    ("win874", encoding_rs::WINDOWS_874),
    ("win932", encoding_rs::SHIFT_JIS),
    ("win936", encoding_rs::GBK),
    ("win949", encoding_rs::EUC_KR),
    ("win950", encoding_rs::BIG5),
];

impl Charset {
    /// That of an encoding by any of its names; PostgreSQL takes them in any case and with any signs between.
    pub(crate) fn of(encoding: Option<&str>) -> Self {
        let name = encoding.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric);
        let name = name.collect::<String>().to_lowercase().replace("windows", "win");
        match name.as_str() {
            "latin1" | "iso88591" => Charset::Latin1,
            name => KNOWN
                .iter()
                .find(|(known, _)| *known == name)
                .map_or(Charset::Unknown, |(_, encoding)| Charset::Of(encoding)),
        }
    }

    /// Bytes of a dump as a string.
    pub(crate) fn text(self, bytes: Vec<u8>) -> String {
        match self {
            Charset::Unknown => String::from_utf8(bytes).unwrap_or_else(|error| latin1(error.as_bytes())),
            Charset::Latin1 => latin1(&bytes),
            Charset::Of(encoding) => decoded(encoding, &bytes).unwrap_or_else(|| latin1(&bytes)),
        }
    }

    /// The bytes that [`Charset::text`] has made this string of.
    pub(crate) fn bytes(self, text: &str) -> Vec<u8> {
        let single = || {
            let bytes = text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect::<Option<Vec<u8>>>();
            // What is UTF-8 was not read byte by byte.
            bytes.filter(|bytes| self == Charset::Latin1 || std::str::from_utf8(bytes).is_err())
        };
        let known = match self {
            Charset::Of(encoding) => {
                let (bytes, _, unmappable) = encoding.encode(text);
                (!unmappable && decoded(encoding, &bytes).as_deref() == Some(text)).then(|| bytes.into_owned())
            }
            Charset::Unknown | Charset::Latin1 => None,
        };
        known.or_else(single).unwrap_or_else(|| text.as_bytes().to_vec())
    }

    /// The same of a text with places in it, which move to where they are in the string. Places do not lie within characters.
    pub(crate) fn text_with(self, bytes: Vec<u8>, places: &mut [&mut usize]) -> String {
        let bytes = match self {
            _ if bytes.is_ascii() => return self.text(bytes),
            Charset::Unknown => match String::from_utf8(bytes) {
                Ok(text) => return text,
                Err(error) => error.into_bytes(),
            },
            Charset::Latin1 | Charset::Of(_) => bytes,
        };
        let piece = |bytes: &[u8]| match self {
            Charset::Of(encoding) => decoded(encoding, bytes).unwrap_or_else(|| latin1(bytes)),
            Charset::Unknown | Charset::Latin1 => latin1(bytes),
        };
        let mut text = String::with_capacity(bytes.len() * 3 / 2);
        let mut read = 0;
        places.sort_unstable();
        for place in places.iter_mut() {
            if let Some(passed) = bytes.get(read..**place) {
                text.push_str(&piece(passed));
                read = **place;
            }
            **place = text.len();
        }
        text.push_str(&piece(bytes.get(read..).unwrap_or_default()));
        text
    }
}

/// The bytes that a name or statement has in a dump whose `client_encoding` is this one.
pub fn bytes_of(text: &str, encoding: &str) -> Vec<u8> {
    Charset::of(Some(encoding)).bytes(text)
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_characters_of_the_dumps_encoding() {
        for (encoding, bytes, wanted) in [
            ("UTF8", "表".as_bytes(), "表"),
            ("SJIS", b"\x95\x5c", "表"),
            ("Shift_JIS_2004", b"\x95\x5c", "表"),
            ("EUC_JP", b"\xc9\xbd", "表"),
            ("EUC_JIS_2004", b"\xc9\xbd", "表"),
            ("GBK", b"\xb1\xed", "表"),
            ("gb18030", b"\xb1\xed", "表"),
            ("BIG5", b"\xaa\xed", "表"),
            ("EUC_KR", b"\xc7\xa5", "표"),
            ("UHC", b"\xc7\xa5", "표"),
            ("KOI8-R", b"\xd4\xc1\xc2", "таб"),
            ("windows-1251", b"\xf2\xe0\xe1", "таб"),
            ("WIN1252", b"\x80\xe9", "€é"),
            ("LATIN9", b"\xa4", "€"),
            // Valid UTF-8 by chance.
            ("LATIN1", b"\xc3\xa9", "Ã©"),
            ("SQL_ASCII", b"\xe9", "é"),
            ("EUC_TW", b"\xe9", "é"),
            // What the encoding has no character for stays as it is.
            ("SJIS", b"a\x95", "a\u{95}"),
        ] {
            let charset = Charset::of(Some(encoding));
            assert_eq!(charset.text(bytes.to_vec()), wanted, "{encoding}");
            assert_eq!(charset.bytes(wanted), bytes, "{encoding}");
        }
    }

    #[test]
    fn places_stay_before_the_characters_that_they_were_before() {
        for (encoding, bytes) in [("SJIS", b"x\x95\x5cy\x95\x5cz".to_vec()), ("LATIN1", b"x\xe9y\xe9z".to_vec())] {
            let at = |sign: u8| bytes.iter().position(|byte| *byte == sign).unwrap();
            let (mut z, mut y) = (at(b'z'), at(b'y'));
            let text = Charset::of(Some(encoding)).text_with(bytes.clone(), &mut [&mut z, &mut y]);
            assert_eq!((&text[z..], text[y..].chars().next(), text.chars().count()), ("z", Some('y'), 5), "{encoding}");
        }
    }
}
