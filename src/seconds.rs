//! Durations in JSON: seconds as a number with at most three decimals, `12.345`.
//!
//! For `#[serde(with = "…")]`. Finer than a millisecond would be noise in a report about restores.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes seconds, rounded to milliseconds.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// Reads seconds.
///
/// # Errors
/// Where the value is no number, negative or too large for a duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    let duration = Duration::try_from_secs_f64(seconds)
        .map_err(|_| D::Error::custom(format!("{seconds} is no duration in seconds")))?;
    Ok(Duration::from_millis((duration.as_secs_f64() * 1000.0).round() as u64))
}
