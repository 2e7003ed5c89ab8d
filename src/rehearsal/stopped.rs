//! Why a rehearsal did not come to its end.

use super::start::NotStarted;
use crate::cluster::ClusterError;
use crate::engine::{EngineError, LimitHit};
use crate::source::NotBrought;

/// Why the work in a sandbox did not come to its end.
pub(super) enum Stopped {
    NeedsDisk,
    Interrupted,
    Limit(LimitHit),
    Cluster(ClusterError),
    /// The source cannot be brought in, and why.
    NotBrought(String),
    Panicked,
}

impl From<ClusterError> for Stopped {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Engine(EngineError::Limit(limit)) => Stopped::Limit(limit),
            other => Stopped::Cluster(other),
        }
    }
}

impl From<NotBrought> for Stopped {
    fn from(not_brought: NotBrought) -> Self {
        match not_brought {
            NotBrought::Cluster(error) => error.into(),
            NotBrought::Endless(why) => Stopped::NotBrought(why.to_owned()),
        }
    }
}

impl From<NotStarted> for Stopped {
    fn from(not_started: NotStarted) -> Self {
        match not_started {
            NotStarted::Interrupted => Stopped::Interrupted,
            NotStarted::Engine(error) => error.into(),
        }
    }
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        ClusterError::from(error).into()
    }
}
