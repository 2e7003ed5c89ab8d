//! What happens while a run goes on, as typed events.
//!
//! Whoever rehearses sends through [`Events`]; a [`Reporter`] takes every event to all who listen: progress bars, plain log
//! lines, recorders. No other code prints while a run goes on.

mod record;
mod reporter;

pub use record::{JsonLines, Recorder};
pub use reporter::{Events, Listener, Reporter};

use std::time::Duration;

use serde::Serialize;

use crate::verdict::Verdict;

/// One thing that happened in a run. As JSON it is one object with `elapsed`, `source` and `target` of the rehearsal where there is
/// one, `event`, and what belongs to that event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Since the first event of the run, in seconds.
    #[serde(with = "crate::seconds")]
    pub elapsed: Duration,
    /// The rehearsal that it is about; `None` where it is about the run.
    #[serde(flatten)]
    pub rehearsal: Option<RehearsalName>,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What distinguishes a rehearsal from the others of its run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct RehearsalName {
    /// As the report calls it.
    pub source: String,
    pub target: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// Nobody has named targets, and why it is these. Before the run begins.
    TargetsChosen { why: String },
    /// The run begins; every rehearsal will finish, and then the run.
    RunStarted {
        /// In the order of the report.
        rehearsals: Vec<RehearsalName>,
    },
    /// All rehearsals are over, and what they started is removed.
    RunFinished { verdict: Verdict },
    /// A target's turn has come.
    RehearsalStarted,
    /// A rehearsal is over, also one whose turn never came.
    RehearsalFinished {
        verdict: Verdict,
        /// Why it is no pass, in one line; empty for a pass.
        reason: String,
    },
    /// A phase of the rehearsal has begun. A rehearsal is in one phase at a time; some can come again.
    PhaseStarted { phase: Phase },
    PhaseFinished {
        phase: Phase,
        #[serde(with = "crate::seconds")]
        took: Duration,
    },
    /// The image is being pulled: bytes so far, of how many (as far as the registry has said; 0 where it has not).
    Pulling { image: String, done: u64, total: u64 },
    /// The cluster accepts connections.
    SandboxReady { engine: &'static str, server_version: String },
    /// The restore has come this far; a total of 0 is not known.
    Restoring { done: u64, total: u64, unit: Unit },
    /// The client has reported this many errors so far.
    RestoreErrors { count: u64 },
    /// One check has looked. One that looks again, because the server went down meanwhile, finishes again; the last time counts.
    CheckFinished {
        check: &'static str,
        /// The database that it looked at.
        database: String,
        outcome: CheckOutcome,
    },
    /// Something that a person should know and that is no finding; of the whole run, what could not be removed.
    Notice { text: String },
    /// This listener was too slow, and has missed so many events at this place.
    Missed { count: u64 },
}

/// How one look of a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    Looked {
        /// How many findings there are, before the profile has decided what they count as.
        findings: u64,
        /// How many things it should have looked at and could not.
        could_not: u64,
    },
    /// It could not look, and why. The target cannot pass.
    CouldNotLook { reason: String },
}

/// What a rehearsal is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The image is looked for and pulled.
    Image,
    /// The data directory is made, once for each kind of cluster.
    Initdb,
    /// The sandbox starts.
    Start,
    /// Roles, database and settings of the target are made.
    Prepare,
    Restore,
    /// A base backup is unpacked.
    LayOut,
    /// The server recovers: it replays WAL up to the point.
    Replay,
    Check,
    Teardown,
}

impl Phase {
    /// As it is shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Phase::Image => "image",
            Phase::Initdb => "initdb",
            Phase::Start => "start",
            Phase::Prepare => "prepare",
            Phase::Restore => "restore",
            Phase::LayOut => "lay out",
            Phase::Replay => "replay",
            Phase::Check => "check",
            Phase::Teardown => "remove",
        }
    }
}

/// What a restore's progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Bytes,
    /// Entries of the archive's table of contents.
    Entries,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object_of_json() {
        let event = Event {
            elapsed: Duration::from_millis(12_345),
            rehearsal: Some(RehearsalName { source: "shop.dump".to_owned(), target: "rds-like".to_owned() }),
            kind: EventKind::RehearsalFinished { verdict: Verdict::Fail, reason: "role \"x\" is missing".to_owned() },
        };
        let expected = serde_json::json!({
            "elapsed": 12.345,
            "source": "shop.dump",
            "target": "rds-like",
            "event": "rehearsal_finished",
            "verdict": "fail",
            "reason": "role \"x\" is missing",
        });
        assert_eq!(serde_json::to_value(&event).unwrap(), expected);
    }

    #[test]
    fn an_event_of_the_whole_run_is_of_no_rehearsal() {
        let one = RehearsalName { source: "shop.dump".to_owned(), target: "a".to_owned() };
        let kind = EventKind::RunStarted { rehearsals: vec![one] };
        let event = serde_json::to_value(Event { elapsed: Duration::ZERO, rehearsal: None, kind }).unwrap();
        let expected = serde_json::json!({"elapsed": 0.0, "event": "run_started", "rehearsals": [{"source": "shop.dump", "target": "a"}]});
        assert_eq!(event, expected);
    }
}
