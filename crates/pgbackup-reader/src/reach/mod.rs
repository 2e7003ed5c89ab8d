//! How far an archive brings a recovery, and why it ends there: what a server would do, found without one.
//!
//! A server says nothing where a segment is missing; it promotes and is ready. It goes back to an abandoned branch where the newer
//! timeline's segment is missing, and says nothing either. So this follows the server step by step
//! (src/backend/access/transam/xlogrecovery.c of PostgreSQL 15 and 18, xlog.c of 13) and tells what it would not tell.
//!
//! Not followed are what replaying a record does to data pages, standby mode, and reading ahead: from 15 on a server with
//! `recovery_prefetch` reads up to `wal_decode_buffer_size` (512 kB) ahead of what it replays. Where it meets a file of a wrong size
//! there, or a page of a timeline that is not on the path, it ends before it has replayed what it read over, how much earlier hangs on
//! chance. What is told here is what it does with `recovery_prefetch = off`; in all other cases the two end alike.

mod ask;
mod beyond;
mod end;
mod found;
mod identify;
mod path;
mod question;
mod replay;
mod replayed;
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
pub use replayed::{KEPT_RESTORE_POINTS, RestorePoint};
pub(crate) use run::{RunEnd, RunPages};
pub use stops::{Outcome, StopAt};
