//! The report for people, on a terminal or in a CI log.
//!
//! It is read by somebody who was just woken up, so the first line is the answer: whether the dump came back, and where. Then comes
//! what was rehearsed and where it came back (one grid), what could not be tested, each cause once with what follows from it and how to
//! fix it, and at the end what was compared. It fits on a screen: where there is more, less is said of each, and how much is left out.
//! The diagnostics are modelled on those of rustc and ruff.
//!
//! Every text that a dump or a server could have made is printed through [`visible`].

mod block;
mod detail;
mod finding;
mod grid;
mod group;
mod proved;
mod recovery;
mod sentence;
mod untested;

use std::io;

use anstyle::Style;

use self::block::Block;
use self::detail::Detail;
use self::grid::Grid;
use self::group::Group;
pub use super::canvas::TerminalOptions;
use super::canvas::{BLUE, BOLD, Canvas, GREEN, RED, YELLOW};
use super::labels::Labels;
use super::text::{self, clip, pack, visible};
use super::{Report, SourceFacts};
use crate::counted::{agreeing, counted};
use crate::rehearsal::{Rehearsal, Verdict};

/// So many lines a report gets, unless all is asked for; of several sources, each that fails has so many for its causes.
const MOST_LINES: usize = 40;
/// Of several that could not be tested, which have no causes to tell, none gets less.
const LEAST_LINES: usize = 12;
/// Longer text is clipped unless all is asked for: one statement can be a megabyte.
const LONGEST_TEXT: usize = 600;
/// Room for the labels at the left: `evidence  `.
const LABEL_WIDTH: usize = 10;

/// Draws the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
    let groups = group::collect(&report.targets);
    let mut first = Vec::new();
    Page::new(&mut first, options, Detail::Full, &report.targets).verdict(report, &groups)?;
    out.write_all(&first)?;
    if options.verdict_only {
        return Ok(());
    }
    // Of several sources those that pass have a line. Those that fail have room for their causes, whatever stands above them;
    // the others share a screen.
    let is_only = report.sources.len() == 1;
    let (passed, others): (Vec<_>, Vec<_>) = report.by_source().partition(|(_, targets)| {
        !is_only && !options.all && targets.iter().all(|target| target.verdict == Verdict::Pass)
    });
    let room = MOST_LINES.saturating_sub(lines(&first) + passed.len());
    let each = (room / others.len().max(1)).max(LEAST_LINES);
    let labels = Labels::of(report.sources.iter().map(|source| source.path.as_str()));
    if !passed.is_empty() {
        writeln!(out)?;
    }
    for (source, targets) in passed {
        Page::new(out, options, Detail::Least, targets).passed(labels.source(&source.path), targets)?;
    }
    for (source, targets) in others {
        // Where it lies is for who wants to know all.
        let name = if options.all { &source.path } else { labels.source(&source.path) };
        let fails = targets.iter().any(|target| target.verdict == Verdict::Fail);
        let each = if fails && !is_only { MOST_LINES } else { each };
        let own = if is_only { None } else { Some(group::collect(targets)) };
        let groups = own.as_ref().unwrap_or(&groups);
        writeln!(out)?;
        out.write_all(&fitting(options, each - 1, |out, detail| {
            write_source((name, source), (targets, groups), out, options, detail)
        })?)?;
    }
    Ok(())
}

/// What is drawn at the highest detail at which it has no more than so many lines; at the lowest it is cut there.
fn fitting(
    options: &TerminalOptions,
    room: usize,
    draw: impl Fn(&mut dyn io::Write, Detail) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut drawn = Vec::new();
    let details = if options.all { &[Detail::All][..] } else { &Detail::BOUNDED };
    for detail in details {
        drawn.clear();
        draw(&mut drawn, *detail)?;
        if *detail == Detail::All || lines(&drawn) <= room {
            return Ok(drawn);
        }
    }
    Ok(cut(&drawn, room.saturating_sub(1)).into_bytes())
}

