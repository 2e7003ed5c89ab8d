//! Rows of COPY in any form of text, written as pg_dump writes them (CopyReadAttributesText and CopyReadAttributesCSV in
//! src/backend/commands/copyfromparse.c, PostgreSQL 14 to 18; copy.c before).

use crate::copy_format::CopyFormat;
use crate::embedding::Embedding;

/// Writes rows anew, piece by piece.
#[derive(Debug)]
pub(crate) struct Recoder {
    format: CopyFormat,
    embedding: Embedding,
    /// The value that is being read; later bytes of characters have [`LATER`] set.
    field: Vec<u16>,
    /// Whether a part of it was written already: it is too long to be anything but a value.
    begun: bool,
    /// Whether a value of CSV had quotes, and whether it is inside of them.
    quoted: bool,
    inside: bool,
    /// Whether the byte before may have been an escape, or a carriage return that ends the line.
    escaped: bool,
    returned: bool,
    /// Whether anything of the line has come.
    in_line: bool,
    /// Whether the line with names is yet to come.
    skips: bool,
    line: Vec<u8>,
}

const LATER: u16 = 0x100;
/// Values are written so far when they are longer; no marker of NULL is.
const LONG: usize = 1 << 16;

impl Recoder {
    /// `None` where rows are read as they are.
    pub(crate) fn of(format: &CopyFormat, embedding: Embedding) -> Option<Box<Self>> {
        if format.is_usual() && !embedding.is_any() {
            return None;
        }
        Some(Box::new(Self {
            skips: format.header,
            format: format.clone(),
            embedding,
            field: Vec::new(),
            begun: false,
            quoted: false,
            inside: false,
            escaped: false,
            returned: false,
            in_line: false,
            line: Vec::new(),
        }))
    }

