//! Rehearses PostgreSQL restores.
//!
//! Give it a dump and profiles of realistic targets; for each target it starts a throwaway cluster, restores the dump
//! with the target's own tools, checks what came back against what the dump holds, removes every trace, and says: it
//! comes back here, or it does not, why, and how to fix it.
//!
//! A [`Run`](session::Run) is that as a library call, of one dump or several in each target, which is what the command line
//! makes of its arguments:
//!
//! ```no_run
#![doc = include_str!("../examples/rehearse.rs")]
//! ```
//!
//! A module imports only from the modules listed below it.

pub mod cli;
pub mod report;

pub mod session;

pub mod matrix;
pub mod rehearsal;

pub mod fixes;
pub mod init;

pub mod check;

pub mod source;

pub mod preflight;
pub mod recovery;
pub mod restore;

pub mod finding;

pub mod cluster;

pub mod engine;

pub mod profile;

pub mod postgres;

pub mod counted;
pub mod event;
pub mod exit;
pub mod seconds;
pub mod verdict;

#[cfg(test)]
mod rooms;
#[cfg(test)]
mod sources;
