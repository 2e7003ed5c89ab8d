#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod archive;
pub mod base;
pub mod history;
mod lsn;
pub mod reach;
pub mod survey;
#[cfg(test)]
mod tests;
mod time;
mod timeline;
pub mod wal;

pub use archive::{Archive, FolderArchive};
pub use history::History;
pub use lsn::{BadLsn, Lsn};
pub use reach::{Question, Reach, reach};
pub use survey::{Survey, survey};
pub use time::{from_postgres, to_postgres};
pub use timeline::Timeline;
pub use wal::{Kind, Major, Segment, SegmentSize};
