//! Markdown for a terminal: the pages of findings, as `pgrehearse explain` shows them.
//!
//! Headings stand at the left and all else is indented below them, so that a page can be read without styles too. Prose is
//! wrapped at the width that there is; code is never broken.

use std::io;

use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, Width, presets};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::canvas::{NARROWEST, TerminalOptions, WIDEST, painted, severity_style};
use super::text::{visible, width, wrap};
use crate::finding::{Name, Severity};

/// Draws a page.
///
/// # Errors
/// Those of `out`.
pub fn write(markdown: &str, out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
    let mut page = Page::new(options);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        page.event(event);
    }
    page.end_of_block();
    for line in page.lines {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Draws the list of all findings, by name.
///
/// # Errors
/// Those of `out`.
pub fn write_list(out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
    let names = Name::ALL.iter().map(|name| name.as_str().len()).max().unwrap_or(0);
    let severities = Severity::Warning.label().len();
    let start = names + severities + 4;
    // Below each other, the sentence has all of the line.
    let beside = start + NARROWEST / 4 * 3 <= options.width;
    for name in Name::ALL {
        let severity = name.severity();
        let mut columns = options.width.clamp(NARROWEST, WIDEST + start);
        let mut line = options.paint(HEADING, &format!("{:names$}", name.as_str()));
        line.push_str("  ");
        line.push_str(&options.paint(severity_style(severity), &format!("{:severities$}", severity.label())));
        let mut indent = start;
        if beside {
            line.push_str("  ");
        } else {
            indent = INDENT.len();
            writeln!(out, "{}", line.trim_end())?;
            line = INDENT.to_owned();
        }
        columns -= indent;
        for (index, part) in wrap(name.summary(), columns).iter().enumerate() {
            let before = if index == 0 { std::mem::take(&mut line) } else { " ".repeat(indent) };
            writeln!(out, "{before}{part}")?;
        }
    }
    Ok(())
}

/// What stands below a heading is so many columns to the right of it.
const INDENT: &str = "  ";

const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();

/// Text of one style, without a line break.
struct Span {
    text: String,
    style: Style,
}

struct Page {
    color: bool,
    columns: usize,
    lines: Vec<String>,
    /// What every line of the block begins with, from the outside in.
    indents: Vec<String>,
    /// What the next line begins with instead of the innermost of them: `- `.
    bullet: Option<String>,
    /// The number of the next item of each list that is open; bullets where there is none.
    lists: Vec<Option<u64>>,
    /// The block that is being read.
    spans: Vec<Span>,
    /// The styles that are open, from the outside in.
    styles: Vec<Style>,
    /// Where the links that are open lead to, and where their text begins in `spans`.
    links: Vec<(String, usize)>,
    code: Option<String>,
    table: Option<Vec<Vec<String>>>,
}

impl Page {
    fn new(options: &TerminalOptions) -> Self {
        Self {
            color: options.color,
            columns: options.columns(),
            lines: Vec::new(),
            indents: Vec::new(),
            bullet: None,
            lists: Vec::new(),
            spans: Vec::new(),
            styles: Vec::new(),
            links: Vec::new(),
            code: None,
            table: None,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.span(&text, Style::new()),
            },
            Event::Code(text) if self.color && self.table.is_none() => self.span(&text, CODE),
            Event::Code(text) => self.span(&format!("`{text}`"), Style::new()),
            // A comment says nothing to a reader; other HTML is shown as it stands.
            Event::Html(html) | Event::InlineHtml(html) => {
                if !html.trim_start().starts_with("<!--") {
                    self.span(&html, Style::new());
                }
            }
            Event::SoftBreak => self.span(" ", Style::new()),
            Event::HardBreak => self.wrapped(),
            Event::Rule => self.block(vec!["─".repeat(self.room())]),
            // Nothing else is switched on.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.span(&text, Style::new());
            }
            Event::TaskListMarker(done) => self.span(if done { "[x] " } else { "[ ] " }, Style::new()),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.end_of_block();
                self.indents.clear();
                self.styles.push(HEADING);
            }
            Tag::Paragraph => self.end_of_block(),
            Tag::CodeBlock(_) => {
                self.end_of_block();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.end_of_block();
                self.lists.push(first);
            }
            Tag::Item => {
                self.wrapped();
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.indents.push(" ".repeat(width(&bullet)));
                self.bullet = Some(bullet);
            }
            Tag::BlockQuote(_) => {
                self.end_of_block();
                self.indents.push("│ ".to_owned());
            }
            Tag::Emphasis => self.styles.push(Style::new().italic()),
            Tag::Strong => self.styles.push(Style::new().bold()),
            Tag::Strikethrough => self.styles.push(Style::new().strikethrough()),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.spans.len()));
            }
            Tag::Table(_) => {
                self.end_of_block();
                self.table = Some(Vec::new());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(rows) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.end_of_block();
                self.styles.pop();
                self.indents.push(INDENT.to_owned());
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_of_block(),
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                let lines = code.lines().map(|line| format!("{INDENT}{}", self.paint(CODE, &shown(line)))).collect();
                self.block(lines);
            }
            TagEnd::List(_) => {
                self.wrapped();
                self.lists.pop();
                self.end_of_block();
            }
            TagEnd::Item => {
                self.wrapped();
                self.bullet = None;
                self.indents.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.end_of_block();
                self.indents.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_of_link(),
            TagEnd::TableCell => {
                let cell: String = self.spans.drain(..).map(|span| span.text).collect();
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.end_of_table(),
            _ => {}
        }
    }

    fn span(&mut self, text: &str, style: Style) {
        let style = self.styles.last().copied().filter(|_| style == Style::new()).unwrap_or(style);
        // A break within HTML is a space, as in a paragraph; nothing else that is hidden gets through.
        let text = shown(&text.replace('\n', " "));
        self.spans.push(Span { text, style });
    }

    /// Another finding is the argument of the next command; anything else is shown with its address.
    fn end_of_link(&mut self) {
        let Some((url, from)) = self.links.pop() else { return };
        let text: String = self.spans[from..].iter().map(|span| span.text.as_str()).collect();
        let finding = url.strip_suffix(".md").filter(|name| !name.contains('/'));
        let shown = match finding {
            Some(name) if text.trim_matches('`') == name => None,
            Some(name) => Some(format!("pgrehearse explain {name}")),
            None if text == url => None,
            None => Some(url),
        };
        if let Some(shown) = shown {
            self.span(&format!(" ({shown})"), Style::new());
        }
    }

    fn end_of_table(&mut self) {
        let Some(rows) = self.table.take() else { return };
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let longest = |column: usize| {
            let words = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.split(' '));
            words.map(width).max().unwrap_or(0)
        };
        // One column is between two.
        let least: Vec<usize> = (0..columns).map(|column| longest(column) + 1).collect();
        if least.iter().sum::<usize>() > self.room() {
            self.table_as_list(&rows);
            return;
        }
        let mut rows = rows.into_iter();
        let mut table = Table::new();
        table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.room()).unwrap_or(u16::MAX));
        table.set_header(rows.next().unwrap_or_default());
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
            let least = least.get(column.index).copied().unwrap_or_default();
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(
                u16::try_from(least).unwrap_or(u16::MAX),
            )));
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned()).collect();
        self.block(lines);
    }

    /// A table whose words do not fit beside each other: every row in lines of its own.
    fn table_as_list(&mut self, rows: &[Vec<String>]) {
        let Some((header, rows)) = rows.split_first() else { return };
        for row in rows {
            for (column, cell) in row.iter().enumerate() {
                let name = header.get(column).map(String::as_str).unwrap_or_default();
                let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
                self.span(&format!("{name}{cell}"), Style::new());
                self.wrapped();
            }
            self.end_of_block();
        }
    }

    /// The columns that a line has beside what it begins with.
    fn room(&self) -> usize {
        let indent: usize = self.indents.iter().map(|indent| width(indent)).sum();
        self.columns.saturating_sub(indent).max(NARROWEST / 2)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        painted(style, text, self.color)
    }

    /// Ends a block, with an empty line after it.
    fn end_of_block(&mut self) {
        self.wrapped();
        if self.lines.last().is_some_and(|line| !line.is_empty()) && self.bullet.is_none() {
            self.lines.push(String::new());
        }
    }

    /// Puts lines that are not to be wrapped.
    fn block(&mut self, lines: Vec<String>) {
        for line in lines {
            self.push(&line);
        }
        self.end_of_block();
    }

    fn push(&mut self, line: &str) {
        let mut start: String = self.indents.concat();
        if let Some(bullet) = self.bullet.take() {
            start.truncate(start.len() - self.indents.last().map_or(0, String::len));
            start.push_str(&bullet);
        }
        self.lines.push(format!("{start}{line}"));
    }

    /// Wraps what has been read of the block so far. A word that is wider than a line stays whole.
    fn wrapped(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        let room = self.room();
        let (mut line, mut used) = (String::new(), 0);
        for word in words(spans) {
            let needed: usize = word.iter().map(|span| width(&span.text)).sum();
            let painted: String = word.iter().map(|span| self.paint(span.style, &span.text)).collect();
            if used > 0 && used + 1 + needed > room {
                self.push(&std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(&painted);
            used += needed;
        }
        if !line.is_empty() {
            self.push(&line);
        }
    }
}

/// Splits spans at their spaces: a word can have several styles, as a quoted name before a comma has.
fn words(spans: Vec<Span>) -> Vec<Vec<Span>> {
    let mut words: Vec<Vec<Span>> = Vec::new();
    let mut joined = false;
    for Span { text, style } in spans {
        for (index, part) in text.split(' ').enumerate() {
            if index > 0 {
                joined = false;
            }
            if part.is_empty() {
                continue;
            }
            let span = Span { text: part.to_owned(), style };
            match words.last_mut() {
                Some(word) if joined => word.push(span),
                _ => words.push(vec![span]),
            }
            joined = true;
        }
    }
    words
}

fn shown(text: &str) -> String {
    visible(text).into_owned()
}

#[cfg(test)]
mod tests;
