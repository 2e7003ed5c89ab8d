//! The suite on real PostgreSQL: the built program, dumps of real source clusters, a real engine.
//!
//! One binary, because linking it is what costs; one module for each promise.

#[path = "../support/mod.rs"]
mod support;

mod allowed;
mod asks;
mod bad_input;
mod catalog;
mod causes;
mod chosen;
mod classics;
mod cleanup;
mod decisions;
mod demo;
mod explain;
mod fixes;
mod formats;
mod functions;
mod image;
mod inspect;
mod judge;
mod library;
mod limits;
mod listing;
mod local;
mod made;
mod matrix;
mod order;
mod pairs;
mod profiles;
mod queries;
mod rows;
mod sandbox;
mod selected;
mod services;
mod truncated;
