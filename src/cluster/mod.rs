//! Makes a sandbox match its target: initdb options, settings, roles, database.

mod databases;
mod prepare;
mod rights;
mod session;
mod spec;
pub mod sql;

pub use databases::{Database, databases};
pub use prepare::{database_statements, is_list_of_names, names_of_list, not_applied, prepare};
pub use session::{APPLICATION_NAME, OWN_SETTINGS, Refusal, Session, TextRows, is_lost, refused, was_cancelled};
pub use spec::{needs_of, server_of};

use crate::engine::EngineError;

/// The database that every cluster has, from which others are created.
pub const MAINTENANCE_DATABASE: &str = "postgres";

/// Why a sandbox could not be made to match its target.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Something is not as it has to be: `step` says where.
    #[error("{step}: {reason}")]
    Refused { step: String, reason: String },
    /// The server refused a statement of pgrehearse's own or of the profile: `step` says which. What it says can hold values,
    /// so that only who knows which names may be shown shows it.
    #[error("{step}: the server refused it ({})", said.sqlstate)]
    Server { step: String, said: Said },
    /// The server's process ended while it looked at something: `object` says at what.
    #[error("the server's process ended when it looked at {object}")]
    Killed { object: String },
}

/// An error of the server, not yet fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    pub message: String,
    pub sqlstate: String,
    /// The function and the file of the server's source that speak.
    pub routine: String,
    pub file: String,
}
