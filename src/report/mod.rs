//! What draws the report of a run: for people, for machines, and while the run goes on.

mod canvas;
pub mod inspect;
pub mod json;
mod labels;
pub mod live;
pub mod page;
#[cfg(test)]
mod sample;
pub mod spec;
pub mod terminal;
pub mod text;

pub use crate::session::{Report, SCHEMA, SourceFacts, SourceKind};
