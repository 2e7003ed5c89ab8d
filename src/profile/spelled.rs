//! How the values of a profile that are words or numbers are spelled. Each is read by hand: serde's `untagged` would lose what
//! was expected, and with it the error message.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::types::{Client, Jobs, Setting};
use crate::postgres::Major;

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SettingVisitor;
        impl Visitor<'_> for SettingVisitor {
            type Value = Setting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a setting's value: text, a number, true or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Setting, E> {
                Ok(Setting(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Setting, E> {
                Ok(Setting(if on { "on" } else { "off" }.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Setting, E> {
                Ok(Setting(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Setting, E> {
                Ok(Setting(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Setting, E> {
                Ok(Setting(number.to_string()))
            }
        }
        deserializer.deserialize_any(SettingVisitor)
    }
}

/// A word, or a whole number instead of it, in quotes or not.
struct WordOrNumber<T> {
    word: &'static str,
    expecting: &'static str,
    of_word: T,
    of_number: fn(u16) -> T,
}

impl<T> Visitor<'_> for WordOrNumber<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        match text.parse() {
            _ if text == self.word => Ok(self.of_word),
            Ok(number) => Ok((self.of_number)(number)),
            Err(_) => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        match u16::try_from(number) {
            Ok(number) => Ok((self.of_number)(number)),
            Err(_) => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Major {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MajorVisitor;
        impl Visitor<'_> for MajorVisitor {
            type Value = Major;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a major version such as 17")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Major, E> {
                match u16::try_from(number) {
                    Ok(number) => Ok(Major(number)),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Major, E> {
                text.parse().map(Major).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(MajorVisitor)
    }
}

impl Serialize for Client {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Target => serializer.serialize_str("target"),
            Self::Major(Major(major)) => serializer.serialize_u16(*major),
        }
    }
}

impl<'de> Deserialize<'de> for Client {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrNumber {
            word: "target",
            expecting: "`target` or a major version such as 17",
            of_word: Client::Target,
            of_number: |major| Client::Major(Major(major)),
        })
    }
}

impl Serialize for Jobs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Exactly(jobs) => serializer.serialize_u16(*jobs),
        }
    }
}

impl<'de> Deserialize<'de> for Jobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrNumber {
            word: "auto",
            expecting: "`auto` or a number of jobs",
            of_word: Jobs::Auto,
            of_number: Jobs::Exactly,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(yaml: &str) -> Result<T, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_take_every_scalar_as_postgresql_would() {
        for (yaml, text) in
            [("256", "256"), ("true", "on"), ("false", "off"), ("64MB", "64MB"), ("1.1", "1.1"), ("-1", "-1")]
        {
            assert_eq!(read(yaml), Ok(Setting(text.into())), "{yaml}");
        }
        assert!(read::<Setting>("[1]").is_err());
        assert!(read::<Setting>("~").is_err());
    }

    #[test]
    fn client_and_jobs_are_a_word_or_a_number() {
        assert_eq!(read("target"), Ok(Client::Target));
        assert_eq!(read("16"), Ok(Client::Major(Major(16))));
        assert_eq!(read("auto"), Ok(Jobs::Auto));
        assert_eq!(read("4"), Ok(Jobs::Exactly(4)));
        assert!(read::<Jobs>("many").unwrap_err().contains("expected `auto` or a number of jobs"));
        assert!(read::<Client>("-1").is_err());
        assert!(read::<Client>("70000").is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        for client in [Client::Target, Client::Major(Major(9))] {
            assert_eq!(read(&serde_yaml::to_string(&client).unwrap()), Ok(client));
        }
        for jobs in [Jobs::Auto, Jobs::Exactly(3)] {
            assert_eq!(read(&serde_yaml::to_string(&jobs).unwrap()), Ok(jobs));
        }
        let on = Setting("on".into());
        assert_eq!(read(&serde_yaml::to_string(&on).unwrap()), Ok(on));
    }
}
