//! Profiles: what they say, how they are read, those that come with pgrehearse.
//!
//! A profile goes through four steps, each in its own file: its text becomes a tree that knows where everything stands
//! (`yaml`), the tree becomes a [`Target`] (the types' `Deserialize`), the target is checked against what PostgreSQL
//! and pgrehearse can do (`validate`), and targets of several arguments are put together (`load`).

mod builtin;
mod decimal;
mod encoding;
mod error;
mod expect;
mod glob;
mod load;
mod parse;
mod scalars;
mod suggest;
mod types;
mod units;
mod validate;
mod yaml;

pub use builtin::{BUILTIN, DEMO, builtin};
pub use error::{Cause, Place, ProfileError};
pub use expect::Pattern;
pub use glob::Glob;
pub use load::{load, load_with};
pub use parse::{Acceptable, KnownFinding, MAX_PROFILE_BYTES, Rules, parse, parse_with};
pub use suggest::nearest;
pub use types::*;
pub use units::{ByteSize, HumanDuration, UnitError};
pub use validate::predefined_role_since;
