//! Sizes and durations as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A number of bytes; in YAML `2GiB`, `64MiB`, `1500kB`, `1.5GiB` or a plain number of bytes.
///
/// `KiB`, `MiB`, `GiB` and `TiB` are powers of 1024; `kB`, `MB`, `GB` and `TB` are powers of 1000 (unlike in
/// postgresql.conf, whose `MB` is a MiB). Upper and lower case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A duration; in YAML `30m`, `90s`, `1h`, `1h30m`, `500ms`. Units: `d`, `h`, `m`, `s`, `ms`, `us`, `ns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

/// Why a text is no size or no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("`{0}` is not a size; write it like `2GiB`, `512MiB` or `1500kB`")]
    NotASize(String),
    #[error("`{0}` is not a whole number of bytes")]
    FractionOfAByte(String),
    #[error("`{0}` is not a duration; write it like `30m`, `90s` or `1h30m`")]
    NotADuration(String),
    #[error("`{0}` has no unit; write it like `{0}s` or `{0}m`")]
    NoUnit(String),
    #[error("`{text}` has its units out of order; write the larger one first, each once")]
    UnitsOutOfOrder { text: String },
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// Printing takes the first of these with the shortest text, so the powers of 1024 come first.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Units in nanoseconds, largest first.
const DURATIONS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let not_a_size = || UnitError::NotASize(shortened(text));
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim_start_matches(' '));
        let factor = match unit {
            "" => 1,
            unit => SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(not_a_size)?.1,
        };

        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || fraction.contains('.') || number.ends_with('.') {
            return Err(not_a_size());
        }
        let fraction = fraction.trim_end_matches('0');
        let too_large = |_| UnitError::TooLarge(shortened(text));
        let whole: u64 = whole.parse().map_err(too_large)?;
        // No unit has more than 40 binary or 12 decimal places: a longer fraction cannot be whole bytes.
        if fraction.len() > 40 {
            return Err(UnitError::FractionOfAByte(shortened(text)));
        }
        let fraction_bytes =
            fraction_of(factor, fraction).ok_or_else(|| UnitError::FractionOfAByte(shortened(text)))?;
        let bytes = u128::from(whole) * u128::from(factor) + u128::from(fraction_bytes);
        u64::try_from(bytes).map(ByteSize).map_err(too_large_128(text))
    }
}

fn too_large_128(text: &str) -> impl Fn(std::num::TryFromIntError) -> UnitError + '_ {
    |_| UnitError::TooLarge(shortened(text))
}

/// `factor * 0.fraction` where that is a whole number.
fn fraction_of(factor: u64, fraction: &str) -> Option<u64> {
    // Long multiplication from the last digit: after each step the rest must stay representable as a digit string,
    // so the digits are multiplied in place and what overflows to the left of the point is the result.
    let mut digits: Vec<u64> = fraction.bytes().map(|byte| u64::from(byte - b'0')).collect();
    let mut carry = 0;
    for digit in digits.iter_mut().rev() {
        let product = *digit * factor + carry;
        *digit = product % 10;
        carry = product / 10;
    }
    digits.iter().all(|digit| *digit == 0).then_some(carry)
}

impl fmt::Display for ByteSize {
    /// The shortest text that is exactly this size, `2GiB` rather than `2048MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shortest = SIZES
            .iter()
            .filter(|(_, factor)| self.0.is_multiple_of(*factor) && (self.0 > 0 || *factor == 1))
            .map(|(unit, factor)| format!("{}{unit}", self.0 / factor))
            .min_by_key(String::len)
            .unwrap_or_else(|| format!("{}B", self.0));
        f.write_str(&shortest)
    }
}

