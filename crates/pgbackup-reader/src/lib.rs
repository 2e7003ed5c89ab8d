#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod base;
mod lsn;
mod time;
mod timeline;

pub use lsn::{BadLsn, Lsn};
pub use time::{from_postgres, to_postgres};
pub use timeline::Timeline;
