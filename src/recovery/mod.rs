//! How a backup comes into a sandbox: a base is laid out, a server recovers it with WAL that it asks for, and stops at a point.
//!
//! PostgreSQL does not say all that matters here. A recovery that meets a missing or damaged segment promotes and calls itself complete;
//! one that has paused may have paused for another reason than that it is there. So what the server comes to is held against what
//! reading the archive has shown that it must come to.

mod archive;
mod base;
mod combine;
mod configuration;
mod feed;
mod findings;
mod lay_out;
mod log;
mod own_wal;
mod plan;
mod server;
mod settings;
mod stop;
mod surveyed;
mod verify;

pub use archive::{FromCommand, FromFolder, NoArchive};
pub use base::{manifest_broken, of_base, of_verification, unverifiable};
pub use combine::combine;
pub use configuration::of_configuration;
pub use feed::{Answer, Asked, Fed, Fetch, Fetched, feed};
pub use findings::{disagreement, of_head, of_reach, shown, unidentified, why_it_ends};
pub use lay_out::lay_out;
pub use log::Line;
pub use own_wal::OwnWal;
pub use plan::{Expected, Material, Plan, start};
pub use server::{Halt, Position, Server};
pub use settings::{Least, settings};
pub use stop::Stop;
pub use surveyed::{of_polluted, of_survey};
pub use verify::{Verified, pages, ready, verify, version};

use std::collections::BTreeMap;

use pgbackup_reader::base::BaseError;

use crate::cluster::ClusterError;
use crate::engine::EngineError;

/// Where the server and the feed meet, in the sandbox's directory.
const DIRECTORY: &str = "feed";

/// Where the server's own configuration is, in the sandbox's directory.
const CONFIGURATION: &str = "configuration";

/// What a server is asked to recover to, and what it runs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub stop: Stop,
    /// As `recovery_target_timeline` has it: `latest`, `current` or a number.
    pub timeline: String,
    /// What the profile wants of the server beside that.
    pub settings: BTreeMap<String, String>,
}

/// Why a backup could not be brought in.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The base cannot be read: a fact about it.
    #[error(transparent)]
    Base(BaseError),
}
