//! The suite on real PostgreSQL: the built program, dumps of real source clusters, a real engine.
//!
//! One binary, because linking it is what costs; one module for each promise.

#[path = "../support/mod.rs"]
mod support;

mod classics;
mod formats;
mod pairs;
