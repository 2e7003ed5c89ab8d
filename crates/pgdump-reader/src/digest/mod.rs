//! What distinguishes rows: a number for each table that a dump and a server can both make, without a row leaving either.
//!
//! A row's *form* is the text of its values, one after another, with a TAB between two and [`NULL`] for NULL. Its hash is
//! PostgreSQL's own ([`hash()`]), and a table's digest is the number of rows and the sum of their hashes: the order of rows
//! does not matter, and digests of parts add up to the digest of the whole. A server makes the same with
//! `sum(hashtextextended(concat(…) COLLATE "C", 0))`.
//!
//! Of two rows that differ, one in 2^64 pairs has the same hash. Values that hold a TAB could run into each other, so
//! could a value that is [`NULL`]'s bytes: neither is what a restore does to rows.

mod batch;
mod copy;
mod escapes;
mod hash;
mod insert;
mod lines;
mod pool;
mod reason;
mod row;
mod tabs;
mod total;
mod zones;

pub use hash::hash;
pub use reason::NoDigest;
pub use row::{Recipe, Row, Treatment};
pub use total::{Digest, NULL};

pub(crate) use copy::CopyDigester;
pub(crate) use insert::{Target, is_plain, split, target, values};
pub(crate) use lines::{CopyLines, read_line};
pub(crate) use row::{RowHasher, push_hexadecimal};
pub(crate) use total::MAX_ROW;
