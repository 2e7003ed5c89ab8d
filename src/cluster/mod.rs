//! Makes a sandbox match its target: initdb options, settings, roles, database.

mod prepare;
mod rights;
mod session;
mod spec;
pub mod sql;

pub use prepare::{not_applied, prepare};
pub use session::{APPLICATION_NAME, Refusal, Session, TextRows, is_lost, refused};
pub use spec::{needs_of, server_of};

use crate::engine::EngineError;

/// The database that every cluster has, from which others are created.
pub const MAINTENANCE_DATABASE: &str = "postgres";

/// Why a sandbox could not be made to match its target.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The server refused a statement of pgrehearse's own or of the profile: `step` says which.
    #[error("{step}: {reason}")]
    Refused { step: String, reason: String },
    /// The server's process ended while it looked at something: `object` says at what.
    #[error("the server's process ended when it looked at {object}")]
    Killed { object: String },
}
