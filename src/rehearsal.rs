//! The life of one rehearsal, from start to teardown.

mod again;
mod attempt;
mod checking;
mod conclusion;
mod decision;
mod draft;
mod ended;
mod faithful;
mod judging;
pub mod ledger;
mod left_out;
mod places;
mod progress;
mod recovering;
mod recovery_summary;
mod start;
mod stopped;
mod survey;
pub mod trial;
mod verdict;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::check::{CheckResult, Outcome, REQUIREMENTS};
use crate::engine::choice::Engines;
use crate::engine::{Storage, room_in_memory};
use crate::event::{Events, RehearsalName};
use crate::finding::{Finding, Severity};
use crate::profile::{Entrypoint, Target};
use crate::source::RowMode;
use crate::source::Source;
pub use crate::verdict::Verdict;
pub use again::{AfterRestore, Again};
use attempt::Attempt;
pub use decision::decide;
pub use recovery_summary::{Figures, RecoverySummary, Timed, Whereabouts};
pub use start::while_it_answers;

/// What every rehearsal of a run shares.
#[derive(Clone)]
pub struct Context {
    pub engines: Arc<Engines>,
    pub source: Source,
    /// What the command line says of where images are.
    pub image_repository: Option<String>,
    /// Whether data directories are kept between runs.
    pub cache: bool,
    /// How rows are compared.
    pub rows: RowMode,
    /// Whether row values may be shown.
    pub show_data: bool,
    /// The mildest finding that fails a target.
    pub fail_on: Severity,
    /// Interrupts all rehearsals, which then remove their sandboxes and end.
    pub interrupt: CancellationToken,
    /// The rehearsal whose failure interrupts the others (`--fail-fast`), once there is one.
    pub stopped_by: Arc<OnceLock<String>>,
    /// What is done with a sandbox when its checks have looked: for tests of the checks. A run does nothing.
    #[doc(hidden)]
    pub after: Option<Arc<dyn AfterRestore>>,
}

impl Context {
    /// What the rehearsal in this target is called.
    pub fn name(&self, target: &Target) -> RehearsalName {
        RehearsalName { source: self.source.name().to_owned(), target: target.name.clone() }
    }
}

/// Dumps up to this size, in bytes, are restored into memory, which is faster to set up and to remove than a volume.
const SMALL: u64 = 16 << 20;

/// Larger WAL files fill the memory of a small sandbox, in bytes.
const SMALL_SEGMENT: u64 = 64 << 20;

/// The least memory limit that leaves room for data beside the server.
const LEAST_MEMORY: u64 = 1 << 30;

/// Rehearses the source in one target. Whatever happens, the sandbox is gone when this ends, and what could not be tested
/// is said.
pub async fn rehearse(context: &Context, target: &Target, events: &Events) -> Rehearsal {
    context.source.begin();
    let mut storage = storage(context.source.size(), target);
    loop {
        match attempt::attempt(context, target, storage, events).await {
            Attempt::Done(rehearsal) => return *rehearsal,
            Attempt::NeedsDisk => {
                events.notice("the data outgrew memory: once more, on disk").await;
                storage = Storage::Disk;
            }
        }
    }
}

/// Where the data of a dump of this size go first. In memory nothing measures them, so there they may have no more room
/// than `limits.disk` gives them: with less, what is too much has to be seen as that.
fn storage(dump: u64, target: &Target) -> Storage {
    let limits = &target.limits;
    let in_memory = dump <= SMALL
        && limits.memory.0 >= LEAST_MEMORY
        && room_in_memory(limits) <= limits.disk.0
        && target.entrypoint == Entrypoint::Direct
        && target.cluster.wal_segment_size.is_none_or(|size| size.0 <= SMALL_SEGMENT);
    if in_memory { Storage::Memory } else { Storage::Disk }
}

