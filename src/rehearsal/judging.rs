//! What came back is judged: what the restore has failed on, and what the checks see.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgdump_reader::Scan;

use super::again::Again;
use super::checking::Checking;
use super::decision::decide;
use super::draft::Draft;
use super::ended;
use super::left_out::LeftOut;
use super::places;
use super::progress::{Progress, RestoreState};
use super::stopped::Stopped;
use super::survey::DatabaseSurvey;
use super::{Context, RestoreSummary};
use crate::check::{self, Baseline, CheckResult, NotApplied, Outcome};
use crate::cluster::Session;
use crate::engine::Sandbox;
use crate::event::{Events, Phase};
use crate::finding::mask::Mask;
use crate::finding::{Finding, Name, Reference, Situation, diagnose, outside, transactions_lost};
use crate::profile::Target;
use crate::restore;
use crate::source::{Brought, DumpSource, Prepared, RowMode};

/// A source that was brought into its sandbox, and what was known before.
pub(super) struct Judging<'a> {
    pub context: &'a Context,
    pub source: &'a DumpSource,
    pub target: &'a Target,
    pub sandbox: &'a dyn Sandbox,
    pub baseline: &'a Baseline,
    pub prepared: &'a Prepared,
    pub brought: &'a Brought,
}

impl Judging<'_> {
    /// Finds the causes of what went wrong, and has the checks look.
    pub async fn judge(
        &self,
        survey: DatabaseSurvey,
        (draft, progress): (&mut Draft, &mut Progress),
        events: &Events,
    ) -> Result<(), Stopped> {
        let Self { context, source, target, sandbox, baseline, prepared, brought } = *self;
        let Brought { outcome, session, .. } = brought;
        let scan = source.read().await?;
        let databases = survey.finish(sandbox, target, &outcome.failures).await?;
        let situation = Situation {
            dump: &source.dump,
            scan: &scan,
            databases: &databases,
            without_data: source.without_data(&scan),
            superuser_lost: outcome.superuser_lost,
            target,
            client: &prepared.client,
            server: draft.judge.as_ref().and_then(|judge| pgdump_reader::major_of(&judge.server_version)),
            mask: Mask::new(&scan.names, target, context.show_data),
        };
        let (failures, unfilled) = outside::apart(&outcome.failures, &scan.declared);
        draft.untested.extend(unfilled.iter().map(|view| view.reason(&situation.mask)));
        let explained = failures.len() as u64;
        // There can be 20 000 of them, and mostly all are meant.
        let mut findings = match unfilled.is_empty() {
            true => diagnose(&outcome.failures, &situation),
            false => diagnose(&failures.into_iter().cloned().collect::<Vec<_>>(), &situation),
        };
        let unexplained = !findings.iter().any(Finding::fails);
        findings.extend(ended_early(outcome).filter(|_| unexplained));
        let ended = ended::judge(outcome, &scan, target, prepared.makes_own, &findings);
        findings.extend(ended.findings);
        draft.untested.extend(ended.untested);
        // Before the checks look: an error that is accepted, or milder than it was, explains nothing that is missing.
        decide(findings.iter_mut(), target);
        // Nor does it hide what its transaction lost.
        let is_open = findings.iter().any(|finding| finding.name == Name::TransactionOpen);
        let mut lost = transactions_lost(&findings).filter(|_| !is_open);
        decide(lost.iter_mut(), target);
        findings.extend(lost);
        // What is accepted explains no end before the end of the dump, unless it kept the restore from beginning at all.
        let unexplained =
            !findings.iter().any(Finding::fails) && !never_began(&findings, outcome.new_databases().next().is_none());
        let has_it = findings.iter().any(|finding| finding.name == Name::ClientFailed);
        findings.extend(ended_early(outcome).filter(|_| unexplained && !has_it));
        let left_out = left_out(source, sandbox, target, &findings, &mut draft.untested).await;
        let before_looking = context.after.as_ref().map(|after| (after, draft.clone()));
        let ended_restore = EndedRestore {
            context,
            source,
            target,
            sandbox,
            session,
            scan: &scan,
            outcome,
            client: &prepared.client,
            findings: &findings,
            explained,
            left_out: &left_out,
            no_word: ended.no_word,
            restore_took: draft.timings.restore,
            baseline,
        };
        ended_restore.look(draft, progress, events).await?;
        if let Some((after, before_looking)) = before_looking {
            after.work(&Again { ended_restore, before_looking, events }).await;
        }
        Ok(())
    }
}

/// A restore that has ended, and all that is known of it.
pub(super) struct EndedRestore<'a> {
    pub context: &'a Context,
    pub source: &'a DumpSource,
    pub target: &'a Target,
    pub sandbox: &'a dyn Sandbox,
    session: &'a Session,
    scan: &'a Arc<Scan>,
    outcome: &'a restore::Outcome,
    client: &'a str,
    /// What the restore is known to have failed on.
    findings: &'a [Finding],
    /// How many failures these explain.
    explained: u64,
    left_out: &'a LeftOut,
    /// Why psql's word of its end is missing, where it is.
    no_word: Option<&'static str>,
    restore_took: Duration,
    baseline: &'a Baseline,
}

