//! A run as a library call.

mod error;

pub use error::{RunError, in_full};
