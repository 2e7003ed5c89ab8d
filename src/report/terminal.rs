//! The report for people, on a terminal or in a CI log.
//!
//! It is read by somebody who was just woken up, so it goes from the question to the answer to the cure: what was
//! rehearsed, where it came back (one grid), why not and what to do (one block for each root cause, however many targets
//! it hits), what nobody knows (untested), and the verdict in the last line, where a terminal ends and a CI log is opened.
//! The diagnostics are modelled on those of rustc and ruff.
//!
//! Every text that a dump or a server could have made is printed through [`visible`].

mod fold;
mod grid;
mod group;
mod sentence;

use std::io;

use anstyle::Style;

use self::grid::Grid;
use self::group::Group;
pub use super::canvas::TerminalOptions;
use super::canvas::{BLUE, BOLD, Canvas, DIM, DumpHeader, GREEN, RED, YELLOW, severity_style};
use super::text::{self, clip, pack, visible, wrap};
use super::{Report, SourceFacts};
use crate::counted::{agreeing, counted, counted_as};
use crate::finding::{Finding, Origin};
use crate::rehearsal::ledger::Entry;
use crate::rehearsal::{Rehearsal, Verdict};

/// So many findings have room for all they say.
const CROWDED_FROM: usize = 20;
/// How many objects, and lines of evidence, stand for the others.
const FIRST_FEW: usize = 3;
/// Longer text is clipped unless all is asked for: one statement can be a megabyte.
const LONGEST_TEXT: usize = 600;
/// Room for the labels at the left: `targets  `.
const LABEL_WIDTH: usize = 9;

/// Draws the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
    for (nth, (source, targets)) in report.by_source().enumerate() {
        if nth > 0 {
            writeln!(out)?;
        }
        write_source(source, targets, out, options)?;
    }
    Page::new(out, options, &report.targets).verdict(report)
}

/// Draws one source and what became of it in its targets.
fn write_source(
    source: &SourceFacts,
    rehearsals: &[Rehearsal],
    out: &mut dyn io::Write,
    options: &TerminalOptions,
) -> io::Result<()> {
    let mut page = Page::new(out, options, rehearsals);
    page.source(source)?;
    page.grid(rehearsals)?;
    let groups = group::collect(rehearsals);
    page.findings(&groups)?;
    page.untested(rehearsals)?;
    page.notices(rehearsals)?;
    page.fixes(rehearsals)?;
    if options.all {
        page.commands_run(rehearsals)?;
    }
    page.pages_to_read(&groups)
}

fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => GREEN,
        Verdict::Untested => YELLOW,
        Verdict::Fail => RED,
    }
}

/// Draws the findings of these targets, each cause once, and the pages to read about them.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_findings(
    targets: &[Rehearsal],
    out: &mut dyn io::Write,
    options: &TerminalOptions,
) -> io::Result<()> {
    let mut page = Page::new(out, options, targets);
    let groups = group::collect(targets);
    page.findings(&groups)?;
    page.pages_to_read(&groups)
}

/// The report's page.
struct Page<'a> {
    canvas: Canvas<'a>,
    /// Then no block needs to say which target it is about.
    one_target: bool,
    /// There are so many findings that each block says only what it takes to begin.
    crowded: bool,
}

impl<'a> Page<'a> {
    fn new(out: &'a mut dyn io::Write, options: &'a TerminalOptions, targets: &[Rehearsal]) -> Self {
        let canvas = Canvas { out, options, label_width: LABEL_WIDTH };
        Self { canvas, one_target: targets.len() == 1, crowded: false }
    }
}