/// The first so many lines, and how many more there are. Where the end falls into a finding's block before its fix, the first
/// line of the fix takes the place of the last that is kept: without it the rest says what is wrong and not what to do.
fn cut(drawn: &[u8], room: usize) -> String {
    let drawn = String::from_utf8_lossy(drawn);
    let all: Vec<&str> = drawn.lines().collect();
    let room = room.min(all.len());
    let (kept, rest) = all.split_at(room);
    let is_fix = |line: &&&str| anstream::adapter::strip_str(line).to_string().starts_with("  fix ");
    let in_block = kept.iter().rev().take_while(|line| !line.is_empty());
    let has_fix = in_block.clone().any(|line| is_fix(&line));
    let fix = rest.iter().take_while(|line| !line.is_empty()).find(is_fix).filter(|_| !has_fix);
    let kept = &kept[..kept.len() - usize::from(fix.is_some())];
    // Of a block with nothing but its first line in it, nothing stays.
    let fix = fix.filter(|_| in_block.count() > 1);
    let mut lines: Vec<String> = kept.iter().chain(fix).map(|line| (*line).to_owned()).collect();
    lines.push(format!("… {} more lines: --all shows everything", all.len() - lines.len()));
    lines.join("\n") + "\n"
}

fn lines(drawn: &[u8]) -> usize {
    drawn.iter().filter(|byte| **byte == b'\n').count()
}

