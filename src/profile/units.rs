//! Sizes and durations as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use jiff::{Span, SpanRelativeTo, Unit};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A number of bytes; in YAML `2GiB`, `4Gi`, `64 MiB`, `1500kB`, `1.5GiB` or a plain number of bytes.
///
/// `Ki`, `Mi`, `Gi` and `Ti` are powers of 1024; `k`, `M`, `G` and `T` are powers of 1000 (as in Kubernetes; in
/// postgresql.conf an `MB` is a MiB). A `B` may follow. Upper and lower case are the same, and a fraction of a byte is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A duration; in YAML `30m`, `30 min`, `90s`, `1.5h`, `1h 30m`, `500ms`, and what else of weeks and less [`jiff`] reads. A day
/// has 24 hours; months and years are refused, since they differ in length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanDuration(pub Duration);

/// Why a text is no size or no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("`{0}` is not a size; write it like `2GiB`, `512MiB` or `1500kB`")]
    NotASize(String),
    #[error("`{0}` is not a duration; write it like `30m`, `90s` or `1h30m`")]
    NotADuration(String),
    #[error("`{0}` has no unit; write it like `{0}s` or `{0}m`")]
    NoUnit(String),
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

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse_size::parse_size(text).map(ByteSize).map_err(|error| match error {
            parse_size::Error::PosOverflow => UnitError::TooLarge(shortened(text)),
            _ => UnitError::NotASize(shortened(text)),
        })
    }
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
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UnitError::NoUnit(shortened(text)));
        }
        let not_a_duration = || UnitError::NotADuration(shortened(text));
        let span: Span = text.parse().map_err(|_| not_a_duration())?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| not_a_duration())?;
        // A negative one is none.
        Duration::try_from(duration).map(Self).map_err(|_| not_a_duration())
    }
}

impl fmt::Display for HumanDuration {
    /// `1h30m`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None).zero_unit(Unit::Second);
        f.write_str(&printer.unsigned_duration_to_string(&self.0))
    }
}

/// What a user wrote, at a length that fits a message.
pub(super) fn shortened(text: &str) -> String {
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
        assert_eq!(size("4Gi"), Ok(4 << 30));
        assert_eq!(size("4G"), Ok(4_000_000_000));
    }

    #[test]
    fn fractions_of_a_unit_are_exact_as_far_as_bytes_go() {
        assert_eq!(size("1.5GiB"), Ok(3 << 29));
        assert_eq!(size("0.1GB"), Ok(100_000_000));
        assert_eq!(size("0.0009765625KiB"), Ok(1));
        assert_eq!(size("0.1KiB"), Ok(102));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "GiB", "two", "2 bananas", "-1", "1.2.3MB"] {
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
    fn durations_are_read_as_people_write_them() {
        for text in ["30m", "30 min", "30 minutes", "0.5h", "PT30M", "0h 30m"] {
            assert_eq!(millis(text), 1_800_000, "{text}");
        }
        assert_eq!(millis("90s"), 90_000);
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(millis("500ms"), 500);
        assert_eq!(millis("2d"), 172_800_000);
        assert_eq!(millis("0s"), 0);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let refused = |text: &str| text.parse::<HumanDuration>().unwrap_err();
        for text in ["", "m", "soon", "-5m", "5m1h", "5m5m", "2 months", "1h30", "18446744073709551615d"] {
            assert_eq!(refused(text), UnitError::NotADuration(text.into()), "{text}");
        }
        assert_eq!(refused("90"), UnitError::NoUnit("90".into()));
    }

    #[test]
    fn durations_print_as_people_write_them() {
        let printed = |millis| HumanDuration(Duration::from_millis(millis)).to_string();
        assert_eq!(printed(1_800_000), "30m");
        assert_eq!(printed(90_000), "1m30s");
        assert_eq!(printed(5_400_000), "1h30m");
        assert_eq!(printed(500), "500ms");
        assert_eq!(printed(0), "0s");
    }

    proptest! {
        #[test]
        fn a_printed_size_reads_back(bytes: u64) {
            prop_assert_eq!(size(&ByteSize(bytes).to_string()), Ok(bytes));
        }

        #[test]
        fn a_printed_duration_reads_back(seconds in 0..=u64::from(u32::MAX), nanos in 0u32..1_000_000_000) {
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
