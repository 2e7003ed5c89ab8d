//! How far a rehearsal has come: what is known once the restore is over, whatever ends the rest.

use std::collections::BTreeMap;
use std::sync::Arc;

use pgdump_reader::Scan;

use super::checking::Results;
use super::draft::Draft;
use super::ledger::{self, Ending};
use super::left_out::LeftOut;
use super::places::Places;
use super::{Context, faithful};
use crate::check::CheckedDatabase;
use crate::engine::LimitHit;
use crate::profile::Target;
use crate::source::DumpSource;

/// What is known once the restore is over, whatever becomes of the rest.
#[derive(Default)]
pub struct Progress {
    pub restored: Option<RestoreState>,
    pub results: Results,
}

/// What the restore has come to, as far as the ledger goes by it.
pub struct RestoreState {
    pub source: DumpSource,
    pub scan: Arc<Scan>,
    pub places: Places,
    pub left_out: LeftOut,
    /// Whether it has failed with errors that are open.
    pub failed: bool,
    /// Why checks of these names did not look.
    pub left_aside: BTreeMap<&'static str, String>,
}

impl Progress {
    /// Puts what the checks have seen into the rehearsal, and balances its ledger.
    ///
    /// `limit` is what was reached while checks looked. What one sees while the server is short of something says nothing; that
    /// time is up is another matter.
    pub fn settle(mut self, context: &Context, target: &Target, draft: &mut Draft, limit: Option<&LimitHit>) {
        let results = self.results.take();
        let is_sound = limit.is_none_or(|limit| limit.name == "timeout");
        draft.checks.extend(results.into_iter().filter(|_| is_sound));
        let Some(restored) = self.restored else { return };
        let source = &restored.source;
        if !restored.failed {
            let version = draft.judge.as_ref().map(|judge| judge.server_version.as_str());
            faithful::take_for_source(&mut draft.checks, source, &restored.left_out, version, context.rows);
        }
        let made = |place: &CheckedDatabase| source.brings_database(target, place.dumped_name());
        draft.ledger = ledger::balance(&Ending {
            scan: &restored.scan,
            places: &restored.places,
            results: &draft.checks,
            left_aside: &restored.left_aside,
            left_out: &restored.left_out,
            restore_failed: restored.failed,
            made_database: &made,
        });
    }
}