    /// Takes a piece that ends anywhere, and gives what is whole of it.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Vec<u8> {
        for byte in piece {
            if self.embedding.is_later(*byte) {
                self.in_line = true;
                self.settle_quote();
                self.field.push(u16::from(*byte) | LATER);
            } else if self.format.csv {
                self.csv(*byte);
            } else {
                self.text(*byte);
            }
            if self.field.len() > LONG {
                self.write_field();
                self.begun = true;
            }
        }
        if self.skips {
            self.line.clear();
        }
        std::mem::take(&mut self.line)
    }

    /// What is left at the end.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        if self.in_line {
            self.settle_quote();
            self.end_line();
        }
        std::mem::take(&mut self.line)
    }

    fn text(&mut self, byte: u8) {
        self.in_line = true;
        if std::mem::take(&mut self.escaped) {
            return self.field.push(u16::from(byte));
        }
        match byte {
            b'\\' => {
                self.escaped = true;
                self.field.push(u16::from(byte));
            }
            b'\n' => {
                if self.field.last() == Some(&u16::from(b'\r')) {
                    self.field.pop();
                }
                self.end_line();
            }
            byte if byte == self.format.delimiter => self.end_field(),
            byte => self.field.push(u16::from(byte)),
        }
    }

    fn csv(&mut self, byte: u8) {
        self.in_line = true;
        let CopyFormat { quote, escape, delimiter, .. } = self.format;
        if self.inside {
            if std::mem::take(&mut self.escaped) {
                if byte == quote || byte == escape {
                    return self.field.push(u16::from(byte));
                }
                if escape != quote {
                    // An escape before anything else is itself.
                    self.field.push(u16::from(escape));
                } else {
                    self.inside = false;
                }
            }
            if self.inside {
                match byte {
                    byte if byte == escape => self.escaped = true,
                    byte if byte == quote => self.inside = false,
                    byte => self.field.push(u16::from(byte)),
                }
                return;
            }
        }
        if std::mem::take(&mut self.returned) && byte != b'\n' {
            self.field.push(u16::from(b'\r'));
        }
        match byte {
            b'\n' => self.end_line(),
            b'\r' => self.returned = true,
            byte if byte == delimiter => self.end_field(),
            byte if byte == quote => (self.inside, self.quoted) = (true, true),
            byte => self.field.push(u16::from(byte)),
        }
    }

    /// A quote of CSV that could have begun an escape was the end.
    fn settle_quote(&mut self) {
        if self.format.csv && std::mem::take(&mut self.escaped) {
            if self.format.escape == self.format.quote {
                self.inside = false;
            } else {
                self.field.push(u16::from(self.format.escape));
            }
        }
        if std::mem::take(&mut self.returned) {
            self.field.push(u16::from(b'\r'));
        }
    }

    fn end_field(&mut self) {
        self.write_field();
        (self.begun, self.quoted) = (false, false);
        self.line.push(b'\t');
    }

    fn end_line(&mut self) {
        self.end_field();
        self.line.pop();
        self.line.push(b'\n');
        self.in_line = false;
        if std::mem::take(&mut self.skips) {
            self.line.clear();
        }
    }

    fn write_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        let is_null = !self.begun
            && !self.quoted
            && field.len() == self.format.null.len()
            && field.iter().zip(&self.format.null).all(|(byte, null)| (*byte & 0xff) as u8 == *null);
        if is_null {
            self.line.extend_from_slice(b"\\N");
            return;
        }
        let mut bytes = field.iter();
        while let Some(byte) = bytes.next() {
            let value = (*byte & 0xff) as u8;
            if !self.format.csv && *byte == u16::from(b'\\') {
                // An escape stays one, but for signs that are none where TAB divides.
                match bytes.next().map(|next| (*next, (*next & 0xff) as u8)) {
                    None => self.line.push(b'\\'),
                    Some((_, b'N')) => self.line.push(b'N'),
                    Some((raw, next)) if raw & LATER != 0 || next == self.format.delimiter => self.plain(next),
                    Some((_, next @ (b'\t' | b'\n' | b'\r'))) => self.plain(next),
                    Some((_, next)) => self.line.extend_from_slice(&[b'\\', next]),
                }
                continue;
            }
            self.plain(value);
        }
    }

    /// A byte that stands for itself.
    fn plain(&mut self, byte: u8) {
        match byte {
            b'\\' => self.line.extend_from_slice(b"\\\\"),
            b'\t' => self.line.extend_from_slice(b"\\t"),
            b'\n' => self.line.extend_from_slice(b"\\n"),
            b'\r' => self.line.extend_from_slice(b"\\r"),
            byte => self.line.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recoded(format: &CopyFormat, encoding: &str, text: &[u8]) -> Vec<u8> {
        let whole = |pieces: &[&[u8]]| {
            let mut recoder = Recoder::of(format, Embedding::of(Some(encoding))).unwrap();
            let mut out: Vec<u8> = pieces.iter().flat_map(|piece| recoder.take(piece)).collect();
            out.extend(recoder.finish());
            out
        };
        let out = whole(&[text]);
        assert_eq!(whole(&text.chunks(1).collect::<Vec<_>>()), out, "in pieces");
        out
    }

    fn as_text(format: &CopyFormat, text: &str) -> String {
        String::from_utf8(recoded(format, "UTF8", text.as_bytes())).unwrap()
    }

    #[test]
    fn csv_is_read_as_the_server_reads_it() {
        let csv = CopyFormat { csv: true, delimiter: b',', null: Vec::new(), ..CopyFormat::default() };
        assert_eq!(as_text(&csv, "1,a b,\n"), "1\ta b\t\\N\n");
        assert_eq!(as_text(&csv, "1,\"\",\"a,\"\"b\"\"\"\r\n"), "1\t\ta,\"b\"\n");
        assert_eq!(as_text(&csv, "\"two\nlines\",x\"y,z\"w\n"), "two\\nlines\txy,zw\n");
        assert_eq!(as_text(&csv, "\"a\tb\",c\\d\n"), "a\\tb\tc\\\\d\n");
        assert_eq!(as_text(&csv, "1,\"end\""), "1\tend\n");
        assert_eq!(as_text(&csv, "a,b\n\n"), "a\tb\n\\N\n");
        let header = CopyFormat { header: true, null: b"NULL".to_vec(), delimiter: b';', ..csv.clone() };
        assert_eq!(as_text(&header, "x;\"y\nz\"\n1;NULL\n\"NULL\";\n"), "1\t\\N\nNULL\t\n");
        let escape = CopyFormat { escape: b'\\', ..csv };
        assert_eq!(as_text(&escape, "\"a\\\"b\\\\c\\d\",e\\f\n"), "a\"b\\\\c\\\\d\te\\\\f\n");
    }

    #[test]
    fn other_signs_between_values_and_for_null_are_read() {
        let pipes = CopyFormat { delimiter: b'|', null: b"NIL".to_vec(), ..CopyFormat::default() };
        assert_eq!(as_text(&pipes, "1|NIL|\\N|a\tb|c\\|d|\\t\\\\|\n"), "1\t\\N\tN\ta\\tb\tc|d\t\\t\\\\\t\n");
        assert_eq!(as_text(&pipes, "1|2\r\n"), "1\t2\n");
        let empty = CopyFormat { null: Vec::new(), ..CopyFormat::default() };
        assert_eq!(as_text(&empty, "\ta\t\\N\n"), "\\N\ta\tN\n");
    }

    #[test]
    fn a_backslash_that_is_part_of_a_character_is_no_escape() {
        let usual = CopyFormat::default();
        assert_eq!(recoded(&usual, "SJIS", b"\x95\x5c\t\\N\tn\x95\x5cn\n"), b"\x95\\\\\t\\N\tn\x95\\\\n\n");
        assert_eq!(recoded(&usual, "GBK", b"a\\tb\t\x81\x5c\\N\n"), b"a\\tb\t\x81\\\\N\n");
        let pipes = CopyFormat { delimiter: b'|', ..CopyFormat::default() };
        assert_eq!(recoded(&pipes, "SJIS", b"\x81\x7c|\x81\x7c\n"), b"\x81\x7c\t\x81\x7c\n");
    }
}