/// A finished rehearsal: all that a report says about one source in one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// What was rehearsed, as the report's list of sources calls it.
    pub source: String,
    pub target: String,
    pub description: String,
    pub verdict: Verdict,
    /// The mildest finding that fails it.
    #[serde(default = "errors_fail", skip_serializing_if = "is_error")]
    pub fail_on: Severity,
    /// Why it is untested, or partly so: each reason with what to do.
    pub untested: Vec<String>,
    /// The engine that judged it and what it ran; `None` where none could.
    pub judge: Option<Judge>,
    pub restore: Option<RestoreSummary>,
    /// What became of a backup; `None` of a dump, and where none could be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoverySummary>,
    /// In the order of their columns; of several databases each has one of each.
    pub checks: Vec<CheckResult>,
    /// How everything that the dump holds has ended, by kind; empty where nothing was restored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<ledger::Entry>,
    /// What a person should know that is no finding: options in use, a sandbox that could not be removed.
    pub notices: Vec<String>,
    /// What `--write-fixes` has written for this target; `None` where it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixes: Option<WrittenFixes>,
    /// Whether `--write-fixes`, which was not asked for, would have nothing to write; a report does not keep it.
    #[serde(skip)]
    pub nothing_to_write: bool,
    pub timings: Timings,
}

/// Files with fixes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFixes {
    /// Where they are; `None` where there was nothing to write.
    pub directory: Option<String>,
    /// Their names, in the order in which they are used.
    pub files: Vec<String>,
    /// Why they could not be written, where they could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Rehearsal {
    /// One in which nothing was done, for these reasons; errors would fail it.
    pub fn untested(source: &str, target: &str, description: &str, untested: Vec<String>) -> Self {
        Self {
            source: source.to_owned(),
            target: target.to_owned(),
            description: description.to_owned(),
            verdict: Verdict::Untested,
            fail_on: Severity::Error,
            untested,
            judge: None,
            restore: None,
            recovery: None,
            checks: Vec::new(),
            ledger: Vec::new(),
            notices: Vec::new(),
            fixes: None,
            nothing_to_write: false,
            timings: Timings::default(),
        }
    }

    /// Every finding: of the restore or the recovery, then of each check in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.coming().chain(self.checks.iter().flat_map(findings_of))
    }

    /// The findings of how the source came in: of the restore or the recovery.
    pub fn coming(&self) -> impl Iterator<Item = &Finding> {
        of_coming(self.restore.as_ref(), self.recovery.as_ref())
    }

    /// Whether the source was brought in, however well.
    pub fn has_come(&self) -> bool {
        self.restore.is_some() || self.recovery.is_some()
    }

    /// The same rehearsal, whose fixes were written; `about` gives the files that are about the finding at a place among all.
    #[must_use]
    pub fn with_fixes(mut self, written: WrittenFixes, about: impl Fn(usize) -> Vec<String>) -> Self {
        let all = all_findings_mut(self.restore.as_mut(), self.recovery.as_mut(), &mut self.checks);
        for (nth, finding) in all.enumerate() {
            finding.fix_files = about(nth);
        }
        Self { fixes: Some(written), ..self }
    }

    /// Every finding that something has shown: not what was foreseen and no restore has put to the test.
    pub fn shown_findings(&self) -> impl Iterator<Item = &Finding> {
        shown_findings(self.restore.as_ref(), self.recovery.as_ref(), &self.checks)
    }

    /// Every finding that fails the target.
    pub fn failing(&self) -> impl Iterator<Item = &Finding> {
        self.shown_findings().filter(|finding| finding.counts_from(self.fail_on))
    }

    /// Why it is not a plain pass, in one line; empty for a pass.
    pub fn summary(&self) -> String {
        let mut titles = self.failing().map(|finding| finding.title.as_str());
        match (titles.next(), titles.count(), self.untested.first()) {
            (Some(first), 0, _) => first.to_owned(),
            (Some(first), more, _) => format!("{first}, and {more} more"),
            (None, _, Some(reason)) => reason.clone(),
            (None, _, None) => String::new(),
        }
    }
}

fn errors_fail() -> Severity {
    Severity::Error
}

