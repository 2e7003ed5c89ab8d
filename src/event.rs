//! What happens while a run goes on, as typed events.
//!
//! Progress bars, plain log lines and the event stream listen on the same channel; no other code prints.

use std::time::Duration;

use tokio::sync::mpsc;

/// One thing that happened to one target.
#[derive(Debug, Clone)]
pub struct Event {
    /// The target's name.
    pub target: String,
    /// Since the run began.
    pub elapsed: Duration,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// A phase of the rehearsal has begun.
    Phase(Phase),
    /// The image is being pulled: bytes so far, of how many (as far as the registry has said).
    Pulling { image: String, done: u64, total: u64 },
    /// The cluster accepts connections.
    SandboxReady { engine: &'static str, server_version: String },
    /// The restore has come this far.
    Restoring { done: u64, total: u64, unit: Unit },
    /// The client has reported this many errors so far.
    RestoreErrors(u64),
    /// One check has finished.
    CheckDone { check: &'static str },
    /// Something that a person should know and that is no finding.
    Notice(String),
    /// The rehearsal is over: verdict as printed, and its one-line reason where it is not a pass.
    Finished { verdict: &'static str, summary: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waits for its turn.
    Queued,
    /// The image is looked for and pulled.
    Image,
    /// The data directory is made, once for each kind of cluster.
    Initdb,
    /// The sandbox starts.
    Start,
    /// Roles, database and settings of the target are made.
    Prepare,
    Restore,
    Check,
    Teardown,
}

impl Phase {
    /// As it is shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Phase::Queued => "queued",
            Phase::Image => "image",
            Phase::Initdb => "initdb",
            Phase::Start => "start",
            Phase::Prepare => "prepare",
            Phase::Restore => "restore",
            Phase::Check => "check",
            Phase::Teardown => "remove",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    /// Entries of the archive's table of contents.
    Entries,
}

/// Where a rehearsal sends its events. Cheap to clone; sending never blocks and never fails.
#[derive(Debug, Clone)]
pub struct Events {
    target: String,
    started: std::time::Instant,
    sender: mpsc::UnboundedSender<Event>,
}

impl Events {
    pub fn new(target: impl Into<String>, started: std::time::Instant, sender: mpsc::UnboundedSender<Event>) -> Self {
        Self { target: target.into(), started, sender }
    }

    pub fn send(&self, what: What) {
        let event = Event { target: self.target.clone(), elapsed: self.started.elapsed(), what };
        // A listener that has gone away must not stop the rehearsal.
        let _ = self.sender.send(event);
    }

    pub fn phase(&self, phase: Phase) {
        self.send(What::Phase(phase));
    }
}
