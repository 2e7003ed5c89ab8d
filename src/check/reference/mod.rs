//! What one server makes of the dump's own definitions: a second database beside the restored one, made from them alone.
//!
//! Two texts prove little: versions of PostgreSQL, options of pg_dump and the server's own parsing write one object in many
//! ways, and a parenthesis that has moved is a different object. So where texts differ, the dump's definitions are run in a
//! database from `template0`, without rows, without what the profile put into the target, and the target's own pg_dump
//! writes both databases. What is the same object is the same text then. It is made only where it is needed, once for a
//! database, and dropped at once.

mod database;
pub(super) mod made;
mod statements;

pub(super) use database::PREFIX;
pub(super) use made::Reference;

use std::collections::{HashMap, HashSet};

use super::Restored;
use super::constraints;
use super::key::key;
use super::schema;
use super::scope::{in_database, tablespaces_left_out};
use crate::cluster::{ClusterError, OWN_SETTINGS, Session};
use pgdump_reader::Declared;
use statements::Step;

/// Makes it, reads it, and drops it.
///
/// # Errors
/// When there can be none, which is no fact about the dump.
pub async fn read(restored: &Restored<'_>, dumped: &[&Declared]) -> Result<Reference, ClusterError> {
    let name = database::create(restored).await?;
    let read = fill(restored, dumped, &name).await;
    // What is left of it goes with the sandbox.
    let _ = database::drop(restored, &name).await;
    read
}

/// What a session has while pg_dump's statements are read (_doSetFixedOutputState in pg_backup_archiver.c), beside pgrehearse's
/// own settings.
const SETTINGS: &str = "
SET check_function_bodies = off; SET client_min_messages = error; SET row_security = off; SET default_tablespace = '';
SET search_path = ''";

async fn fill(restored: &Restored<'_>, dumped: &[&Declared], name: &str) -> Result<Reference, ClusterError> {
    let superuser = &restored.target.cluster.superuser;
    let session = Session::open(restored.sandbox, superuser, name).await?;
    let limit = restored.target.check_timeout().as_millis().min(i32::MAX as u128);
    let prepare = format!("SET statement_timeout = {limit};{SETTINGS}");
    session.batch(&prepare, "cannot prepare the reference database").await?;
    database::extensions(restored, &session, dumped).await?;
    // A script that was edited or comes from an old pg_dump can make schemas without naming them in a comment.
    let added = in_database(&restored.scan.added, restored, |added| &added.database);
    let added = added.map(|added| added.statement.clone());
    let (places, others): (Vec<String>, Vec<String>) =
        added.partition(|statement| statements::makes_a_place(statement));
    session.pipelined(&places).await;
    let is_archive = restored.dumped()?.is_archive();
    let (steps, left_out) = statements::steps(dumped, is_archive, tablespaces_left_out(restored));
    let mut refused = run(&session, &steps, restored.encoding()).await;
    // What else the script creates itself may be what they need.
    let others: Vec<String> = others.into_iter().filter(|statement| statements::makes_an_object(statement)).collect();
    let has_added = !refused.is_empty() && !others.is_empty();
    if has_added {
        session.pipelined(&others).await;
        let is_again = |step: &Step| step.object.is_none_or(|index| refused.contains_key(&index));
        let again: Vec<Step> = steps.into_iter().filter(is_again).collect();
        refused = run(&session, &again, restored.encoding()).await;
    }
    let back = format!("RESET ALL; {OWN_SETTINGS}");
    session.batch(&back, "cannot read the reference database").await?;
    let unverified = constraints::unverified(&session).await?;
    let mut declared = schema::read_of(restored.sandbox, superuser, name, restored.encoding()).await?;
    declared.extend(schema::large_objects(&session).await?);
    let mut named = HashMap::new();
    for (index, sqlstate) in left_out.into_iter().map(|index| (index, String::new())).chain(refused) {
        if let Some(object) = dumped.get(index) {
            named.insert(key(object), sqlstate);
        }
    }
    Ok(Reference { declared, refused: named, unverified, has_added })
}

/// Runs the steps in their order. The objects whose statements failed are returned, with the SQLSTATE.
async fn run(session: &Session, steps: &[Step], encoding: Option<&str>) -> HashMap<usize, String> {
    /// Statements that are written out at a time.
    const AT_ONCE: usize = 2000;
    let mut refused = HashMap::new();
    let mut skipped: HashSet<usize> = HashSet::new();
    for some in steps.chunks(AT_ONCE) {
        let sql: Vec<String> = some.iter().map(|step| statements::in_encoding(&step.sql, encoding)).collect();
        for (step, result) in some.iter().zip(session.pipelined(&sql).await) {
            if let (Some(index), Err(error)) = (step.object, result)
                && skipped.insert(index)
            {
                refused.insert(index, error.code().map_or_else(String::new, |code| code.code().to_owned()));
            }
        }
    }
    refused
}
