//! PostgreSQL's times: microseconds since the beginning of the year 2000, UTC (src/include/datatype/timestamp.h).

use jiff::Timestamp;

/// Seconds from 1970 to 2000.
pub(crate) const EPOCH: i64 = 946_684_800;

/// The moment that a record holds; `None` where it lies outside of what can be shown, as it can in a damaged one.
pub fn from_postgres(microseconds: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds.checked_add(EPOCH * 1_000_000)?).ok()
}

/// A moment as PostgreSQL holds it.
pub fn to_postgres(moment: Timestamp) -> i64 {
    moment.as_microsecond() - EPOCH * 1_000_000
}