impl FromStr for HumanDuration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let not_a_duration = || UnitError::NotADuration(shortened(text));
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UnitError::NoUnit(shortened(text)));
        }
        let mut rest = text;
        let mut nanos: u128 = 0;
        let mut smallest_so_far = u128::MAX;
        while !rest.is_empty() {
            let number_end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(not_a_duration)?;
            let (number, after) = rest.split_at(number_end);
            let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(unit_end);
            if number.is_empty() || unit.is_empty() {
                return Err(not_a_duration());
            }
            let (_, factor) = DURATIONS.iter().find(|(name, _)| *name == unit).ok_or_else(not_a_duration)?;
            if *factor >= smallest_so_far {
                return Err(UnitError::UnitsOutOfOrder { text: shortened(text) });
            }
            smallest_so_far = *factor;
            let number: u64 = number.parse().map_err(|_| UnitError::TooLarge(shortened(text)))?;
            // At most seven terms below 2^64 * 2^47: far from the end of 128 bits.
            nanos += u128::from(number) * factor;
            rest = after;
        }
        if smallest_so_far == u128::MAX {
            return Err(not_a_duration());
        }
        let seconds = u64::try_from(nanos / 1_000_000_000).map_err(too_large_128(text))?;
        Ok(Self(Duration::new(seconds, (nanos % 1_000_000_000) as u32)))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, factor) in DURATIONS {
            if rest >= factor {
                write!(f, "{}{unit}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

/// What a user wrote, at a length that fits a message.
fn shortened(text: &str) -> String {
    const ROOM: usize = 40;
    match text.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = ByteSize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as `2GiB`")
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
                Ok(ByteSize(bytes))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DurationVisitor;
        impl Visitor<'_> for DurationVisitor {
            type Value = HumanDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `30m`")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<HumanDuration, E> {
                Err(E::custom(UnitError::NoUnit(number.to_string())))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HumanDuration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(DurationVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(text: &str) -> Result<u64, UnitError> {
        text.parse().map(|ByteSize(bytes)| bytes)
    }

    fn millis(text: &str) -> u128 {
        text.parse::<HumanDuration>().unwrap().0.as_millis()
    }

    #[test]
    fn sizes_are_read_in_binary_and_decimal_units() {
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("512kB"), Ok(512_000));
        assert_eq!(size("1GB"), Ok(1_000_000_000));
        assert_eq!(size("1 gib"), Ok(1 << 30));
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("7B"), Ok(7));
    }

    #[test]
    fn fractions_of_a_unit_are_exact_or_refused() {
        assert_eq!(size("1.5GiB"), Ok(3 << 29));
        assert_eq!(size("0.1GB"), Ok(100_000_000));
        assert_eq!(size("0.0009765625KiB"), Ok(1));
        assert_eq!(size("0.3B"), Err(UnitError::FractionOfAByte("0.3B".into())));
        assert_eq!(size("0.1KiB"), Err(UnitError::FractionOfAByte("0.1KiB".into())));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "GiB", "two", "2 bananas", "-1", "1.GiB", ".5GiB", "1.2.3MB", "2G", "1e3", "1GiB "] {
            assert_eq!(size(text), Err(UnitError::NotASize(text.into())), "{text}");
        }
        assert_eq!(size("99999999999TiB"), Err(UnitError::TooLarge("99999999999TiB".into())));
        assert_eq!(size("99999999999999999999"), Err(UnitError::TooLarge("99999999999999999999".into())));
    }

    #[test]
    fn sizes_print_as_the_shortest_exact_text() {
        for (bytes, text) in [
            (2 << 30, "2GiB"),
            (512_000, "512kB"),
            (64 << 20, "64MiB"),
            (1_000_000_000, "1GB"),
            (1025, "1025B"),
            (0, "0B"),
            (3 << 29, "1536MiB"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(millis("30m"), 1_800_000);
        assert_eq!(millis("90s"), 90_000);
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(millis("500ms"), 500);
        assert_eq!(millis("0s"), 0);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let refused = |text: &str| text.parse::<HumanDuration>().unwrap_err();
        for text in ["", "m", "soon", "-5m", "1.5h", "1h 30m", "5 m", "3w", "1h30"] {
            assert_eq!(refused(text), UnitError::NotADuration(text.into()), "{text}");
        }
        assert_eq!(refused("90"), UnitError::NoUnit("90".into()));
        assert_eq!(refused("5m1h"), UnitError::UnitsOutOfOrder { text: "5m1h".into() });
        assert_eq!(refused("5m5m"), UnitError::UnitsOutOfOrder { text: "5m5m".into() });
        assert_eq!(refused("18446744073709551615d"), UnitError::TooLarge("18446744073709551615d".into()));
    }

    #[test]
    fn durations_print_as_people_write_them() {
        let printed = |millis| HumanDuration(Duration::from_millis(millis)).to_string();
        assert_eq!(printed(1_800_000), "30m");
        assert_eq!(printed(90_000), "1m30s");
        assert_eq!(printed(500), "500ms");
        assert_eq!(printed(0), "0s");
    }

    proptest! {
        #[test]
        fn a_printed_size_reads_back(bytes: u64) {
            prop_assert_eq!(size(&ByteSize(bytes).to_string()), Ok(bytes));
        }

        #[test]
        fn a_printed_duration_reads_back(seconds in 0..=u64::MAX, nanos in 0u32..1_000_000_000) {
            let duration = HumanDuration(Duration::new(seconds, nanos));
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn reading_a_unit_never_panics(text in "[0-9.]{0,50}[a-zA-Z ]{0,4}[0-9]{0,3}\\PC?") {
            let _ = text.parse::<ByteSize>();
            let _ = text.parse::<HumanDuration>();
        }
    }
}
