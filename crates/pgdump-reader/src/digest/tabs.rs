//! Finds TABs. Values are short, which is what a call of memchr for each is not made for.

/// Where TABs are in a line.
pub(super) struct Tabs<'l> {
    rest: &'l [u8],
    /// Where `rest` begins in the line.
    at: usize,
    /// The highest bit of each byte before `rest` that is a TAB and was not given yet.
    found: u64,
}

impl<'l> Tabs<'l> {
    pub(super) fn of(line: &'l [u8]) -> Self {
        Self { rest: line, at: 0, found: 0 }
    }
}

impl Iterator for Tabs<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        const TABS: u64 = u64::from_ne_bytes([b'\t'; 8]);
        while self.found == 0 {
            let (word, rest) = match self.rest.split_first_chunk::<8>() {
                Some((word, rest)) => (*word, rest),
                None if self.rest.is_empty() => return None,
                None => {
                    let mut word = [0; 8];
                    word[..self.rest.len()].copy_from_slice(self.rest);
                    (word, [].as_slice())
                }
            };
            let other = u64::from_le_bytes(word) ^ TABS;
            self.found = !(((other & LOW) + LOW) | other | LOW);
            self.rest = rest;
            self.at += 8;
        }
        let byte = self.found.trailing_zeros() as usize / 8;
        self.found &= self.found - 1;
        Some(self.at - 8 + byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tab_is_found_and_nothing_else() {
        let line = "\t\u{8}\u{a}\t\t12345678\tжук\u{89}\t\u{ff}a\t".as_bytes();
        for start in 0..line.len() {
            for end in start..=line.len() {
                let part = &line[start..end];
                let expected: Vec<usize> = (0..part.len()).filter(|at| part[*at] == b'\t').collect();
                assert_eq!(Tabs::of(part).collect::<Vec<_>>(), expected, "{part:?}");
            }
        }
    }
}
