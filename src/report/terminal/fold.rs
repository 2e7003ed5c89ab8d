//! Many findings of one kind as one block: forty roles that are missing are one thing to do.

use std::borrow::Cow;
use std::io;

use super::{FIRST_FEW, Group, Page};
use crate::counted::counted;
use crate::finding::{Name, Subject};
use crate::report::text;

/// So many of a kind are drawn one by one.
const APART: usize = 2;
/// So many subjects are named, and so many where there is much else to show.
const NAMED: usize = 12;
const NAMED_OF_MANY: usize = 6;
/// So many commands are shown.
const COMMANDS: usize = 4;

/// Findings that are drawn together, in the order of the first of each.
pub(super) fn folded<'g, 'a>(groups: &'g [Group<'a>], all: bool) -> Vec<Vec<&'g Group<'a>>> {
    let mut blocks: Vec<Vec<&Group>> = Vec::new();
    for group in groups {
        let block = blocks.iter_mut().find(|block| !all && are_alike(block[0], group));
        match block {
            Some(block) => block.push(group),
            None => blocks.push(vec![group]),
        }
    }
    let apart = |block: Vec<&'g Group<'a>>| match block.len() <= APART {
        true => block.into_iter().map(|group| vec![group]).collect(),
        false => vec![block],
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
}

impl Page<'_> {
    /// Draws findings of one kind: what each is about with how much it hit, and what to do about all of them.
    pub(super) fn fold(&mut self, block: &[&Group]) -> io::Result<()> {
        let [first, rest @ ..] = block else { return Ok(()) };
        let (style, label) = Self::label_of(first.finding);
        let title = format!("{}, and {} more of this kind", first.finding.title, rest.len());
        self.headline(style, &label, &title)?;
        self.targets(&first.targets)?;
        let subjects = block.iter().map(|group| group.finding.subject.as_ref().map(Subject::text).unwrap_or_default());
        let mut by_count: Vec<(Cow<'_, str>, u64)> = subjects.zip(block.iter().map(|group| group.count)).collect();
        by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let named = if self.crowded { NAMED_OF_MANY } else { NAMED };
        let first_ones = by_count.iter().take(named);
        let mut subjects: Vec<String> =
            first_ones.map(|(subject, count)| format!("{} ({count})", self.shown(subject))).collect();
        if by_count.len() > named {
            subjects.push(format!("and {} more", by_count.len() - named));
        }
        let total: u64 = block.iter().map(|group| group.count).sum();
        let what = if first.of_restore { "statement" } else { "object" };
        self.labelled_items("hits", &format!("{}: ", counted(total, what)), &subjects)?;
        self.consequences(block)?;
        self.decisions(first.finding)?;
        if first.brief || self.crowded && !first.of_restore {
            return Ok(());
        }
        if !self.crowded {
            self.evidence(&first.evidence[..first.evidence.len().min(1)])?;
        }
        if !first.finding.fix.is_empty() {
            self.labelled("fix", &first.finding.fix)?;
        }
        if self.crowded {
            return Ok(());
        }
        let mut commands: Vec<String> = Vec::new();
        for command in block.iter().flat_map(|group| &group.finding.commands) {
            if !commands.contains(command) {
                commands.push(command.clone());
            }
        }
        let more = commands.len().saturating_sub(COMMANDS);
        commands.truncate(COMMANDS);
        self.commands(&commands)?;
        if more > 0 {
            writeln!(self.canvas.out, "    … and {more} more (--all)")?;
        }
        Ok(())
    }

    /// What failed only because of these, by kind; with `--all` every object.
    pub(super) fn consequences(&mut self, block: &[&Group]) -> io::Result<()> {
        let mut kinds: Vec<(&str, u64)> = Vec::new();
        for consequence in block.iter().flat_map(|group| &group.finding.consequences) {
            match kinds.iter_mut().find(|(kind, _)| *kind == consequence.kind) {
                Some((_, count)) => *count += consequence.count,
                None => kinds.push((&consequence.kind, consequence.count)),
            }
        }
        if kinds.is_empty() {
            return Ok(());
        }
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let total: u64 = kinds.iter().map(|(_, count)| count).sum();
        let shown = if self.crowded { FIRST_FEW } else { 2 * FIRST_FEW };
        let mut items: Vec<String> =
            kinds.iter().take(shown).map(|(kind, count)| format!("{count} {}", text::visible(kind))).collect();
        if kinds.len() > shown {
            let others: u64 = kinds[shown..].iter().map(|(_, count)| count).sum();
            items.push(format!("{others} others"));
        }
        self.labelled_items("then", &format!("{total} failed because of it: "), &items)?;
        if self.all() {
            for consequence in block.iter().flat_map(|group| &group.finding.consequences) {
                let objects: Vec<String> = consequence.objects.iter().map(|object| self.shown(object)).collect();
                self.canvas.labelled_items("", &objects)?;
            }
        }
        Ok(())
    }
}
