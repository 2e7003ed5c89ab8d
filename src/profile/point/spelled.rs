//! Points in a profile: a text, or a map whose values have places of their own for what is wrong with them.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use super::{PointError, lsn_of, lsn_text, name_of, xid_of};
use crate::profile::types::{Point, PointTime};

/// A key of a point's map. One that is none is refused where it stands.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Time,
    Lsn,
    Xid,
    Name,
    Inclusive,
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value, inclusive) = match self {
            Self::Latest | Self::Immediate => return serializer.collect_str(self),
            Self::Time { time, inclusive } => ("time", time.to_string(), *inclusive),
            Self::Lsn { lsn, inclusive } => ("lsn", lsn_text(*lsn), *inclusive),
            Self::Xid { xid, inclusive } => ("xid", xid.to_string(), *inclusive),
            Self::Name(name) => ("name", name.clone(), true),
        };
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Xid { xid, .. } => map.serialize_entry(key, xid)?,
            _ => map.serialize_entry(key, &value)?,
        }
        if !inclusive {
            map.serialize_entry("inclusive", &false)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PointVisitor)
    }
}

struct PointVisitor;

impl<'de> Visitor<'de> for PointVisitor {
    type Value = Point;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point such as `latest`, `{time: -1h}` or `{name: RESTORE_POINT}`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Point, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Point, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Point, A::Error> {
        let (mut point, mut inclusive) = (None, None);
        while let Some(key) = map.next_key()? {
            let read = match key {
                Key::Time => Point::Time { time: map.next_value()?, inclusive: true },
                Key::Lsn => Point::Lsn { lsn: map.next_value::<Lsn>()?.0, inclusive: true },
                Key::Xid => Point::Xid { xid: map.next_value::<Xid>()?.0, inclusive: true },
                Key::Name => Point::Name(map.next_value::<Name>()?.0),
                Key::Inclusive => {
                    inclusive = Some(map.next_value::<bool>()?);
                    continue;
                }
            };
            if point.replace(read).is_some() {
                let why = "a point is one of `time`, `lsn`, `xid` and `name`; PostgreSQL stops at one of them only";
                return Err(de::Error::custom(why));
            }
        }
        let Some(mut point) = point else {
            return Err(de::Error::custom("a point needs one of `time`, `lsn`, `xid` and `name`"));
        };
        match (&mut point, inclusive) {
            (_, None) => {}
            (
                Point::Time { inclusive, .. } | Point::Lsn { inclusive, .. } | Point::Xid { inclusive, .. },
                Some(wanted),
            ) => *inclusive = wanted,
            (Point::Latest | Point::Immediate | Point::Name(_), Some(_)) => {
                let why = "`inclusive` belongs to `time`, `lsn` and `xid`; at a restore point nothing is";
                return Err(de::Error::custom(why));
            }
        }
        Ok(point)
    }
}

impl<'de> Deserialize<'de> for PointTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfText {
            expecting: "a time such as `2026-11-28T11:08:45Z` or `-1h`",
            read: str::parse,
            numbers: false,
        })
    }
}

struct Lsn(u64);

impl<'de> Deserialize<'de> for Lsn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "an LSN such as `0/D3FEE38`";
        deserializer.deserialize_any(OfText { expecting, read: lsn_of, numbers: false }).map(Self)
    }
}

struct Xid(u32);

impl<'de> Deserialize<'de> for Xid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "a transaction's number such as 11744";
        deserializer.deserialize_any(OfText { expecting, read: xid_of, numbers: true }).map(Self)
    }
}

struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
                name_of(name).map(Name).map_err(E::custom)
            }
        }
        // A name that looks like a number is to be quoted.
        deserializer.deserialize_str(NameVisitor)
    }
}

/// A value that is read from its text.
struct OfText<T> {
    expecting: &'static str,
    read: fn(&str) -> Result<T, PointError>,
    /// Whether a number stands for its text.
    numbers: bool,
}

impl<T> Visitor<'_> for OfText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        match self.numbers {
            true => self.visit_str(&number.to_string()),
            false => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
        }
    }
}
