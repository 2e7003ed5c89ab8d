//! The same finding in several targets, drawn once.

use crate::check::Outcome;
use crate::finding::{Finding, Name};
use crate::rehearsal::{Rehearsal, Verdict};

/// One finding and every target that has it.
pub(super) struct Group<'a> {
    pub finding: &'a Finding,
    found_by: FoundBy<'a>,
    /// What each target says of it, each sentence once: it can name the server's version, the role, a time.
    pub sentences: Vec<&'a str>,
    /// In the report's order, each once.
    pub targets: Vec<&'a str>,
    /// What was seen in any of them, each line once: servers word the same error differently.
    pub evidence: Vec<&'a str>,
    /// What mends it, and where: a target must not be shown another's.
    pub fixes: Vec<Fix<'a>>,
    /// The largest count of them.
    pub count: u64,
    pub counts_differ: bool,
    /// The restore itself reported it. What the checks find is often its consequence.
    pub of_restore: bool,
    /// Only the preflight says so: nothing was restored in any of its targets.
    pub of_preflight: bool,
    /// It stands in no target that fails or is untested, or it is accepted: a few lines are enough.
    pub brief: bool,
}

/// What mends a finding in some targets.
pub(super) struct Fix<'a> {
    pub words: &'a str,
    pub commands: &'a [String],
    pub targets: Vec<&'a str>,
}

/// All findings of all targets: accepted ones last; worst first; causes (of the restore) before what the checks saw;
/// what hits most targets first; then as they come.
pub(super) fn collect(targets: &[Rehearsal]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for target in targets {
        for (found_by, finding) in findings(target) {
            match groups.iter_mut().find(|group| group.is_of(found_by, finding)) {
                Some(group) => group.add(target, finding),
                None => groups.push(Group::new(target, found_by, finding)),
            }
        }
    }
    groups.sort_by_key(|group| {
        let finding = group.finding;
        // Of a dump that is cut off nothing else matters.
        let is_damage = finding.name == Name::DumpTruncated;
        let weight = (finding.severity, is_damage, group.of_restore, group.targets.len());
        (finding.accepted.is_some(), std::cmp::Reverse(weight))
    });
    groups
}

/// What has found something, and in which database: the restore, which is `None`, or a check.
type FoundBy<'a> = Option<(&'a str, Option<&'a str>)>;

/// Every finding of a target, the restore's first.
fn findings(target: &Rehearsal) -> impl Iterator<Item = (FoundBy<'_>, &Finding)> {
    let of_restore = target.coming().map(|finding| (None, finding));
    let of_checks = target.checks.iter().flat_map(|result| {
        let findings = match &result.outcome {
            Outcome::Looked { findings } => findings.as_slice(),
            Outcome::CouldNotLook { .. } => &[],
        };
        let found_by = Some((result.check.as_str(), result.database.as_deref()));
        findings.iter().map(move |finding| (found_by, finding))
    });
    of_restore.chain(of_checks)
}

impl<'a> Group<'a> {
    /// Whether its block can stand for this finding too. What is known by its subject may hit other objects in another target, and
    /// may need another fix there.
    fn is_of(&self, found_by: FoundBy<'_>, finding: &Finding) -> bool {
        let one = self.finding;
        one.name == finding.name
            && one.severity == finding.severity
            && one.origin == finding.origin
            && one.accepted == finding.accepted
            && one.accepted_objects == finding.accepted_objects
            && one.own_severity == finding.own_severity
            && one.subject == finding.subject
            && (one.subject.is_some()
                || self.found_by == found_by
                    && one.objects == finding.objects
                    && one.consequences == finding.consequences
                    && one.fix == finding.fix
                    && one.commands == finding.commands
                    && self.has_seen_as_much(finding))
    }

    /// Whether a finding without a subject, of the same objects, is about the same.
    fn has_seen_as_much(&self, finding: &Finding) -> bool {
        let is_of_check = self.found_by.is_some();
        // What checks count is what they have found; the failures of a restore can be more or fewer of the same.
        let is_as_much = !is_of_check || self.finding.count == finding.count;
        // Where nothing else distinguishes it from others of its name, what was seen does.
        let is_known_by_evidence = finding.name == Name::UnclassifiedError || is_of_check && finding.objects.is_empty();
        is_as_much && (!is_known_by_evidence || self.finding.evidence == finding.evidence)
    }

    fn new(target: &'a Rehearsal, found_by: FoundBy<'a>, finding: &'a Finding) -> Self {
        let mut group = Self {
            finding,
            found_by,
            sentences: Vec::new(),
            targets: Vec::new(),
            evidence: Vec::new(),
            fixes: Vec::new(),
            count: finding.count,
            counts_differ: false,
            of_restore: false,
            of_preflight: true,
            brief: true,
        };
        group.add(target, finding);
        group
    }

    fn add(&mut self, target: &'a Rehearsal, finding: &'a Finding) {
        if !self.targets.contains(&target.target.as_str()) {
            self.targets.push(&target.target);
        }
        if !self.sentences.contains(&finding.title.as_str()) {
            self.sentences.push(&finding.title);
        }
        for line in &finding.evidence {
            if !self.evidence.contains(&line.as_str()) {
                self.evidence.push(line);
            }
        }
        let is_same = |fix: &&mut Fix| fix.words == finding.fix && fix.commands == finding.commands.as_slice();
        match self.fixes.iter_mut().find(is_same) {
            Some(fix) => fix.targets.push(&target.target),
            None => {
                self.fixes.push(Fix { words: &finding.fix, commands: &finding.commands, targets: vec![&target.target] })
            }
        }
        // What a restore has met is surer than what was foreseen.
        if self.of_preflight && target.has_come() {
            self.finding = finding;
        }
        self.of_preflight &= !target.has_come();
        self.of_restore |= target.coming().any(|known| known == finding);
        self.counts_differ |= finding.count != self.count;
        self.count = self.count.max(finding.count);
        self.brief &= target.verdict == Verdict::Pass || finding.accepted.is_some();
    }
}