/// Draws one source and what became of it in its targets.
fn write_source(
    source: (&str, &SourceFacts),
    (rehearsals, groups): (&[Rehearsal], &[Group<'_>]),
    out: &mut dyn io::Write,
    options: &TerminalOptions,
    detail: Detail,
) -> io::Result<()> {
    let mut page = Page::new(out, options, detail, rehearsals);
    page.source(source)?;
    page.grid(rehearsals)?;
    page.untested(rehearsals)?;
    let blocks = block::of(groups, detail);
    page.findings(&blocks)?;
    page.proved(rehearsals)?;
    page.figures(rehearsals)?;
    page.notices(rehearsals)?;
    page.fixes(rehearsals)?;
    if options.all {
        page.commands_run(rehearsals)?;
    }
    page.more(&blocks)
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
    let groups = group::collect(targets);
    let drawn = fitting(options, MOST_LINES, |out, detail| {
        let mut page = Page::new(out, options, detail, targets);
        let blocks = block::of(&groups, detail);
        page.findings(&blocks)?;
        page.more(&blocks)
    })?;
    out.write_all(&drawn)
}

/// The report's page.
struct Page<'a> {
    canvas: Canvas<'a>,
    detail: Detail,
    /// Then no block needs to say which target it is about.
    one_target: bool,
    /// Whether `--write-fixes` could write what was not written yet.
    offers_fixes: bool,
}

impl<'a> Page<'a> {
    fn new(out: &'a mut dyn io::Write, options: &'a TerminalOptions, detail: Detail, targets: &[Rehearsal]) -> Self {
        let canvas = Canvas { out, options, label_width: LABEL_WIDTH };
        let offers_fixes = targets.iter().any(|target| target.fixes.is_none() && !target.nothing_to_write);
        Self { canvas, detail, one_target: targets.len() == 1, offers_fixes }
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
        self.detail == Detail::All
    }

    /// Safe to print, and not longer than a person would read.
    fn shown(&self, text: &str) -> String {
        let text = visible(text);
        if self.all() { text.into_owned() } else { clip(&text, LONGEST_TEXT).into_owned() }
    }

    /// The verdict in a sentence, and what production has too in one of its own.
    fn verdict(&mut self, report: &Report, groups: &[Group<'_>]) -> io::Result<()> {
        let label = report.verdict.label().to_uppercase();
        let sentence = self.shown(&sentence::of(report, groups));
        let took = format!("({})", text::duration(report.elapsed));
        let words: Vec<&str> = sentence.split(' ').chain([took.as_str()]).collect();
        self.headline_of(verdict_style(report.verdict), &label, &words)?;
        match sentence::of_source(report) {
            Some(sentence) => self.headline(YELLOW, "SOURCE", &sentence),
            None => Ok(()),
        }
    }

    /// What was rehearsed, in one line as a rule.
    fn source(&mut self, (name, source): (&str, &SourceFacts)) -> io::Result<()> {
        // `17.12 (Debian 17.12-1.pgdg13+1)`: the package is for the JSON report.
        let number = |version: &str| visible(version).split(" (").next().unwrap_or_default().to_owned();
        let mut parts = vec![visible(&source.format).into_owned(), text::size(source.size)];
        let server = source.server_version.as_deref().map(number);
        parts.push(match &server {
            Some(server) => format!("from PostgreSQL {server}"),
            None => "from an unknown server".to_owned(),
        });
        let by = source.pg_dump_version.as_deref().map(number).filter(|by| Some(by) != server.as_ref());
        parts.extend(by.map(|by| format!("by pg_dump {by}")));
        parts.extend(source.encoding.as_ref().map(|encoding| visible(encoding).into_owned()));
        let line = format!("{}: {}", visible(name), parts.join(", "));
        self.canvas.wrapped(BOLD, &line)
    }

    fn grid(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        if rehearsals.is_empty() {
            return Ok(());
        }
        let grid = Grid::of(rehearsals, self.detail);
        let lines = match grid.table(self.canvas.options.grid_width.unwrap_or(self.canvas.options.width)) {
            Some(table) => table.lines(|style, text| self.paint(style, text)),
            None => grid.list(self.columns(), |style, text| self.paint(style, text)),
        };
        writeln!(self.canvas.out)?;
        for line in lines {
            writeln!(self.canvas.out, "{line}")?;
        }
        let rows = grid.rows_left_out();
        if rows > 0 {
            writeln!(self.canvas.out, "… and {} more (--all)", counted(rows, "target"))?;
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
            if written.files.iter().any(|file| file == "profile.yaml") {
                let profile = format!("{}/profile.yaml", visible(directory));
                writeln!(self.canvas.out, "  try again with them: pgrehearse run DUMP -p {profile}")?;
            }
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

    /// `error[role-missing]: role "shop_app" does not exist`.
    fn headline(&mut self, style: Style, label: &str, title: &str) -> io::Result<()> {
        let title = self.shown(title);
        self.headline_of(style, label, &title.split(' ').collect::<Vec<_>>())
    }

    /// The same of words that are not broken: the first line has the label, the others are indented.
    fn headline_of(&mut self, style: Style, label: &str, words: &[&str]) -> io::Result<()> {
        let label = format!("{label}:");
        let words: Vec<&str> = std::iter::once(label.as_str()).chain(words.iter().copied()).collect();
        let lines = pack(words.iter().copied(), " ", self.columns());
        let Some(first) = lines.first() else { return Ok(()) };
        // What stands in the first line, as many words as it has spaces more than one.
        let taken = (1..=words.len()).rev().find(|taken| words[..*taken].join(" ") == *first).unwrap_or(words.len());
        // Labels are ASCII, and shorter than the narrowest page.
        let (label_part, title_part) = first.split_at((label.len() - 1).min(first.len()));
        writeln!(self.canvas.out, "{}{}", self.paint(style, label_part), self.paint(BOLD, title_part))?;
        if taken == words.len() {
            return Ok(());
        }
        for line in pack(words[taken..].iter().copied(), " ", self.columns() - 2) {
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
        let names = self.canvas.first_few(targets, self.detail.targets(), |target| self.shown(target));
        self.labelled_items(agreeing(targets.len(), "target", "targets"), "", &names)
    }

    /// The first few, and how many more there are.
    fn first_few(&self, items: &[impl AsRef<str>]) -> Vec<String> {
        self.canvas.first_few(items, self.detail.items(), |item| self.shown(item))
    }

    /// What restored each target.
    fn commands_run(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        for target in rehearsals {
            let Some(restore) = &target.restore else { continue };
            writeln!(self.canvas.out)?;
            self.headline(BLUE, "ran", &restore.command)?;
            self.targets(&[&target.target])?;
            self.labelled("client", &restore.client_version)?;
            self.labelled("exit", &format!("{} after {}", restore.exit_code, counted(restore.errors, "error")))?;
        }
        Ok(())
    }

    /// Where to read on: what was left out, and the pages of what fails, or of what there is to know where nothing fails.
    fn more(&mut self, blocks: &[Block<'_, '_>]) -> io::Result<()> {
        let mut names: Vec<&str> = Vec::new();
        for group in blocks.iter().flat_map(Block::all) {
            let name = group.finding.name.as_str();
            if group.finding.accepted.is_none() && !names.contains(&name) {
                names.push(name);
            }
        }
        let mut parts = Vec::new();
        match names.as_slice() {
            [] => {}
            [one] => parts.push(format!("Causes and other fixes: pgrehearse explain {one}")),
            [first, ..] => {
                parts.push(format!("Causes and other fixes: pgrehearse explain {first} (or another finding)"))
            }
        }
        if self.detail > Detail::Full {
            let fixes = if self.offers_fixes { ", --write-fixes DIR writes the fixes" } else { "" };
            parts.push(format!("Shortened: --all shows everything{fixes}"));
        }
        if parts.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        parts.iter().try_for_each(|part| self.canvas.wrapped(Style::new(), part))
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

#[cfg(test)]
mod tests;
