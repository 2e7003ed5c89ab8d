//! Which timeline and which base a recovery goes by, as people write it.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use super::suggest;
use super::types::{BaseWish, TimelineWish};
use super::units::shortened;

/// Why a text is no timeline, or no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    #[error("`{0}` is no timeline; write `latest`, `current` or its number, such as `2`")]
    NotATimeline(String),
    /// The files of WAL have it in hexadecimal.
    #[error("`{text}` is a timeline as files are called by it; its number is `{number}`")]
    OfAFile { text: String, number: u32 },
    #[error("timelines begin with 1")]
    NoTimeline,
    #[error("`{text}` is probably no id of a base; did you mean `{meant}`?")]
    NotABase { text: String, meant: &'static str },
    #[error("the id of a base is one line of text")]
    NotAnId,
    #[error("must be more than 0: of so many bases each run takes another")]
    NoSpread,
}

impl FromStr for TimelineWish {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        let text = text.trim();
        match text {
            "latest" => return Ok(Self::Latest),
            "current" => return Ok(Self::Current),
            _ => {}
        }
        let of_a_file =
            (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok()).flatten().filter(|number| *number > 0);
        let decimal = text.bytes().all(|byte| byte.is_ascii_digit());
        match (of_a_file, text.parse()) {
            (Some(number), _) if text.starts_with('0') => Err(WishError::OfAFile { text: text.to_owned(), number }),
            (_, Ok(0)) => Err(WishError::NoTimeline),
            (_, Ok(number)) if decimal => Ok(Self::Exactly(number)),
            (_, _) => Err(WishError::NotATimeline(shortened(text))),
        }
    }
}

impl fmt::Display for TimelineWish {
    /// The text that reads back as the same, which is what `recovery_target_timeline` takes too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Current => f.write_str("current"),
            Self::Exactly(number) => write!(f, "{number}"),
        }
    }
}

impl FromStr for BaseWish {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        let meant = match text.to_ascii_lowercase().as_str() {
            "newest" => return Ok(Self::Newest),
            "oldest" => return Ok(Self::Oldest),
            "latest" | "last" => Some("newest"),
            "earliest" | "first" => Some("oldest"),
            _ => suggest::nearest(text, ["newest", "oldest"]),
        };
        match meant {
            Some(meant) => Err(WishError::NotABase { text: shortened(text), meant }),
            None if text.trim().is_empty() || text.contains(char::is_control) => Err(WishError::NotAnId),
            None => Ok(Self::Id(text.to_owned())),
        }
    }
}

impl Serialize for TimelineWish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Latest | Self::Current => serializer.collect_str(self),
            Self::Exactly(number) => serializer.serialize_u32(*number),
        }
    }
}

impl<'de> Deserialize<'de> for TimelineWish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimelineVisitor;
        impl Visitor<'_> for TimelineVisitor {
            type Value = TimelineWish;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`latest`, `current` or the number of a timeline")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TimelineWish, E> {
                text.parse().map_err(|error| match error {
                    WishError::NotATimeline(_) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
                        E::unknown_variant(text, &["latest", "current"])
                    }
                    other => E::custom(other),
                })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<TimelineWish, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(TimelineVisitor)
    }
}

