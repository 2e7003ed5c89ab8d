//! What a page for people is drawn on: how wide it is, how it is coloured, and how text stands beside a label.
//!
//! Every text that a dump or a server could have made is [`visible`] before it gets here.

use std::io;

use anstyle::{AnsiColor, Style};

use super::text::{self, pack, visible, wrap};
use crate::finding::Severity;

/// How a page is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Whether to write ANSI colours.
    pub color: bool,
    /// The columns there are. Names and commands are never broken, so a line may be longer.
    pub width: usize,
    /// The columns that a grid gets where they are not those of all else: a log has no width, and a grid that is broken is hard to read.
    pub grid_width: Option<usize>,
    /// Show every object and all evidence, and notes and warnings of passing targets in full.
    pub all: bool,
    /// Show the verdict alone.
    pub verdict_only: bool,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        Self { color: false, width: 80, grid_width: None, all: false, verdict_only: false }
    }
}

impl TerminalOptions {
    /// The columns that prose gets.
    pub(super) fn columns(&self) -> usize {
        self.width.clamp(NARROWEST, WIDEST)
    }

    /// The text in this style, where there are colours.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        painted(style, text, self.color)
    }
}

/// Prose gets at least this many columns, however narrow the terminal is.
pub(super) const NARROWEST: usize = 40;
/// Prose gets no more than this, however wide the terminal is: long lines are hard to read.
pub(super) const WIDEST: usize = 120;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(super) const BLUE: Style = AnsiColor::Blue.on_default().bold();

pub(super) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => BLUE,
    }
}

/// The text in this style, where there are colours.
pub(super) fn painted(style: Style, text: &str, color: bool) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Where a page is drawn, and how.
pub(super) struct Canvas<'a> {
    pub out: &'a mut dyn io::Write,
    pub options: &'a TerminalOptions,
    /// The columns for labels at the left, with the gap behind the longest of them.
    pub label_width: usize,
}

/// What the first lines of a page say of a dump.
pub(super) struct DumpHeader<'a> {
    pub path: &'a str,
    pub format: &'a str,
    pub size: u64,
    pub server_version: Option<&'a str>,
    pub pg_dump_version: Option<&'a str>,
}

impl Canvas<'_> {
    pub fn paint(&self, style: Style, text: &str) -> String {
        self.options.paint(style, text)
    }

    pub fn columns(&self) -> usize {
        self.options.columns()
    }

    pub fn wrapped(&mut self, style: Style, text: &str) -> io::Result<()> {
        for line in wrap(text, self.columns()) {
            writeln!(self.out, "{}", self.paint(style, &line))?;
        }
        Ok(())
    }

    /// Which dump it is and where it comes from, with `more` at the end.
    pub fn dump(&mut self, dump: &DumpHeader<'_>, more: impl IntoIterator<Item = String>) -> io::Result<()> {
        let headline = format!("{}: {}, {}", visible(dump.path), visible(dump.format), text::size(dump.size));
        self.wrapped(BOLD, &headline)?;
        let mut origin = vec![match dump.server_version {
            Some(version) => format!("dumped from PostgreSQL {}", visible(version)),
            None => "dumped from an unknown server".to_owned(),
        }];
        origin.extend(dump.pg_dump_version.map(|version| format!("by pg_dump {}", visible(version))));
        origin.extend(more);
        self.wrapped(Style::new(), &origin.join(", "))
    }

    /// One label at the left, its text beside it.
    pub fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        let lines = wrap(text, self.columns() - self.label_width - 2);
        self.beside(label, &lines)
    }

    /// One label at the left, items beside it; nothing where there are none.
    pub fn labelled_items(&mut self, label: &str, items: &[String]) -> io::Result<()> {
        // A comma ends each line but the last.
        let lines = pack(items.iter().map(String::as_str), ", ", self.columns() - self.label_width - 3);
        self.beside(label, &lines)
    }

    fn beside(&mut self, label: &str, lines: &[String]) -> io::Result<()> {
        let width = self.label_width;
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let label = self.paint(DIM, &format!("{label:<width$}"));
            writeln!(self.out, "  {label}{line}")?;
        }
        Ok(())
    }

    /// How many of so many items are shown: all, or the first few.
    pub fn room_for(&self, items: usize, few: usize) -> usize {
        // "and 1 more" takes as much room as the one.
        if self.options.all || items <= few + 1 { items } else { few }
    }

    /// The first few as `shown` writes them, and how many more there are.
    pub fn first_few(&self, items: &[impl AsRef<str>], few: usize, shown: impl Fn(&str) -> String) -> Vec<String> {
        let room = self.room_for(items.len(), few);
        let mut first: Vec<String> = items[..room].iter().map(|item| shown(item.as_ref())).collect();
        if room < items.len() {
            first.push(format!("and {} more", items.len() - room));
        }
        first
    }

    /// The last line: the verdict, and beside it what it comes to.
    pub fn verdict(&mut self, style: Style, label: &str, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        let indent = label.len() + 2;
        for (index, line) in wrap(text, self.columns() - indent).iter().enumerate() {
            let start = if index == 0 { format!("{}  ", self.paint(style, label)) } else { " ".repeat(indent) };
            writeln!(self.out, "{start}{line}")?;
        }
        Ok(())
    }
}
