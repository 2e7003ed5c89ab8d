//! As whom a statement ran that was refused: not always as the role that the client connected as.

use std::collections::HashSet;

use super::{Failure, Situation};
use crate::postgres::Tool;

/// What is known of that in all of a restore.
pub(super) struct Acting<'a> {
    situation: &'a Situation<'a>,
    /// Lines of a script whose change of the role was refused, so that it did not come into force.
    refused: HashSet<u64>,
}

impl<'a> Acting<'a> {
    pub(super) fn new(failures: &[Failure], situation: &'a Situation<'a>) -> Self {
        let refused = failures.iter().filter(|failure| changes_role(failure)).filter_map(|failure| failure.line);
        Self { situation, refused: refused.collect() }
    }

    /// The role that was in force, where it was another one than the restoring role.
    pub(super) fn of(&self, failure: &Failure) -> Option<String> {
        let Situation { dump, scan, target, .. } = self.situation;
        let options = &target.restore.options;
        let has = |option: &str| Tool::PgRestore.has(options, option);
        let role = if !dump.is_archive() {
            scan.end.acting.at(failure.line?, |line| self.refused.contains(&line)).map(str::to_owned)
        } else if has("--use-set-session-authorization") && !has("--no-owner") {
            // _becomeOwner in pg_backup_archiver.c.
            let entry = failure.entry.and_then(|id| dump.entries().iter().find(|entry| entry.id == id));
            entry.map(|entry| entry.owner.clone()).filter(|owner| !owner.is_empty())
        } else {
            Tool::PgRestore.value(options, "--role").map(str::to_owned)
        };
        role.filter(|role| role != target.restoring())
    }
}

fn changes_role(failure: &Failure) -> bool {
    let statement = failure.statement.as_deref().unwrap_or_default();
    let words: Vec<String> = statement.split_whitespace().take(3).map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words.as_slice(), ["set", "session", "authorization"] | ["set", "role", ..])
}
