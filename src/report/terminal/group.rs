//! The same finding in several targets, drawn once.

use crate::finding::Finding;
use crate::rehearsal::{Rehearsal, Verdict};

/// One finding and every target that has it.
pub(super) struct Group<'a> {
    pub finding: &'a Finding,
    /// In the report's order, each once.
    pub targets: Vec<&'a str>,
    /// What was seen in any of them, each line once: servers word the same error differently.
    pub evidence: Vec<&'a str>,
    /// The largest count of them.
    pub count: u64,
    pub counts_differ: bool,
    /// The restore itself reported it. What the checks find is often its consequence.
    pub of_restore: bool,
    /// It stands in no target that fails or is untested, or it is accepted: a few lines are enough.
    pub brief: bool,
}

/// All findings of all targets: accepted ones last; worst first; causes (of the restore) before what the checks saw;
/// what hits most targets first; then as they come.
pub(super) fn collect(targets: &[Rehearsal]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for target in targets {
        for finding in target.findings() {
            match groups.iter_mut().find(|group| is_the_same(group.finding, finding)) {
                Some(group) => group.add(target, finding),
                None => groups.push(Group::new(target, finding)),
            }
        }
    }
    groups.sort_by_key(|group| {
        let finding = group.finding;
        (finding.accepted.is_some(), std::cmp::Reverse((finding.severity, group.of_restore, group.targets.len())))
    });
    groups
}

/// Whether one block can stand for both. A different fix makes it another block: a target must not be shown another's.
fn is_the_same(one: &Finding, other: &Finding) -> bool {
    one.name == other.name
        && one.severity == other.severity
        && one.origin == other.origin
        && one.title == other.title
        && one.objects == other.objects
        && one.consequences == other.consequences
        && one.fix == other.fix
        && one.commands == other.commands
        && one.accepted == other.accepted
        && one.accepted_objects == other.accepted_objects
        && one.own_severity == other.own_severity
}

impl<'a> Group<'a> {
    fn new(target: &'a Rehearsal, finding: &'a Finding) -> Self {
        let mut group = Self {
            finding,
            targets: Vec::new(),
            evidence: Vec::new(),
            count: finding.count,
            counts_differ: false,
            of_restore: false,
            brief: true,
        };
        group.add(target, finding);
        group
    }

    fn add(&mut self, target: &'a Rehearsal, finding: &'a Finding) {
        if !self.targets.contains(&target.target.as_str()) {
            self.targets.push(&target.target);
        }
        for line in &finding.evidence {
            if !self.evidence.contains(&line.as_str()) {
                self.evidence.push(line);
            }
        }
        self.of_restore |= target.restore.iter().any(|restore| restore.findings.contains(finding));
        self.counts_differ |= finding.count != self.count;
        self.count = self.count.max(finding.count);
        self.brief &= target.verdict == Verdict::Pass || finding.accepted.is_some();
    }
}
