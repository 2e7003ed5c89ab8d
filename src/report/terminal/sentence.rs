//! What a run comes to, in one sentence that a stranger understands.

use super::block;
use super::detail::Detail;
use super::group::Group;
use crate::check::{self, CheckResult, ItemKind, Outcome};
use crate::counted::{agreeing, counted};
use crate::finding::{Finding, Name, Origin, Severity};
use crate::rehearsal::Rehearsal;
use crate::report::labels::Labels;
use crate::report::text::{self, clip, visible};
use crate::report::{Report, SourceKind};
use crate::verdict::Verdict;

/// A longer cause stands below, and is only counted here.
const LONGEST_CAUSE: usize = 110;
/// That of a backup names a segment, a place and a time.
const LONGEST_OF_BACKUP: usize = 170;
/// So many rehearsals are named; the grid has all of them.
const NAMED: usize = 6;

/// What the run comes to.
pub(super) fn of(report: &Report, groups: &[Group<'_>]) -> String {
    if report.targets.is_empty() {
        return "no target was rehearsed".to_owned();
    }
    let run = Run {
        report,
        words: Words::of(report),
        labels: Labels::of(report.sources.iter().map(|source| source.path.as_str())),
    };
    // One that fails for warnings alone has come back, and so has one that only the profile's own checks fail.
    let failed = |target: &&Rehearsal| target.verdict == Verdict::Fail;
    let warned = |target: &Rehearsal| target.fail_on < Severity::Error && !target.shown_findings().any(Finding::fails);
    let whole: Vec<&Rehearsal> = report.targets.iter().filter(failed).filter(|target| !warned(target)).collect();
    let for_warnings: Vec<&Rehearsal> = report.targets.iter().filter(failed).filter(|target| warned(target)).collect();
    let untested: Vec<&Rehearsal> =
        report.targets.iter().filter(|target| target.verdict == Verdict::Untested).collect();
    let mut parts = Vec::new();
    if !whole.is_empty() {
        let verb = match whole.iter().all(|target| fails_own_checks(target)) {
            true => run.words.own.as_str(),
            false => run.words.failed.as_str(),
        };
        parts.push(run.sentence(verb, &whole));
        let is_backup = report.sources.iter().all(|source| source.kind == SourceKind::Backup);
        let longest = if is_backup { LONGEST_OF_BACKUP } else { LONGEST_CAUSE };
        match causes(report, groups).as_slice() {
            [] => {}
            [only] if text::width(only) <= longest => {
                let said = parts.pop().unwrap_or_default();
                parts.push(format!("{said}: {only}"));
            }
            // The worst comes first.
            [first, others @ ..] if text::width(first) <= longest => {
                let said = parts.pop().unwrap_or_default();
                parts.push(format!("{said}: {first}, and {}", counted(others.len(), "more cause")));
            }
            all => parts.push(counted(all.len(), "cause")),
        }
    }
    if !for_warnings.is_empty() {
        parts.push(run.sentence(
            &format!("{} with warnings, which fail here (--fail-on warning),", run.words.came),
            &for_warnings,
        ));
    }
    if !untested.is_empty() {
        let why = common_reason(&untested).map(|why| format!(": {why}")).unwrap_or_default();
        parts.push(format!("{}{why}", run.sentence("could not be tested", &untested)));
    }
    if parts.is_empty() {
        let all: Vec<&Rehearsal> = report.targets.iter().collect();
        let accepted = report.targets.iter().flat_map(Rehearsal::findings).filter(|finding| finding.accepted.is_some());
        let accepted = accepted.filter(|finding| finding.severity > Severity::Note).count();
        let is_compared = all.iter().all(|target| {
            let mut held =
                target.ledger.iter().filter(|entry| matches!(entry.kind, ItemKind::Rows | ItemKind::Definition));
            held.all(|entry| entry.compared > 0 || entry.held == 0)
        });
        let (how, with) = match accepted {
            // The ledger below says what, and why.
            _ if !is_compared => ("restored without an error, but not all of it could be compared,", String::new()),
            0 => (run.words.whole.as_str(), String::new()),
            count => (run.words.came.as_str(), format!(", with {} accepted by the profile", counted(count, "finding"))),
        };
        parts.push(format!("{}{with}", run.sentence(how, &all)));
        let warnings = block::warnings(groups);
        parts.extend((warnings > 0).then(|| counted(warnings, "warning")));
    }
    parts.join("; ")
}

/// Why these are untested, in a few words, where it is the same for all of them.
fn common_reason(untested: &[&Rehearsal]) -> Option<String> {
    const ROOM: usize = 100;
    let reason = untested.first()?.untested.first()?;
    if !untested.iter().all(|target| target.untested.first() == Some(reason)) {
        return None;
    }
    // What to do about it stands behind a semicolon, and more of why behind a colon.
    let whole = visible(reason.split("; ").next().unwrap_or(reason)).into_owned();
    if text::width(&whole) <= ROOM {
        return Some(whole);
    }
    let short = whole.split(": ").next().unwrap_or_default();
    (text::width(short) <= ROOM).then(|| short.to_owned())
}

/// What production has too: a verdict of its own, since a restore cannot mend it.
pub(super) fn of_source(report: &Report) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut is_faithful = true;
    for target in &report.targets {
        is_faithful &= target.verdict == Verdict::Pass;
        let of_source = target
            .shown_findings()
            .filter(|finding| finding.name != Name::NothingRestored)
            .filter(|finding| finding.origin == Origin::Source && finding.accepted.is_none());
        for finding in of_source.filter(|finding| finding.severity > Severity::Note) {
            if !names.contains(&finding.name.as_str()) {
                names.push(finding.name.as_str());
            }
        }
    }
    if names.is_empty() {
        return None;
    }
    let problem = agreeing(names.len(), "this problem", "these problems");
    let begin = if is_faithful { "the restore is faithful; production" } else { "production itself" };
    Some(format!("{begin} has {problem} too: {}", names.join(", ")))
}

