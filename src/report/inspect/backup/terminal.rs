//! What `inspect` shows to people of a base backup and of WAL: one screen, and with `--all` everything.
//!
//! Every text that a backup could have made is printed through [`visible`].

mod sections;
mod words;

use std::io;

use super::BackupInspection;
use crate::counted::counted;
use crate::finding::{Finding, Severity};
use crate::report::canvas::{BOLD, Canvas, DIM, GREEN, RED, TerminalOptions, YELLOW, severity_style};
use crate::report::text::{visible, wrap};

/// Room for the labels at the left: `consistent at   `.
const LABEL_WIDTH: usize = 16;
/// What a person sees at once.
const SCREEN: usize = 40;
/// How many of a kind are shown: less, where they do not fit on a screen.
const DETAIL: [usize; 5] = [5, 3, 2, 1, 0];

/// Draws the inspection, on one screen unless all is to be shown.
///
/// # Errors
/// Those of `out`.
pub fn write(inspection: &BackupInspection, out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
    let mut drawn = Vec::new();
    for few in DETAIL {
        drawn.clear();
        draw(inspection, &mut drawn, options, few)?;
        if options.all || drawn.iter().filter(|byte| **byte == b'\n').count() <= SCREEN {
            break;
        }
    }
    out.write_all(&drawn)
}

fn draw(inspection: &BackupInspection, out: &mut Vec<u8>, options: &TerminalOptions, few: usize) -> io::Result<()> {
    let mut page = Page { canvas: Canvas { out, options, label_width: LABEL_WIDTH }, few };
    if let Some(base) = &inspection.base {
        page.base(base)?;
    }
    page.reach(inspection)?;
    if let Some(archive) = &inspection.archive {
        page.archive(archive, inspection.base.is_some())?;
    }
    for server in &inspection.servers {
        page.server(server, inspection.quick)?;
    }
    page.findings(&inspection.findings)?;
    page.verdict(inspection)
}

struct Page<'a> {
    canvas: Canvas<'a>,
    few: usize,
}

impl Page<'_> {
    fn row(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.canvas.labelled(label, &visible(text))
    }

    /// So many of several things, and how many more there are.
    fn room(&self, items: usize) -> usize {
        self.canvas.room_for(items, self.few)
    }

    fn more(&mut self, items: usize, shown: usize, what: &str) -> io::Result<()> {
        if shown >= items {
            return Ok(());
        }
        let more = format!("and {} more {what} (--all)", items - shown);
        let more = self.canvas.paint(DIM, &more);
        writeln!(self.canvas.out, "  {:LABEL_WIDTH$}{more}", "")
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.canvas.out)?;
        let text = self.canvas.paint(BOLD, text);
        writeln!(self.canvas.out, "{text}")
    }

    /// Each kind of finding once.
    fn findings(&mut self, findings: &[Finding]) -> io::Result<()> {
        if findings.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        let groups: Vec<&[Finding]> = findings.chunk_by(|one, next| one.name == next.name).collect();
        let shown = self.canvas.room_for(groups.len(), self.few.max(3));
        for group in &groups[..shown] {
            self.group(group)?;
        }
        if shown < groups.len() {
            let names = groups[shown..].iter().map(|group| group[0].name.as_str()).collect::<Vec<_>>().join(", ");
            let more = self.canvas.paint(DIM, &format!("and {names} (--all)"));
            writeln!(self.canvas.out, "{more}")?;
        }
        Ok(())
    }

    fn group(&mut self, group: &[Finding]) -> io::Result<()> {
        let [first, ..] = group else { return Ok(()) };
        let (name, severity) = (first.name.as_str(), first.severity);
        let label = self.canvas.paint(severity_style(severity), &format!("{}[{name}]", severity.label()));
        match group {
            [one] => {
                self.said(&label, &one.title)?;
                let evidence = if self.canvas.options.all { one.evidence.len() } else { usize::from(self.few > 1) };
                for line in one.evidence.iter().take(evidence) {
                    self.said(" ", line)?;
                }
            }
            several => {
                let of_them = first.name.kind().several.unwrap_or("findings, each on its own");
                self.said(&label, &format!("{} {of_them}", several.len()))?;
                if self.few == 0 && !self.canvas.options.all {
                    return Ok(());
                }
                let shown = self.canvas.room_for(several.len(), self.few);
                for one in &several[..shown] {
                    self.said(" -", &one.title)?;
                }
                if shown < several.len() {
                    self.said(" -", &format!("and {} more (--all)", several.len() - shown))?;
                }
            }
        }
        if self.canvas.options.all {
            let objects = group.iter().flat_map(|finding| &finding.objects);
            let objects: Vec<&str> = objects.map(String::as_str).collect();
            self.said("  about:", &objects.join(", "))?;
            self.said("  fix:", &first.fix)?;
        }
        Ok(())
    }

    fn said(&mut self, label: &str, text: &str) -> io::Result<()> {
        for (index, line) in wrap(&format!("{label} {}", visible(text)), self.canvas.columns()).iter().enumerate() {
            writeln!(self.canvas.out, "{}{line}", if index == 0 { "" } else { "    " })?;
        }
        Ok(())
    }

    fn verdict(&mut self, inspection: &BackupInspection) -> io::Result<()> {
        let of = |severity| inspection.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let beside = match warnings {
            0 => String::new(),
            count => format!("; {}", counted(count, "warning")),
        };
        let (style, label, text) = if errors > 0 {
            let name = inspection.findings.first().map_or("", |finding| finding.name.as_str());
            let errors = counted(errors, "error");
            (RED, "DAMAGED", format!("{errors}{beside}; `pgrehearse explain {name}` says what to do"))
        } else if inspection.quick {
            (YELLOW, "not read", format!("only a part was looked at (--quick): it may be damaged{beside}"))
        } else if let Some(why) = &inspection.no_reach {
            (YELLOW, "read", format!("how far it can be recovered is not known: {why}{beside}"))
        } else {
            (GREEN, "ok", format!("{}{beside}", words::whole(inspection)))
        };
        self.canvas.verdict(style, label, &visible(&text))
    }
}
