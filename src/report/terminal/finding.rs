//! Causes, each once, with what follows from them and how to fix them.

use std::io;

use anstyle::Style;

use super::block::{self, Block};
use super::detail::Detail;
use super::{Group, Page};
use crate::counted::{counted, counted_as, number};
use crate::finding::{self, Finding, Origin, Severity};
use crate::report::canvas::{DIM, severity_style};
use crate::report::text::{self, visible};

/// So many subjects are named.
const NAMED: usize = 12;
/// So many causes have their first line where there is no room for more of them.
const FIRST_LINES: usize = 6;
/// So many objects that failed only because of a cause are named; of more, only their kinds.
const FOLLOWERS_NAMED: usize = 4;

impl Page<'_> {
    /// Draws all causes: the first ones with all that there is to say, and of the others so much as has room.
    pub(super) fn findings(&mut self, blocks: &[Block<'_, '_>]) -> io::Result<()> {
        let whole = self.detail.blocks().min(blocks.len());
        let (whole, others) = blocks.split_at(whole);
        for block in whole {
            writeln!(self.canvas.out)?;
            self.block(block)?;
        }
        if others.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        if self.detail == Detail::Least {
            return self.names(others);
        }
        let few = self.canvas.room_for(others.len(), FIRST_LINES);
        let (few, others) = others.split_at(few);
        few.iter().try_for_each(|block| self.one_line(block))?;
        if others.is_empty() { Ok(()) } else { self.names(others) }
    }

    fn label_of(finding: &Finding) -> (Style, String) {
        let name = finding.name.as_str();
        match &finding.accepted {
            None => (severity_style(finding.severity), format!("{}[{name}]", finding.severity.label())),
            Some(_) => (DIM, format!("accepted {}[{name}]", finding.severity.label())),
        }
    }

    /// How many of a block's causes are named.
    fn named(&self, block: &Block<'_, '_>) -> usize {
        let few = if self.detail >= Detail::Short { NAMED / 2 } else { NAMED };
        self.canvas.room_for(block.causes.len(), few)
    }

    fn block(&mut self, block: &Block<'_, '_>) -> io::Result<()> {
        let Some(first) = block.first() else { return Ok(()) };
        let finding = first.finding;
        let (style, label) = Self::label_of(finding);
        let title = block.title(self.named(block));
        self.headline(style, &label, &title)?;
        let is_one = block.causes.len() == 1;
        if is_one {
            first.sentences.iter().skip(1).try_for_each(|sentence| self.labelled("also", sentence))?;
        }
        self.targets(&first.targets)?;
        if is_one {
            self.objects(first)?
        } else {
            self.hit_by_each(block)?
        }
        self.followers(block)?;
        if self.all()
            && let Some(cause) = block::cause_of(first)
        {
            self.labelled("because", &cause)?;
        }
        if first.of_preflight {
            self.labelled("known", "before the restore, from the dump and the profile; nothing was restored")?;
        }
        self.origin(finding)?;
        self.decisions(finding)?;
        let is_mild = finding.severity < Severity::Error && self.detail > Detail::Full;
        if first.brief && !self.all() || is_mild {
            return Ok(());
        }
        // What the checks have seen of the same thing says more than the client's words.
        let same = block.followers.iter().filter(|follower| follower.finding.name == finding.name);
        let all: Vec<&str> = same.flat_map(|follower| &follower.evidence).chain(&first.evidence).copied().collect();
        let evidence = match self.detail {
            Detail::All | Detail::Full => all.as_slice(),
            // What the checks saw follows from what the restore failed on, as a rule.
            Detail::Brief | Detail::Short if first.of_restore => &all[..all.len().min(1)],
            Detail::Brief | Detail::Short | Detail::Shorter | Detail::First | Detail::Least => &[],
        };
        self.evidence(if is_one { evidence } else { &evidence[..evidence.len().min(1)] })?;
        if is_one {
            return first.fixes.iter().take(self.detail.fixes()).try_for_each(|fix| {
                let words = match first.fixes.len() {
                    1 => fix.words.to_owned(),
                    _ => format!("in {}: {}", self.first_few(&fix.targets).join(", "), fix.words),
                };
                if !fix.words.is_empty() {
                    self.labelled("fix", &words)?;
                }
                self.commands(&fix.commands.iter().map(String::as_str).collect::<Vec<_>>())
            });
        }
        if !finding.fix.is_empty() {
            self.labelled("fix", &finding.fix)?;
        }
        let mut commands: Vec<&str> = Vec::new();
        for command in block.causes.iter().flat_map(|group| &group.finding.commands) {
            if !commands.contains(&command.as_str()) {
                commands.push(command);
            }
        }
        self.commands(&commands)
    }

    /// A block's first line alone.
    fn one_line(&mut self, block: &Block<'_, '_>) -> io::Result<()> {
        let Some(first) = block.first() else { return Ok(()) };
        let (style, label) = Self::label_of(first.finding);
        let title = block.title(self.named(block));
        let room = self.columns().saturating_sub(label.len() + 2);
        let title = visible(&title).into_owned();
        let title = if text::width(&title) > room { text::cut(&title, room.saturating_sub(1)) + "…" } else { title };
        writeln!(self.canvas.out, "{}: {title}", self.paint(style, &label))
    }

    /// The names of causes, and how often each is there.
    fn names(&mut self, blocks: &[Block<'_, '_>]) -> io::Result<()> {
        let mut names: Vec<(&str, usize)> = Vec::new();
        for group in blocks.iter().flat_map(Block::all) {
            let name = group.finding.name.as_str();
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => names.push((name, 1)),
            }
        }
        let total: usize = names.iter().map(|(_, count)| count).sum();
        let names: Vec<String> = names
            .iter()
            .map(|(name, count)| if *count == 1 { (*name).to_owned() } else { format!("{name} ({count})") })
            .collect();
        let line = format!("and {}: {}", counted(total, "other finding"), names.join(", "));
        self.canvas.wrapped(Style::new(), &line)
    }

    /// Whose fault it is, where neither the target nor its restore can help it.
    fn origin(&mut self, finding: &Finding) -> io::Result<()> {
        match finding.origin {
            Origin::Source => self.labelled("origin", "source: production has this too"),
            Origin::Dump => self.labelled("origin", "the dump, or how it was made"),
            Origin::Backup => self.labelled("origin", "the backup or its archive"),
            Origin::Tool => self.labelled("origin", "pgrehearse, or a check that it ran"),
            Origin::Target | Origin::Restore => Ok(()),
        }
    }

    /// What the profile has decided about it.
    fn decisions(&mut self, finding: &Finding) -> io::Result<()> {
        if let Some(own) = finding.own_severity {
            let (set, own) = (finding.severity.label(), own.label());
            self.labelled("severity", &format!("{set} by the profile; {own} without it"))?;
        }
        if let Some(reason) = &finding.accepted {
            self.labelled("accepted", reason)?;
        }
        let all = finding.hit().count();
        for part in &finding.accepted_objects {
            let objects = self.first_few(&part.objects).join(", ");
            self.labelled("accepted", &format!("{} of {all}: {objects}: {}", part.objects.len(), part.reason))?;
        }
        if !finding.accepted_objects.is_empty() {
            let accepted = |label: &&String| finding.accepted_objects.iter().any(|part| part.objects.contains(label));
            let open: Vec<&String> = finding.hit().filter(|label| !accepted(label)).collect();
            let few = self.first_few(&open).join(", ");
            let line =
                if open.is_empty() { "errors of no object".into() } else { format!("{} of {all}: {few}", open.len()) };
            self.labelled("open", &line)?;
        }
        Ok(())
    }

    /// How much it hit, and the first few of it.
    fn objects(&mut self, group: &Group) -> io::Result<()> {
        let objects = &group.finding.objects;
        let count = group.count - (group.finding.count - group.finding.own_count()).min(group.count);
        let about = if group.counts_differ { "up to " } else { "" };
        if objects.is_empty() {
            if count > 1 {
                self.labelled("affects", &format!("{about}{} statements or objects", number(count)))?;
            }
            return Ok(());
        }
        let start = match (count, objects.len() as u64) {
            (1, 1) => String::new(),
            (count, objects) if count == objects => format!("{about}{}: ", number(count)),
            (count, objects) => format!("{about}{} statements, on {}: ", number(count), counted(objects, "object")),
        };
        let few = self.first_few(objects);
        self.labelled_items("affects", &start, &few)
    }

    /// How much each of several causes hit.
    fn hit_by_each(&mut self, block: &Block<'_, '_>) -> io::Result<()> {
        let total: u64 = block.causes.iter().map(|group| group.count).sum();
        let says_all = block.first().is_some_and(|first| first.finding.name.kind().several.is_some());
        // The first line has named them.
        if says_all && total == block.causes.len() as u64 {
            return Ok(());
        }
        let of_restore = block.first().is_some_and(|first| first.of_restore);
        let what = if of_restore { "statement" } else { "object" };
        let each = block.subjects(self.named(block), |count| format!(" ({})", number(count)));
        self.labelled("affects", &format!("{}: {each}", counted(total, what)))
    }

    /// What failed only because of these causes, and what the checks have found that ends with them.
    fn followers(&mut self, block: &Block<'_, '_>) -> io::Result<()> {
        let consequences: Vec<_> = block.causes.iter().flat_map(|group| &group.finding.consequences).collect();
        let total: u64 = consequences.iter().map(|consequence| consequence.count).sum();
        let objects: Vec<&String> = consequences.iter().flat_map(|consequence| &consequence.objects).collect();
        let mut label = "leads to";
        if total > 0 {
            let few = objects.len() as u64 == total && objects.len() <= FOLLOWERS_NAMED;
            let items: Vec<String> = if self.all() || few {
                objects.iter().map(|object| self.shown(object)).collect()
            } else {
                let mut kinds: Vec<(&str, u64)> = Vec::new();
                for consequence in &consequences {
                    let kind = kind_for_people(&consequence.kind);
                    match kinds.iter_mut().find(|(known, _)| *known == kind) {
                        Some((_, count)) => *count += consequence.count,
                        None => kinds.push((kind, consequence.count)),
                    }
                }
                kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
                let shown = 2 * self.detail.items();
                let item = |(kind, count): &(&str, u64)| match *kind {
                    finding::CLIENT => counted_as(*count, "message of the client", "messages of the client"),
                    kind => format!("{} {}", number(*count), visible(kind)),
                };
                let mut items: Vec<String> = kinds.iter().take(shown).map(item).collect();
                if kinds.len() > shown {
                    let others: u64 = kinds[shown..].iter().map(|(_, count)| count).sum();
                    items.push(format!("{} of other kinds", number(others)));
                }
                items
            };
            let start = format!("{} that failed because of it: ", counted(total, "statement"));
            self.labelled_items(label, &start, &items)?;
            label = "";
        }
        let cause = block.first().map(|first| first.finding.name);
        for follower in block.followers.iter().filter(|follower| Some(follower.finding.name) != cause) {
            let finding = follower.finding;
            let mut line = format!("{}[{}]: {}", finding.severity.label(), finding.name, follower.sentences.join("; "));
            if !finding.objects.is_empty() && self.detail <= Detail::Brief {
                line = format!("{line}: {}", self.first_few(&finding.objects).join(", "));
            }
            self.labelled(label, &line)?;
            label = "";
        }
        Ok(())
    }

    fn evidence(&mut self, evidence: &[&str]) -> io::Result<()> {
        for (index, line) in self.first_few(evidence).iter().enumerate() {
            self.labelled(if index == 0 { "evidence" } else { "" }, line)?;
        }
        Ok(())
    }

    /// What to paste: as it is, never wrapped, clipped or coloured; where there is more, how much.
    fn commands(&mut self, commands: &[&str]) -> io::Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        let mut changed = false;
        let room = self.canvas.room_for(commands.len(), self.detail.commands());
        // A statement of several lines is as long as it is.
        for line in commands[..room].iter().flat_map(|command| command.split('\n')) {
            let shown = visible(line);
            changed |= shown != line;
            writeln!(self.canvas.out, "    {shown}")?;
        }
        let more = (commands.len() - room) as u64;
        if more > 0 {
            let where_all = if self.offers_fixes { ": --write-fixes DIR writes all of them" } else { " (--all)" };
            writeln!(self.canvas.out, "    … and {} more{where_all}", number(more))?;
        }
        if changed {
            writeln!(self.canvas.out)?;
            self.labelled(
                "careful",
                "the commands above hold hidden characters, which are written out here: they do not work as they \
                 stand. The JSON report has them unchanged.",
            )?;
        }
        Ok(())
    }
}

/// What failed, in words: an archive's tag as it is.
fn kind_for_people(kind: &str) -> &str {
    match kind {
        finding::OWNER => "ALTER … OWNER",
        kind => kind,
    }
}
