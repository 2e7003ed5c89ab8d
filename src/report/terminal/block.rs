//! What is drawn together: findings of one kind that differ in nothing but what they are about, and what follows from them.

use super::detail::Detail;
use super::group::Group;
use crate::counted::number;
use crate::finding::{Name, Origin, Reference, Severity, Subject};

/// So many of a kind are drawn one by one.
const APART: usize = 2;

/// One cause, or several of one kind, with what follows from it.
pub(super) struct Block<'g, 'a> {
    /// At least one.
    pub causes: Vec<&'g Group<'a>>,
    /// What the checks have found that ends with these causes.
    pub followers: Vec<&'g Group<'a>>,
}

impl<'g, 'a> Block<'g, 'a> {
    fn new(causes: Vec<&'g Group<'a>>) -> Self {
        Self { causes, followers: Vec::new() }
    }

    /// The first cause, which says what all have in common.
    pub fn first(&self) -> Option<&'g Group<'a>> {
        self.causes.first().copied()
    }

    /// Every group of it.
    pub fn all(&self) -> impl Iterator<Item = &'g Group<'a>> {
        self.causes.iter().chain(&self.followers).copied()
    }

    /// Whether one of its causes fails a target.
    pub fn fails(&self) -> bool {
        self.causes.iter().any(|group| group.finding.fails())
    }

    /// What it says first: the finding's own line, or how many there are and what so many of them are about.
    pub fn title(&self, named: usize) -> String {
        let Some(first) = self.first() else { return String::new() };
        let title = &first.finding.title;
        match (self.causes.len() as u64, first.finding.name.kind().several) {
            (0 | 1, _) => title.clone(),
            (count, Some(several)) => {
                format!("{} {several}: {}", number(count), self.subjects(named, |_| String::new()))
            }
            (count, None) => format!("{title}, and {} more of this kind", number(count - 1)),
        }
    }

    /// What so many of the causes are about, those that hit most first; `more` is said of how much each hit.
    pub fn subjects(&self, named: usize, more: impl Fn(u64) -> String) -> String {
        let subject = |group: &Group<'a>| group.finding.subject.as_ref().map(Subject::to_string).unwrap_or_default();
        let mut all: Vec<(String, u64)> = self.causes.iter().map(|group| (subject(group), group.count)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut names: Vec<String> =
            all.iter().take(named).map(|(subject, count)| format!("{subject}{}", more(*count))).collect();
        if all.len() > named {
            names.push(format!("and {} more", all.len() - named));
        }
        names.join(", ")
    }

    /// Whether a finding follows from a cause of this block.
    fn explains(&self, group: &Group<'_>) -> bool {
        self.causes.iter().any(|cause| follows(group, cause))
    }
}

/// Whether a finding follows from another one in each of its targets, and is no worse.
fn follows(group: &Group<'_>, cause: &Group<'_>) -> bool {
    group.finding.follows.as_ref().is_some_and(|reference| reference.is(cause.finding))
        && !std::ptr::eq(group, cause)
        && group.finding.accepted.is_none()
        && cause.finding.accepted.is_none()
        && cause.finding.severity >= group.finding.severity
        && group.targets.iter().all(|target| cause.targets.contains(target))
}

/// The blocks of these groups, in the order of the first cause of each. Where all is shown, each finding is a block, and what
/// follows from a cause stands behind it.
pub(super) fn of<'g, 'a>(groups: &'g [Group<'a>], detail: Detail) -> Vec<Block<'g, 'a>> {
    let of_other = |group: &&Group<'_>| groups.iter().any(|cause| follows(group, cause));
    let (followers, causes): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(of_other);
    let mut blocks = match detail {
        Detail::All => causes.into_iter().map(|group| Block::new(vec![group])).collect(),
        _ => folded(&causes),
    };
    for follower in followers {
        match blocks.iter_mut().find(|block| block.explains(follower)) {
            Some(block) => block.followers.push(follower),
            // What it follows from follows from something else: nothing is left out for that.
            None => blocks.push(Block::new(vec![follower])),
        }
    }
    if detail == Detail::All {
        let each = |block: Block<'g, 'a>| block.all().map(|group| Block::new(vec![group])).collect::<Vec<_>>();
        return blocks.into_iter().flat_map(each).collect();
    }
    blocks
}

/// Findings of one kind together, in the order of the first of each.
fn folded<'g, 'a>(groups: &[&'g Group<'a>]) -> Vec<Block<'g, 'a>> {
    let mut blocks: Vec<Vec<&'g Group<'a>>> = Vec::new();
    for group in groups {
        match blocks.iter_mut().find(|block| are_alike(block[0], group)) {
            Some(block) => block.push(group),
            None => blocks.push(vec![group]),
        }
    }
    let is_apart = |block: &[&Group]| block.len() <= APART && block[0].finding.name.kind().several.is_none();
    let apart = |block: Vec<&'g Group<'a>>| match is_apart(&block) {
        true => block.into_iter().map(|group| Block::new(vec![group])).collect(),
        false => vec![Block::new(block)],
    };
    blocks.into_iter().flat_map(apart).collect()
}

/// Whether two findings differ in nothing but what they are about.
fn are_alike(one: &Group<'_>, other: &Group<'_>) -> bool {
    one.finding.name == other.finding.name
        // Each stands for a decision, to be read with its reason.
        && one.finding.name != Name::AcceptUnused
        && one.finding.severity == other.finding.severity
        && one.finding.origin == other.finding.origin
        && one.finding.subject.is_some()
        && other.finding.subject.is_some()
        && one.finding.accepted == other.finding.accepted
        && one.finding.own_severity == other.finding.own_severity
        // What is accepted in part has objects of its own to show.
        && one.finding.accepted_objects.is_empty()
        && other.finding.accepted_objects.is_empty()
        && one.targets == other.targets
        && one.brief == other.brief
        // Some roles are for whoever restores to make, and others are not.
        && (one.finding.name != Name::RoleMissing
            || one.finding.commands.is_empty() == other.finding.commands.is_empty())
}

/// How many there are to be warned of, beside what production has too.
pub(super) fn warnings(groups: &[Group<'_>]) -> usize {
    let warns = |group: &&Group<'_>| {
        let finding = group.finding;
        finding.severity == Severity::Warning && finding.accepted.is_none() && finding.origin != Origin::Source
    };
    of(groups, Detail::Full).iter().filter(|block| block.causes.iter().any(warns)).count()
}

/// What a finding follows from, as a report has it.
pub(super) fn cause_of(group: &Group<'_>) -> Option<String> {
    group.finding.follows.as_ref().map(Reference::to_string)
}
