//! The write-ahead log: names of its files, pages, records.

mod bytes;
mod fault;
mod kind;
mod name;
mod page;
mod record;
mod walk;

pub use fault::Fault;
pub use kind::{Checkpoint, Kind, Parameters, Transaction};
pub use name::{Ending, MemberKind, Segment, SegmentName, SegmentSize, parse_member};
pub use page::{Expected, LONG_HEADER, LongHeader, Major, PAGE_SIZE, PageHeader, SHORT_HEADER};
pub use record::Record;
pub use walk::{Pages, Stop, Walker};
