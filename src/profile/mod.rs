//! Profiles: what they say, how they are read, those that come with pgrehearse.

mod types;
mod units;

pub use types::*;
pub use units::{ByteSize, HumanDuration};
