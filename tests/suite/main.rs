//! The suite on real PostgreSQL: the built program, dumps of real source clusters, a real engine.
//!
//! One binary, because linking it is what costs; one module for each promise.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "../support/mod.rs"]
mod support;

mod allowed;
mod asks;
mod backup_fixtures;
mod bad_input;
mod catalog;
mod causes;
mod chance;
mod chosen;
mod classics;
mod cleanup;
mod connections;
mod crashes;
mod decisions;
mod definitions;
mod demo;
mod demo_recovery;
mod explain;
mod fault;
mod fixes;
mod formats;
mod functions;
mod image;
mod inspect;
mod inspect_backup;
mod judge;
mod ledger;
mod library;
mod limits;
mod listing;
mod local;
mod lost;
mod made;
mod masking;
mod matrix;
mod order;
mod pairs;
mod places;
mod profiles;
mod queries;
mod recovery;
mod reports;
mod repositories;
mod rows;
mod sandbox;
mod screens;
mod scripts;
mod selected;
mod services;
mod truncated;
mod walls;
mod whole;
