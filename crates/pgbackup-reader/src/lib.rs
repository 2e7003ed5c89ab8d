#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod lsn;
mod time;
mod timeline;
pub mod wal;

pub use lsn::{BadLsn, Lsn};
pub use time::{from_postgres, to_postgres};
pub use timeline::Timeline;
pub use wal::{Kind, Major, Segment, SegmentSize};

#[cfg(test)]
mod tests;
