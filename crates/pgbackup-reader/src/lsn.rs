//! Places in the write-ahead log.

use std::fmt;
use std::str::FromStr;

/// A place in the write-ahead log, in bytes since its beginning. It is shown as PostgreSQL shows it: `0/D3FEE38`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// The place that many bytes after this one, or the last one there is.
    #[must_use]
    pub fn plus(self, bytes: u64) -> Self {
        Lsn(self.0.saturating_add(bytes))
    }

    /// How many bytes lie between an earlier place and this one; 0 where that one is not earlier.
    pub fn since(self, earlier: Lsn) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

/// What was to be an LSN and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no LSN, which is written like 0/D3FEE38")]
pub struct BadLsn(pub String);

impl FromStr for Lsn {
    type Err = BadLsn;

    /// As `pg_lsn_in` of PostgreSQL takes it: two hexadecimal numbers of at most eight digits (src/backend/utils/adt/pg_lsn.c).
    fn from_str(text: &str) -> Result<Self, BadLsn> {
        let half = |digits: &str| {
            ((1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit()))
                .then(|| u64::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let (high, low) = text.split_once('/').ok_or_else(|| BadLsn(text.to_owned()))?;
        match (half(high), half(low)) {
            (Some(high), Some(low)) => Ok(Lsn(high << 32 | low)),
            _ => Err(BadLsn(text.to_owned())),
        }
    }
}