impl Serialize for BaseWish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Newest => serializer.serialize_str("newest"),
            Self::Oldest => serializer.serialize_str("oldest"),
            Self::Id(id) => serializer.serialize_str(id),
            Self::Spread(bases) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("spread", bases)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for BaseWish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BaseVisitor;
        impl<'de> Visitor<'de> for BaseVisitor {
            type Value = BaseWish;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`newest`, `oldest`, the id of a base, or `{spread: N}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<BaseWish, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<BaseWish, E> {
                // An id can be of digits alone.
                Ok(BaseWish::Id(number.to_string()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BaseWish, A::Error> {
                let mut spread = None;
                while let Some(BaseKey::Spread) = map.next_key()? {
                    spread = Some(map.next_value::<Spread>()?.0);
                }
                spread.map(BaseWish::Spread).ok_or_else(|| de::Error::missing_field("spread"))
            }
        }
        deserializer.deserialize_any(BaseVisitor)
    }
}

/// The key of a base's map. One that is none is refused where it stands.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum BaseKey {
    Spread,
}

/// How many bases take turns.
struct Spread(u32);

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpreadVisitor;
        impl Visitor<'_> for SpreadVisitor {
            type Value = Spread;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bases such as 3")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Spread, E> {
                match u32::try_from(number) {
                    Ok(0) => Err(E::custom(WishError::NoSpread)),
                    Ok(bases) => Ok(Spread(bases)),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }
        }
        deserializer.deserialize_u32(SpreadVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Recovery, parse};

    fn recovery(rest: &str) -> Result<Recovery, String> {
        let text = format!("name: x\npostgres: 17\nrecovery: {{{rest}}}\n");
        parse(&text, "x.yaml").map(|target| target.recovery).map_err(|error| error.to_string())
    }

    #[test]
    fn a_timeline_is_a_word_or_a_number_and_prints_so() {
        for (yaml, wanted) in [
            ("latest", TimelineWish::Latest),
            ("current", TimelineWish::Current),
            ("3", TimelineWish::Exactly(3)),
            ("'12345678'", TimelineWish::Exactly(12_345_678)),
        ] {
            let timeline = recovery(&format!("timeline: {yaml}")).unwrap().timeline;
            assert_eq!(timeline, wanted, "{yaml}");
            assert_eq!(timeline.to_string().parse(), Ok(wanted));
        }
    }

    #[test]
    fn what_is_no_timeline_is_refused_where_it_stands() {
        for (yaml, why) in [
            ("lates", "`recovery.timeline`: `lates` is none of `latest`, `current`; did you mean `latest`?"),
            ("0", "`recovery.timeline`: timelines begin with 1"),
            ("0000000A", "`0000000A` is a timeline as files are called by it; its number is `10`"),
            ("00000010", "`00000010` is a timeline as files are called by it; its number is `16`"),
            ("4294967296", "`4294967296` is no timeline; write `latest`, `current` or its number, such as `2`"),
            ("[2]", "`recovery.timeline` must be `latest`, `current` or the number of a timeline, not a list"),
        ] {
            let refused = recovery(&format!("timeline: {yaml}")).unwrap_err();
            assert!(refused.starts_with("x.yaml:3:22: ") && refused.contains(why), "{yaml}: {refused}");
        }
    }

    #[test]
    fn a_base_is_a_word_an_id_or_several_in_turn() {
        for (yaml, wanted) in [
            ("newest", BaseWish::Newest),
            ("oldest", BaseWish::Oldest),
            ("20261128T110845", BaseWish::Id("20261128T110845".into())),
            ("20261128", BaseWish::Id("20261128".into())),
            ("20261128-110845F_20261129-110845D", BaseWish::Id("20261128-110845F_20261129-110845D".into())),
            ("{spread: 3}", BaseWish::Spread(3)),
        ] {
            assert_eq!(recovery(&format!("base: {yaml}")).unwrap().base, wanted, "{yaml}");
        }
    }

    #[test]
    fn what_is_no_base_is_refused_where_it_stands() {
        for (yaml, why) in [
            ("newst", "x.yaml:3:18: `recovery.base`: `newst` is probably no id of a base; did you mean `newest`?"),
            ("latest", "x.yaml:3:18: `recovery.base`: `latest` is probably no id of a base; did you mean `newest`?"),
            ("first", "x.yaml:3:18: `recovery.base`: `first` is probably no id of a base; did you mean `oldest`?"),
            ("' '", "x.yaml:3:18: `recovery.base`: the id of a base is one line of text"),
            (
                "{spread: 0}",
                "x.yaml:3:27: `recovery.base.spread`: must be more than 0: of so many bases each run takes",
            ),
            ("{spread: many}", "x.yaml:3:27: `recovery.base.spread` must be a number of bases such as 3"),
            ("{spread: -1}", "x.yaml:3:27: `recovery.base.spread` must be"),
            ("{sprad: 3}", "x.yaml:3:19: unknown key `sprad` in `recovery.base`; did you mean `spread`?"),
            ("{}", "missing key `spread` in `recovery.base`"),
        ] {
            let refused = recovery(&format!("base: {yaml}")).unwrap_err();
            assert!(refused.contains(why), "{yaml}: {refused}");
        }
    }
}
