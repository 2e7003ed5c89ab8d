//! What lies in an archive, without a base backup: every segment is read whole.

mod ask;
mod found;
mod read;
mod timelines;

pub use ask::survey;
pub use found::{Content, Damage, Damaged, Gap, PartialSegment, Polluted, Range, Survey, TimelineSurvey};
