//! Reads records of a CSV log as they come, in memory of a fixed size: a statement that fails can be as long as a dump.

/// How many bytes of each field are kept, by column, counted from 0; the columns behind are passed over.
pub const KEPT: [usize; 23] = {
    let mut kept = [256; 23];
    // Message, detail, hint, internal query, context, statement.
    let long = [13, 14, 15, 16, 18, 19];
    let mut at = 0;
    while at < long.len() {
        kept[long[at]] = 64 * 1024;
        at += 1;
    }
    kept
};

/// One record: its first fields, each as far as it is kept.
pub type Record = [Vec<u8>; KEPT.len()];

/// A record that is not whole yet. Every byte is looked at once, however the log is cut into pieces.
#[derive(Debug, Default)]
pub struct Records {
    record: Record,
    column: usize,
    /// Inside of quotes, where commas and line ends are text.
    quoted: bool,
    /// The byte before ended a quoted text, unless another quote follows.
    after_quote: bool,
}

impl Records {
    /// Takes the next piece of the log, and gives each record that it ends.
    pub fn take(&mut self, piece: &[u8], mut whole: impl FnMut(&Record)) {
        for byte in piece.iter().copied() {
            let after_quote = std::mem::take(&mut self.after_quote);
            match byte {
                b'"' if self.quoted => {
                    self.quoted = false;
                    self.after_quote = true;
                }
                b'"' => {
                    self.quoted = true;
                    // Two quotes inside of quotes are one that is meant.
                    if after_quote {
                        self.push(byte);
                    }
                }
                b',' if !self.quoted => self.column += 1,
                b'\n' if !self.quoted => {
                    whole(&self.record);
                    self.record.iter_mut().for_each(Vec::clear);
                    self.column = 0;
                }
                byte => self.push(byte),
            }
        }
    }

    fn push(&mut self, byte: u8) {
        if let (Some(field), Some(kept)) = (self.record.get_mut(self.column), KEPT.get(self.column))
            && field.len() < *kept
        {
            field.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], size: usize) -> Vec<Vec<String>> {
        let (mut records, mut read) = (Records::default(), Vec::new());
        for piece in text.chunks(size) {
            records.take(piece, |record| {
                read.push(record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect());
            });
        }
        read
    }

    #[test]
    fn a_record_is_the_same_wherever_it_is_cut() {
        let text = b"1,\"a \"\"b\"\", c\nd\",,\"\"\n2,x\n3,never ends";
        for size in [1, 2, 3, 7, 100] {
            let records = read(text, size);
            assert_eq!(records.len(), 2, "{size}");
            assert_eq!(records[0][..5], ["1", "a \"b\", c\nd", "", "", ""], "{size}");
            assert_eq!(records[1][..2], ["2", "x"], "{size}");
        }
    }

    #[test]
    fn a_field_is_kept_as_far_as_its_bound_and_the_next_one_is_whole() {
        let long = "x".repeat(3 << 20);
        let text = format!("{},\"{long}\",22,23,24,25\n", ",".repeat(17));
        let record = &read(text.as_bytes(), 64 * 1024)[0];
        assert_eq!((record[18].len(), record[19].as_str(), record[20].as_str()), (KEPT[18], "22", "23"));
    }
}