impl Page<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        self.canvas.paint(style, text)
    }

    fn columns(&self) -> usize {
        self.canvas.columns()
    }

    /// Whether everything is to be shown.
    fn all(&self) -> bool {
        self.canvas.options.all
    }

    /// Safe to print, and not longer than a person would read.
    fn shown(&self, text: &str) -> String {
        let text = visible(text);
        if self.all() { text.into_owned() } else { clip(&text, LONGEST_TEXT).into_owned() }
    }

    fn source(&mut self, source: &SourceFacts) -> io::Result<()> {
        let header = DumpHeader {
            path: &source.path,
            format: &source.format,
            size: source.size,
            server_version: source.server_version.as_deref(),
            pg_dump_version: source.pg_dump_version.as_deref(),
        };
        let encoding = source.encoding.as_ref().map(|encoding| format!("encoding {}", visible(encoding)));
        self.canvas.dump(&header, encoding)
    }

    fn grid(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        if rehearsals.is_empty() {
            return Ok(());
        }
        let grid = Grid::of(rehearsals);
        let lines = match grid.table(self.canvas.options.width) {
            Some(table) => table.lines(|style, text| self.paint(style, text)),
            None => grid.list(self.columns(), |style, text| self.paint(style, text)),
        };
        writeln!(self.canvas.out)?;
        for line in lines {
            writeln!(self.canvas.out, "{line}")?;
        }
        self.judges(rehearsals)
    }

    /// Which engine judged which target, on which server: a pass on another machine's server is another fact.
    fn judges(&mut self, targets: &[Rehearsal]) -> io::Result<()> {
        let mut engines: Vec<(&str, Vec<String>)> = Vec::new();
        for target in targets {
            let Some(judge) = &target.judge else { continue };
            let short = judge.server_version.split(' ').next().unwrap_or_default();
            let entry = format!("{} on {}", visible(&target.target), visible(short));
            match engines.iter_mut().find(|(engine, _)| *engine == judge.engine) {
                Some((_, entries)) => entries.push(entry),
                None => engines.push((&judge.engine, vec![entry])),
            }
        }
        if engines.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        for (engine, entries) in engines {
            let prefix = format!("judged by {}: ", visible(engine));
            let columns = self.columns().saturating_sub(text::width(&prefix) + 1);
            for (index, line) in pack(entries.iter().map(String::as_str), ", ", columns).into_iter().enumerate() {
                let start = if index == 0 { prefix.clone() } else { " ".repeat(text::width(&prefix)) };
                writeln!(self.canvas.out, "{}", self.paint(DIM, &format!("{start}{line}")))?;
            }
        }
        Ok(())
    }

    /// Draws all findings, those of one kind together where they are many.
    fn findings(&mut self, groups: &[Group]) -> io::Result<()> {
        let blocks = fold::folded(groups, self.all());
        self.crowded = !self.all() && groups.len() > CROWDED_FROM;
        for block in blocks {
            match *block {
                [group] => self.finding(group)?,
                _ => self.fold(&block)?,
            }
        }
        if self.crowded {
            writeln!(self.canvas.out)?;
            let line = "Much is left out above: --all shows everything, --write-fixes DIR writes the fixes, and \
                        pgrehearse explain FINDING has the causes.";
            self.canvas.wrapped(Style::new(), line)?;
        }
        Ok(())
    }

    /// Where fixes were written, and for whom there was nothing to write.
    fn fixes(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let asked: Vec<_> = rehearsals.iter().filter_map(|target| Some((target, target.fixes.as_ref()?))).collect();
        if asked.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        for (target, written) in &asked {
            let Some(directory) = &written.directory else { continue };
            let lines = pack(written.files.iter().map(String::as_str), ", ", self.columns().saturating_sub(2));
            writeln!(self.canvas.out, "fixes for {} are in {}:", visible(&target.target), visible(directory))?;
            lines.iter().try_for_each(|line| writeln!(self.canvas.out, "  {line}"))?;
        }
        for (target, failed) in asked.iter().filter_map(|(target, written)| Some((target, written.failed.as_ref()?))) {
            writeln!(self.canvas.out, "no fixes for {}: {}", visible(&target.target), visible(failed))?;
        }
        let none = asked.iter().filter(|(_, written)| written.directory.is_none() && written.failed.is_none());
        let none: Vec<&str> = none.map(|(target, _)| target.target.as_str()).collect();
        if !none.is_empty() {
            writeln!(self.canvas.out, "no fix to write for {}", none.join(", "))?;
        }
        Ok(())
    }

    fn label_of(finding: &Finding) -> (Style, String) {
        let name = finding.name.as_str();
        match &finding.accepted {
            None => (severity_style(finding.severity), format!("{}[{name}]", finding.severity.label())),
            Some(_) => (DIM, format!("accepted {}[{name}]", finding.severity.label())),
        }
    }

    fn finding(&mut self, group: &Group) -> io::Result<()> {
        let finding = group.finding;
        let (style, label) = Self::label_of(finding);
        self.headline(style, &label, &finding.title)?;
        group.sentences.iter().skip(1).try_for_each(|sentence| self.labelled("also", sentence))?;
        self.targets(&group.targets)?;
        self.objects(group)?;
        self.consequences(&[group])?;
        self.origin(finding)?;
        self.decisions(finding)?;
        // What the checks saw follows from what the restore failed on, as a rule.
        let brief = group.brief || self.crowded && !group.of_restore;
        if brief && !self.all() {
            return Ok(());
        }
        self.evidence(&group.evidence)?;
        if !finding.fix.is_empty() {
            self.labelled("fix", &finding.fix)?;
        }
        self.commands(&finding.commands)
    }

    /// Whose fault it is, where neither the target nor its restore can help it.
    fn origin(&mut self, finding: &Finding) -> io::Result<()> {
        match finding.origin {
            Origin::Source => self.labelled("origin", "source: production has this too"),
            Origin::Dump => self.labelled("origin", "dump"),
            Origin::Tool => self.labelled("origin", "tool: pgrehearse, or a check that it has run"),
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

    /// `error[role-missing]: role "shop_app" does not exist`, after an empty line.
    fn headline(&mut self, style: Style, label: &str, title: &str) -> io::Result<()> {
        writeln!(self.canvas.out)?;
        let whole = format!("{label}: {}", self.shown(title));
        let lines = wrap(&whole, self.columns());
        let Some((first, rest)) = lines.split_first() else { return Ok(()) };
        let rest = rest.join(" ");
        // Labels are ASCII, and shorter than the narrowest page.
        let (label_part, title_part) = first.split_at(label.len().min(first.len()));
        writeln!(self.canvas.out, "{}{}", self.paint(style, label_part), self.paint(BOLD, title_part))?;
        if rest.is_empty() {
            return Ok(());
        }
        for line in wrap(&rest, self.columns() - 2) {
            writeln!(self.canvas.out, "  {}", self.paint(BOLD, &line))?;
        }
        Ok(())
    }

    /// One label at the left, its text beside it.
    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        let text = self.shown(text);
        self.canvas.labelled(label, &text)
    }

    fn labelled_items(&mut self, label: &str, start: &str, items: &[String]) -> io::Result<()> {
        let mut items: Vec<String> = items.to_vec();
        if let Some(first) = items.first_mut() {
            first.insert_str(0, start);
        }
        self.canvas.labelled_items(label, &items)
    }

    fn targets(&mut self, targets: &[&str]) -> io::Result<()> {
        if self.one_target {
            return Ok(());
        }
        let names: Vec<String> = targets.iter().map(|target| self.shown(target)).collect();
        self.labelled_items(agreeing(names.len(), "target", "targets"), "", &names)
    }

    /// How much it hit, and the first few of it.
    fn objects(&mut self, group: &Group) -> io::Result<()> {
        let objects = &group.finding.objects;
        let count = group.count - (group.finding.count - group.finding.own_count()).min(group.count);
        let about = if group.counts_differ { "up to " } else { "" };
        if objects.is_empty() {
            if count > 1 {
                self.labelled("hits", &format!("{about}{count} statements or objects"))?;
            }
            return Ok(());
        }
        let start = match (count, objects.len() as u64) {
            (1, 1) => String::new(),
            (count, number) if count == number => format!("{about}{count}: "),
            (count, number) => format!("{about}{count}, on {}: ", counted(number, "object")),
        };
        let few = self.first_few(objects);
        self.labelled_items("hits", &start, &few)
    }

    /// The first few, and how many more there are.
    fn first_few(&self, items: &[impl AsRef<str>]) -> Vec<String> {
        self.canvas.first_few(items, FIRST_FEW, |item| self.shown(item))
    }

    fn evidence(&mut self, evidence: &[&str]) -> io::Result<()> {
        for (index, line) in self.first_few(evidence).iter().enumerate() {
            self.labelled(if index == 0 { "seen" } else { "" }, line)?;
        }
        Ok(())
    }

    /// What to paste: as it is, never wrapped, clipped or coloured.
    fn commands(&mut self, commands: &[String]) -> io::Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        let mut changed = false;
        for command in commands {
            let shown = visible(command);
            changed |= shown != *command;
            writeln!(self.canvas.out, "    {shown}")?;
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

    /// Every reason why a target, or a part of it, is untested, with the targets that it holds for.
    fn untested(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for target in rehearsals {
            for reason in untested_reasons(target) {
                add(&mut reasons, reason, &target.target);
            }
        }
        for (reason, targets) in &reasons {
            self.headline(YELLOW, "untested", reason)?;
            self.targets(targets)?;
        }
        Ok(())
    }

    fn notices(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let mut notices: Vec<(String, Vec<&str>)> = Vec::new();
        for target in rehearsals {
            for notice in &target.notices {
                add(&mut notices, notice.clone(), &target.target);
            }
            for result in &target.checks {
                let Some(first) = result.not_compared.first() else { continue };
                let more = result.not_compared.len() - 1;
                let place = result.database.as_ref().map(|database| format!("{database}: ")).unwrap_or_default();
                let said = left_open(&result.check);
                if self.all() || more == 0 {
                    for what in &result.not_compared {
                        add(&mut notices, format!("{said}: {place}{what}"), &target.target);
                    }
                } else {
                    let line = format!("{said}: {place}{first}, and {more} more (--all)");
                    add(&mut notices, line, &target.target);
                }
            }
            for entry in target.ledger.iter().filter(|entry| entry.is_worth_a_word()) {
                add(&mut notices, balance(entry), &target.target);
            }
        }
        for (notice, targets) in &notices {
            self.headline(BLUE, "notice", notice)?;
            self.targets(targets)?;
        }
        Ok(())
    }

    /// What restored each target.
    fn commands_run(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        for target in rehearsals {
            let Some(restore) = &target.restore else { continue };
            self.headline(BLUE, "ran", &restore.command)?;
            self.targets(&[&target.target])?;
            self.labelled("client", &restore.client_version)?;
            self.labelled("exit", &format!("{} after {}", restore.exit_code, counted(restore.errors, "error")))?;
        }
        Ok(())
    }

    /// The pages of what fails, or of what there is to know where nothing fails.
    fn pages_to_read(&mut self, groups: &[Group]) -> io::Result<()> {
        let mut names: Vec<&str> = Vec::new();
        for group in groups {
            let name = group.finding.name.as_str();
            if group.finding.accepted.is_none() && !names.contains(&name) {
                names.push(name);
            }
        }
        let Some(first) = names.first().filter(|_| !self.crowded) else { return Ok(()) };
        let others = if names.len() > 1 { "; also: " } else { "" };
        writeln!(self.canvas.out)?;
        let line = format!("For causes and other fixes: pgrehearse explain {first}{others}{}", names[1..].join(", "));
        self.canvas.wrapped(Style::new(), &line)
    }

    fn verdict(&mut self, report: &Report) -> io::Result<()> {
        let label = report.verdict.label().to_uppercase();
        self.canvas.verdict(verdict_style(report.verdict), &label, &sentence::of(report))
    }
}

fn add<'a>(list: &mut Vec<(String, Vec<&'a str>)>, text: String, target: &'a str) {
    match list.iter_mut().find(|(known, _)| *known == text) {
        Some((_, targets)) => {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        None => list.push((text, vec![target])),
    }
}

/// What a check did not do with what it has left open. Rows are compared by another check than the one that writes some.
fn left_open(check: &str) -> &'static str {
    match check {
        "writable" => "left out of the write test",
        _ => "not compared",
    }
}

/// How the items of one kind ended, where not all were compared: `14 tables with rows: 12 compared, 2 not compared (left out
/// by restore.list)`.
fn balance(entry: &Entry) -> String {
    let [one, several] = entry.kind.label();
    let mut parts = vec![format!("{} compared", entry.compared)];
    let not_compared = entry.not_compared.iter().map(|part| ("not compared", part));
    for (word, part) in not_compared.chain(entry.untested.iter().map(|part| ("untested", part))) {
        parts.push(format!("{} {word} ({})", part.count, part.reason));
    }
    format!("of the dump's {}: {}", counted_as(entry.held, one, several), parts.join(", "))
}

/// Why it is untested: those of checks that could not look are among them.
fn untested_reasons(target: &Rehearsal) -> Vec<String> {
    let mut reasons = target.untested.clone();
    if reasons.is_empty() && target.verdict == Verdict::Untested {
        reasons.push("no reason is recorded".to_owned());
    }
    reasons
}

#[cfg(test)]
mod tests;
