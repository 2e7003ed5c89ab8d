//! Constraints and indexes: are they in force, and does what they promise hold?
//!
//! A restore that builds them itself gives what they promise. What breaks it silently: triggers switched off while rows
//! go in (`--disable-triggers`, `session_replication_role`), and whatever runs after the restore.

mod foreign_keys;
mod indexes;
mod listed;
mod unique;
mod verified;

pub use foreign_keys::ForeignKeys;
pub use indexes::Indexes;
pub use listed::{Unverified, unverified};
pub use unique::Unique;
pub use verified::Verified;
