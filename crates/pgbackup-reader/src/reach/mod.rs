//! How far an archive brings a recovery, and why it ends there: what a server would do, found without one.
//!
//! A server says nothing where a segment is missing; it promotes and is ready. It goes back to an abandoned branch where the newer
//! timeline's segment is missing, and says nothing either. So this follows the server step by step
//! (src/backend/access/transam/xlogrecovery.c of PostgreSQL 15 and 18, xlog.c of 13) and tells what it would not tell.
//!
//! Two things are not followed: what replaying a record does to data pages, and standby mode.

mod ask;
mod beyond;
mod end;
mod found;
mod identify;
mod path;
mod question;
mod replay;
mod run;
mod segment;
mod stops;
mod timelines;
mod why;

pub use ask::{ReachError, reach, stop_at};
pub use end::{Beyond, End, Ended, FellOff, Refusal, ServerWould};
pub use found::Reach;
pub use identify::{Identity, identify};
pub use path::{Ambiguous, ReadFrom, SegmentRead};
pub use question::{Asked, BackupFrom, Goal, Point, Question, Start};
pub use replay::{KEPT_RESTORE_POINTS, RestorePoint};
pub(crate) use run::{RunEnd, RunPages};
pub use stops::{Outcome, StopAt};
