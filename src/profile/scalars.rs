//! Values that are one of several kinds of YAML scalar. Each is read by hand: serde's `untagged` would lose what was
//! expected, and with it the error message.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

/// A day of the calendar.
pub(super) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<jiff::civil::Date, D::Error> {
    struct DateVisitor;
    impl Visitor<'_> for DateVisitor {
        type Value = jiff::civil::Date;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a date such as 2027-01-31")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_str(DateVisitor)
}

/// An entry that is a name alone, or a map that says more: both directions for a type with `remote = "Self"`, whose own
/// derived functions do the map. `$short` says whether the name alone is enough.
macro_rules! name_or_map {
    ($type:ident, $name:ident, $expecting:literal, |$it:ident| $short:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $it = self;
                if $short { serializer.serialize_str(&self.$name) } else { $type::serialize(self, serializer) }
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct EntryVisitor;
                impl<'de> serde::de::Visitor<'de> for EntryVisitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$type, E> {
                        Ok($type { $name: name.to_owned(), ..$type::default() })
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        $type::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_any(EntryVisitor)
            }
        }
    };
}
pub(super) use name_or_map;

/// An extension's version, as it is written: `1.10` is not the number 1.1.
pub(super) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct VersionVisitor;
    impl<'de> Visitor<'de> for VersionVisitor {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a version such as \"1.10\"")
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }
    }
    deserializer.deserialize_any(VersionVisitor)
}
