//! Profiles: what they say, how they are read, those that come with pgrehearse.
//!
//! A profile goes through these steps, each in its own file: its text becomes a tree that knows where everything stands
//! (`yaml`); variables of the environment (`environment`) and what the dump says of its server (`source`) are filled in;
//! the tree is put over the one that it extends (`document`, `merge`); a matrix makes several of it (`matrix`); each tree
//! becomes a [`Target`] (the types' `Deserialize`), which is checked against what PostgreSQL and pgrehearse can do
//! (`validate`); and targets of several arguments are put together (`load`).

mod builtin;
mod decimal;
mod document;
mod environment;
mod error;
mod expect;
mod glob;
mod load;
mod matrix;
mod merge;
mod names;
mod of_backup;
mod parse;
mod pattern;
mod places;
mod point;
pub mod reserved;
mod rules;
mod scalars;
mod schema;
mod short;
mod show;
mod source;
mod spelled;
mod suggest;
mod types;
mod units;
mod validate;
mod wishes;
mod yaml;

pub use builtin::{BUILTIN, DEMO, RECOVERY_DEMO, builtin, modeline};
pub use error::{Cause, Place, ProfileError, ProfileErrors};
pub use glob::Glob;
pub use load::{load, load_with, made_by, text_of};
pub use parse::{Made, parse, parse_all, parse_with};
pub use pattern::Pattern;
pub use point::PointError;
pub use rules::{Acceptable, KnownFinding, MAX_PROFILE_BYTES, Rules};
pub use schema::{SCHEMA_URL, schema};
pub use source::{DumpFacts, next_major};
pub use suggest::nearest;
pub use types::*;
pub use units::{ByteSize, HumanDuration, UnitError};
pub use wishes::WishError;
pub use yaml::to_text;