impl EndedRestore<'_> {
    /// Compares what came back with what the dump holds.
    pub async fn look(&self, draft: &mut Draft, progress: &mut Progress, events: &Events) -> Result<(), Stopped> {
        let Self { context, source, target, sandbox, scan, outcome, left_out, findings, .. } = *self;
        // What was left out is no part of what the result is compared with.
        let witness = if left_out.is_empty() { Arc::clone(scan) } else { Arc::new(left_out.witness(scan)) };
        let places = places::places(self.session, sandbox, source, scan, target, outcome).await?;
        let restored_anything = !never_began(findings, outcome.new_databases().next().is_none());
        let failed = findings.iter().any(Finding::fails);
        if !failed {
            draft.untested.extend(places.lost.iter().map(|lost| lost.reason.clone()));
            // A database that is not there is why psql had no connection at its end.
            draft.untested.extend(self.no_word.filter(|_| places.lost.is_empty()).map(str::to_owned));
        }
        let summary = RestoreSummary {
            command: outcome.command.clone(),
            client_version: self.client.to_owned(),
            exit_code: outcome.exit_code,
            // What no finding reports is untested.
            errors: self.explained + outcome.more_failures,
            findings: findings.to_vec(),
            databases: places.looked_at.iter().map(|place| place.name.clone()).collect(),
        };
        draft.notices.extend(source.signs_of_partial(scan));
        draft.checks.push(with_cause(check::check_dump(scan), findings));
        let argv = restore::client_command(&source.dump, target, false).argv;
        if !scan.damage.is_empty() && restore::is_parallel(&argv) {
            let notice = "pg_restore ran several jobs, which bring less of a damaged archive than one does: with `restore: {jobs: 1}` \
                          all that stands before the damage comes back";
            draft.notices.push(notice.to_owned());
        }
        draft.checks.extend(left_out.check_result());
        let summary = draft.restore.insert(summary);
        let (scan, left_out) = (Arc::clone(scan), left_out.clone());
        let Progress { restored, results } = progress;
        let restored = restored.insert(RestoreState {
            source: source.clone(),
            scan,
            places,
            left_out,
            failed,
            left_aside: BTreeMap::new(),
        });
        if context.rows == RowMode::Off {
            restored.left_aside.insert(check::ROWS, "rows were not compared (--rows off)".to_owned());
        }
        if restored_anything {
            events.phase(Phase::Check).await;
            let began = Instant::now();
            let checking = Checking {
                context,
                target,
                sandbox,
                dump: Some(&source.dump),
                scan: &witness,
                coming: &summary.findings,
                databases: &summary.databases,
                failures: &outcome.failures,
                restore_took: self.restore_took,
                baseline: self.baseline,
                places: &restored.places.looked_at,
                left_out: restored.left_out.ids(),
            };
            let mut checks = check::all(target, context.rows);
            checks.retain(|check| {
                let no_witness = context.source.no_witness(check.witness());
                draft.notices.extend(no_witness.map(|why| format!("check {} did not look: {why}", check.name())));
                restored.left_aside.extend(no_witness.map(|why| (check.name(), why.to_owned())));
                no_witness.is_none()
            });
            checks.retain(|check| match check.does_not_apply(target, &summary.findings) {
                Some(NotApplied::Profile(reason)) => {
                    restored.left_aside.insert(check.name(), reason.clone());
                    draft.notices.push(reason);
                    false
                }
                Some(NotApplied::Explained) => false,
                None => true,
            });
            checking.run(&checks, results, events).await;
            draft.timings.checks = began.elapsed();
        }
        Ok(())
    }
}

/// What the dump itself says of its damage, which the restore has met as well: once is enough.
fn with_cause(mut of_dump: CheckResult, of_restore: &[Finding]) -> CheckResult {
    let met = of_restore.iter().find(|finding| finding.name == Name::DumpTruncated).map(Reference::of);
    if let Outcome::Looked { findings } = &mut of_dump.outcome {
        let damaged = findings.iter_mut().filter(|finding| finding.name == Name::DumpTruncated);
        damaged.for_each(|finding| finding.follows.clone_from(&met));
    }
    of_dump
}

/// What the profile's list and options have left out. Where the source cannot say it, and nothing else explains that, the
/// target cannot pass.
async fn left_out(
    source: &DumpSource,
    sandbox: &dyn Sandbox,
    target: &Target,
    findings: &[Finding],
    untested: &mut Vec<String>,
) -> LeftOut {
    match source.left_out(sandbox, target).await {
        Ok(entries) => entries.map(LeftOut::of).unwrap_or_default(),
        Err(error) => {
            if !findings.iter().any(Finding::fails) {
                untested.push(error.to_string());
            }
            LeftOut::default()
        }
    }
}

/// Whether nothing was restored at all: checks could only repeat it in other words.
fn never_began(findings: &[Finding], no_database_made: bool) -> bool {
    findings.iter().any(|finding| match finding.name {
        Name::ClientTooOld => true,
        // The database could not be created, and what would have gone into it went nowhere.
        Name::LocaleUnavailable
        | Name::DatabaseNotCreatable
        | Name::DatabaseOptionUnknown
        | Name::EncodingLocaleMismatch
        | Name::TemplateIncompatible => no_database_made,
        _ => false,
    })
}

/// A client that ended before the dump did must not read as a pass.
fn ended_early(outcome: &restore::Outcome) -> Option<Finding> {
    if outcome.ran_to_end {
        return None;
    }
    let title = format!("the client ended with exit code {}, before the end of the dump", outcome.exit_code);
    let mut finding = Finding::new(Name::ClientFailed, title);
    finding.evidence = vec![outcome.command.clone()];
    finding.fix = "Run the command by hand against a server of this version, and read what it says last.".into();
    finding.commands = vec![outcome.command.clone()];
    Some(finding)
}