fn is_error(severity: &Severity) -> bool {
    *severity == Severity::Error
}

/// The findings of how a source came in.
fn of_coming<'a>(
    restore: Option<&'a RestoreSummary>,
    recovery: Option<&'a RecoverySummary>,
) -> impl Iterator<Item = &'a Finding> {
    let restore = restore.into_iter().flat_map(|restore| &restore.findings);
    restore.chain(recovery.into_iter().flat_map(|recovery| &recovery.findings))
}

/// The findings of a restore or a recovery, then of each check in order, to be changed.
fn all_findings_mut<'a>(
    restore: Option<&'a mut RestoreSummary>,
    recovery: Option<&'a mut RecoverySummary>,
    checks: &'a mut [CheckResult],
) -> impl Iterator<Item = &'a mut Finding> {
    let restore = restore.into_iter().flat_map(|restore| &mut restore.findings);
    let coming = restore.chain(recovery.into_iter().flat_map(|recovery| &mut recovery.findings));
    coming.chain(checks.iter_mut().flat_map(|result| match &mut result.outcome {
        Outcome::Looked { findings } => findings.as_mut_slice(),
        Outcome::CouldNotLook { .. } => &mut [],
    }))
}

/// Those that something has shown: not what was foreseen and no restore has put to the test.
fn shown_findings<'a>(
    restore: Option<&'a RestoreSummary>,
    recovery: Option<&'a RecoverySummary>,
    checks: &'a [CheckResult],
) -> impl Iterator<Item = &'a Finding> {
    let unproved = restore.is_none() && recovery.is_none();
    let shown = checks.iter().filter(move |result| !(unproved && result.check == REQUIREMENTS));
    of_coming(restore, recovery).chain(shown.flat_map(findings_of))
}

fn findings_of(result: &CheckResult) -> &[Finding] {
    match &result.outcome {
        Outcome::Looked { findings } => findings,
        Outcome::CouldNotLook { .. } => &[],
    }
}

/// What judged a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    /// `docker`, `local` or `local, unconfined`.
    pub engine: String,
    /// As the server gives it: `17.6 (Debian 17.6-1.pgdg13+1)`.
    pub server_version: String,
    /// The image with its id, or the directory of the programs.
    pub source: String,
}

/// What the client did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreSummary {
    /// As a shell would take it, for people.
    pub command: String,
    pub client_version: String,
    pub exit_code: i64,
    /// Failed statements and client errors, each of which one finding explains.
    pub errors: u64,
    pub findings: Vec<Finding>,
    /// The databases that the restore went into or made, by name.
    pub databases: Vec<String>,
}

/// How long each part took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// From the beginning until the server accepted connections.
    #[serde(with = "crate::seconds")]
    pub ready: Duration,
    #[serde(with = "crate::seconds")]
    pub restore: Duration,
    #[serde(with = "crate::seconds")]
    pub checks: Duration,
    #[serde(with = "crate::seconds")]
    pub teardown: Duration,
    #[serde(with = "crate::seconds")]
    pub total: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile;

    #[test]
    fn data_are_in_memory_only_where_they_have_no_more_room_there_than_on_disk() {
        let of = |dump: u64, limits: &str| {
            let text = format!("name: x\npostgres: 17\nlimits: {limits}\n");
            storage(dump, &profile::parse_with(&text, "x.yaml", &crate::finding::profile_rules()).unwrap())
        };
        assert_eq!(of(SMALL, "{memory: 2GiB}"), Storage::Memory);
        assert_eq!(of(SMALL, "{memory: 2GiB, disk: 1GiB}"), Storage::Memory);
        assert_eq!(of(SMALL, "{memory: 2GiB, disk: 1000MiB}"), Storage::Disk);
        assert_eq!(of(1, "{disk: 128MiB}"), Storage::Disk);
        assert_eq!(of(1, "{memory: 512MiB}"), Storage::Disk);
        assert_eq!(of(SMALL + 1, "{memory: 2GiB}"), Storage::Disk);
    }
}