/// Whether nothing but what the profile asks for itself fails a target.
fn fails_own_checks(target: &Rehearsal) -> bool {
    let fails = |finding: &Finding| finding.counts_from(target.fail_on);
    let of_restore = target.coming().any(fails);
    let is_own = |result: &CheckResult| {
        matches!(result.group, check::Group::Queries | check::Group::Budget | check::Group::Accept)
    };
    let mut failing = target.checks.iter().filter(|result| match &result.outcome {
        Outcome::Looked { findings } => findings.iter().any(fails),
        Outcome::CouldNotLook { .. } => false,
    });
    !of_restore && failing.all(is_own)
}

/// What has failed one source, each cause by its first line.
fn causes(report: &Report, groups: &[Group<'_>]) -> Vec<String> {
    let [_] = report.sources.as_slice() else { return Vec::new() };
    let blocks = block::of(groups, Detail::Full);
    blocks.iter().filter(|block| block.fails()).map(|block| block.title(usize::MAX)).collect()
}

/// What is said of a dump that is restored, and of a backup that is recovered.
struct Words {
    /// It came back, and with nothing missing.
    came: String,
    whole: String,
    own: String,
    failed: String,
}

impl Words {
    fn of(report: &Report) -> Self {
        let mut points: Vec<&str> =
            report.targets.iter().filter_map(|target| Some(target.recovery.as_ref()?.point.as_str())).collect();
        points.dedup();
        let is_backup = report.sources.iter().all(|source| source.kind == SourceKind::Backup);
        let to = match points.as_slice() {
            [only] => format!(" to {}", visible(only)),
            _ => String::new(),
        };
        match is_backup {
            true => Words {
                came: format!("recovered{to}"),
                whole: format!("recovered{to}"),
                own: format!("recovered{to}, but not as the profile's own checks ask,"),
                failed: format!("was not recovered{to} as asked"),
            },
            false => Words {
                came: "restored".to_owned(),
                whole: "restored completely".to_owned(),
                own: "restored, but not as the profile's own checks ask,".to_owned(),
                failed: "did not restore cleanly".to_owned(),
            },
        }
    }
}

struct Run<'a> {
    report: &'a Report,
    words: Words,
    labels: Labels,
}

impl Run<'_> {
    /// What was rehearsed: the dump by the last part of its path, or how many there are.
    fn subject(&self) -> String {
        match self.report.sources.as_slice() {
            [source] => {
                let file = source.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                clip(&visible(file), 100).into_owned()
            }
            sources => counted(sources.len(), "dump"),
        }
    }

    /// What became of these rehearsals: `shop.dump did not restore cleanly on rds-like`, or of several dumps
    /// `2 of 4 rehearsals did not restore cleanly: shop.dump in rds-like, crm.dump in rds-like`.
    fn sentence(&self, verb: &str, targets: &[&Rehearsal]) -> String {
        if self.report.sources.len() == 1 {
            return format!("{} {verb} {}", self.subject(), self.places(targets));
        }
        let verb = &if targets.len() == 1 { verb.to_owned() } else { verb.replacen("was ", "were ", 1) };
        let all = counted(self.report.targets.len(), self.labels.noun());
        if targets.len() == self.report.targets.len() {
            let all = if targets.len() == 2 { format!("both {}s", self.labels.noun()) } else { format!("all {all}") };
            return format!("{} {verb} in {all}", self.subject());
        }
        format!("{} of {all} {}: {}", targets.len(), verb.trim_end_matches(','), self.names(targets))
    }

    /// `on rds-like`, `on all 3 targets`, `on 2 of 4 targets: a, b`.
    fn places(&self, targets: &[&Rehearsal]) -> String {
        let (total, noun) = (self.report.targets.len(), self.labels.noun());
        // `did not … on all of them` can mean some.
        let is_bad = targets.iter().any(|target| target.verdict != Verdict::Pass);
        match total {
            1 => format!("on {}", self.names(targets)),
            2 if targets.len() == total && is_bad => format!("on either of the 2 {noun}s"),
            2 if targets.len() == total => format!("on both {noun}s"),
            _ if targets.len() == total && is_bad => format!("on any of the {}", counted(total, noun)),
            _ if targets.len() == total => format!("on all {}", counted(total, noun)),
            _ => format!("on {} of {}: {}", targets.len(), counted(total, noun), self.names(targets)),
        }
    }

    /// The first few of them.
    fn names(&self, targets: &[&Rehearsal]) -> String {
        let named =
            |target: &&Rehearsal| clip(&visible(&self.labels.label(&target.source, &target.target)), 100).into_owned();
        let mut names: Vec<String> = targets.iter().take(NAMED).map(named).collect();
        if targets.len() > NAMED {
            names.push(format!("and {} more", targets.len() - NAMED));
        }
        names.join(", ")
    }
}
