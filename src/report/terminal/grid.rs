//! The grid of targets against checks: the whole result at a glance.

use std::collections::BTreeSet;

use anstyle::Style;
use comfy_table::{ContentArrangement, LineStyle, Table, presets};

use super::detail::Detail;
use super::verdict_style;
use crate::check::{CheckResult, Group, Outcome, REQUIREMENTS};
use crate::counted::{counted, number};
use crate::finding::{Finding, Reference, Severity};
use crate::rehearsal::{Rehearsal, RestoreSummary, Verdict};
use crate::report::canvas::{DIM, GREEN, YELLOW, severity_style};
use crate::report::text::{self, clip, pack, visible};

/// A longer name of a target or a check is clipped: it would push everything else out of sight.
const LONGEST_NAME: usize = 100;

/// Between two columns.
const GAP: u16 = 2;

/// What one target came to in the restore or in one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    /// It looked and nothing is wrong, or there are only notes.
    Ok,
    /// Nothing but accepted findings, so many.
    Accepted(u64),
    /// It did not run in this target.
    NotRun,
    /// It could not look.
    Untested,
    /// So many did not come back, which the restore's own findings explain.
    Lost(u64),
    /// The same of the rows of so many tables.
    TablesLost(u64),
    /// The worst of its findings, and how many of those there are.
    Found(Severity, u64),
}

impl Cell {
    fn of_findings(findings: &[Finding]) -> Self {
        let open = || findings.iter().filter(|finding| finding.accepted.is_none());
        let worst = open().map(|finding| finding.severity).max();
        match worst {
            Some(severity @ (Severity::Error | Severity::Warning)) => {
                let count = open().filter(|finding| finding.severity == severity).count();
                Self::Found(severity, count as u64)
            }
            // Notes are shown below the grid; here they would only hide what matters.
            Some(Severity::Note) => Self::Ok,
            None if findings.is_empty() => Self::Ok,
            None => Self::Accepted(findings.len() as u64),
        }
    }

    fn of_restore(restore: Option<&RestoreSummary>, untested: bool) -> Self {
        match restore {
            None => Self::NotRun,
            // All that failed is reported as what could not be tested.
            Some(restore)
                if restore.findings.is_empty() && restore.errors == 0 && restore.exit_code != 0 && untested =>
            {
                Self::Untested
            }
            // Errors that no finding explains must not look like a success.
            Some(restore) if restore.findings.is_empty() && (restore.errors > 0 || restore.exit_code != 0) => {
                Self::Found(Severity::Error, restore.errors.max(1))
            }
            Some(restore) => Self::of_findings(&restore.findings),
        }
    }

    /// How a source came in, by a restore or a recovery.
    fn of_coming(rehearsal: &Rehearsal) -> Self {
        match &rehearsal.recovery {
            Some(recovery) if recovery.replayed.is_none() && !recovery.findings.iter().any(Finding::fails) => {
                Self::Untested
            }
            Some(recovery) => Self::of_findings(&recovery.findings),
            None => Self::of_restore(rehearsal.restore.as_ref(), !rehearsal.untested.is_empty()),
        }
    }

    /// All checks of one group: an error weighs more than what could not be looked at, and that more than a warning.
    fn of_group(rehearsal: &Rehearsal, group: Group) -> Self {
        let results: Vec<&CheckResult> = rehearsal.checks.iter().filter(|result| result.group == group).collect();
        if results.is_empty() {
            return Self::NotRun;
        }
        let mut findings = Vec::new();
        // What brought it in explains it by its errors, or the damage of the dump does.
        let of_dump = rehearsal.checks.iter().filter(|result| result.group == Group::Integrity);
        let of_dump = of_dump.filter_map(|result| match &result.outcome {
            Outcome::Looked { findings } => Some(findings),
            Outcome::CouldNotLook { .. } => None,
        });
        let has_failed = rehearsal.coming().chain(of_dump.flatten()).any(Finding::fails);
        // Large objects are no table.
        let only_tables = results.iter().all(|result| result.compared.get("large object") != Some(&0));
        let (mut untested, mut lost) = (false, 0);
        for result in results {
            lost += result.lost;
            untested |= !result.could_not.is_empty();
            match &result.outcome {
                Outcome::CouldNotLook { .. } => untested = true,
                Outcome::Looked { findings: found } => findings.extend(found.iter().cloned()),
            }
        }
        match Self::of_findings(&findings) {
            error @ Self::Found(Severity::Error, _) => error,
            _ if untested => Self::Untested,
            // What an accepted error explains is accepted with it.
            Self::Ok | Self::Accepted(_) if lost > 0 && has_failed => match group {
                Group::Rows if only_tables => Self::TablesLost(lost),
                _ => Self::Lost(lost),
            },
            other => other,
        }
    }

    /// The preflight: what it alone says, and what the restore and the other checks have met of it.
    fn of_needs(rehearsal: &Rehearsal) -> Self {
        let Some(result) = rehearsal.checks.iter().find(|result| result.check == REQUIREMENTS) else {
            return Self::NotRun;
        };
        let Outcome::Looked { findings } = &result.outcome else { return Self::Untested };
        let met = rehearsal.findings().filter(|finding| result.foreseen.iter().any(|foreseen| foreseen.is(finding)));
        let all: Vec<Finding> = findings.iter().chain(met).cloned().collect();
        match Self::of_findings(&all) {
            // Something was foreseen, and a report of an older version does not say what.
            Self::Ok if result.foreseen.iter().any(|foreseen| matches!(foreseen, Reference::Title(_))) => Self::NotRun,
            cell => cell,
        }
    }

    fn label(self) -> String {
        match self {
            Self::Ok => "ok".to_owned(),
            Self::Accepted(count) => format!("{count} accepted"),
            Self::NotRun => "–".to_owned(),
            Self::Untested => "untested".to_owned(),
            Self::Lost(count) => format!("{} lost", number(count)),
            Self::TablesLost(count) => format!("{} lost", counted(count, "table")),
            Self::Found(severity, count) => counted(count, severity.label()),
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Ok => GREEN,
            Self::Accepted(_) | Self::NotRun => DIM,
            Self::Untested => YELLOW,
            Self::Lost(_) | Self::TablesLost(_) => severity_style(Severity::Error),
            Self::Found(severity, _) => severity_style(severity),
        }
    }
}

struct Row {
    target: String,
    /// The version of the server, and what ran it where that is not Docker: a pass on another machine's server is another fact.
    server: String,
    /// One for each column, in the same order.
    cells: Vec<Cell>,
    verdict: Verdict,
    time: String,
}

impl Row {
    /// Every cell of the printed row with its style.
    fn printed(&self, with_server: bool) -> Vec<(String, Style)> {
        let mut printed = vec![(self.target.clone(), Style::new())];
        printed.extend(with_server.then(|| (self.server.clone(), DIM)));
        printed.extend(self.cells.iter().map(|cell| (cell.label(), cell.style())));
        printed.push((verdict_label(self.verdict).to_owned(), verdict_style(self.verdict)));
        printed.push((self.time.clone(), DIM));
        printed
    }
}

/// Louder than [`Verdict::label`] where it matters: a log has no colours.
fn verdict_label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "FAIL",
        Verdict::Pass | Verdict::Untested => verdict.label(),
    }
}

/// Targets against the restore and the checks.
pub(super) struct Grid {
    /// The preflight, where there is one, then the restore, then each group of checks; those that say the same of all targets, and
    /// nothing bad of any, are one.
    columns: Vec<String>,
    rows: Vec<Row>,
    /// How many targets have no row, as there are too many.
    left_out: usize,
}

impl Grid {
    pub fn of(targets: &[Rehearsal], detail: Detail) -> Self {
        let groups = groups(targets);
        let foreseen = targets.iter().any(|target| target.checks.iter().any(|result| result.check == REQUIREMENTS));
        let mut rows: Vec<Row> = targets.iter().map(|target| row(target, foreseen, &groups)).collect();
        let mut columns = Vec::new();
        columns.extend(foreseen.then(|| REQUIREMENTS.to_owned()));
        let is_recovery = targets.iter().any(|target| target.recovery.is_some());
        columns.push(if is_recovery { "recovery" } else { "restore" }.to_owned());
        columns.extend(groups.iter().map(|group| group.label().to_owned()));
        let mut left_out = 0;
        if detail != Detail::All {
            columns = without_repetition(columns, &mut rows);
            left_out = rows.len().saturating_sub(detail.rows());
            // Those that fail are what is looked for.
            if left_out > 0 {
                rows.sort_by_key(|row| std::cmp::Reverse(row.verdict));
                rows.truncate(detail.rows());
            }
        }
        Self { columns, rows, left_out }
    }

    /// How many targets have no row.
    pub fn rows_left_out(&self) -> usize {
        self.left_out
    }

    /// The grid as a table, if it fits into so many columns.
    pub fn table(&self, width: usize) -> Option<Drawn> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
        table.set_content_arrangement(ContentArrangement::Disabled);
        let with_server = self.rows.iter().any(|row| !row.server.is_empty());
        let mut header = vec!["target".to_owned()];
        header.extend(with_server.then(|| "server".to_owned()));
        header.extend(self.columns.iter().cloned());
        header.extend(["verdict".to_owned(), "time".to_owned()]);
        table.set_header(header);
        let rows: Vec<_> = self.rows.iter().map(|row| row.printed(with_server)).collect();
        for row in &rows {
            table.add_row(row.iter().map(|(text, _)| text.as_str()));
        }
        let last = table.column_count() - 1;
        for (index, column) in table.column_iter_mut().enumerate() {
            // The table puts one space between columns itself.
            column.set_padding((0, if index == last { 0 } else { GAP - 1 }));
        }
        let contents: usize = table.column_max_content_widths().iter().map(|width| usize::from(*width)).sum();
        (contents + last * usize::from(GAP) <= width).then_some(Drawn { table, rows })
    }

    /// The same without a table: for each target one line with the verdict and one for each kind of cell.
    pub fn list(&self, columns: usize, paint: impl Fn(Style, &str) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rows: Vec<(&Row, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            let is_alike = |(one, _): &&mut (&Row, Vec<&Row>)| {
                (one.verdict, &one.server, &one.cells) == (row.verdict, &row.server, &row.cells)
            };
            match rows.iter_mut().find(is_alike) {
                Some((_, alike)) => alike.push(row),
                None => rows.push((row, vec![row])),
            }
        }
        for (row, alike) in rows {
            let verdict = paint(verdict_style(row.verdict), verdict_label(row.verdict));
            let server = if row.server.is_empty() { String::new() } else { format!(" on {}", row.server) };
            let names = pack(alike.iter().map(|row| row.target.as_str()), ", ", columns.saturating_sub(2));
            let (last, first) = names.split_last().map_or(("", &[][..]), |(last, first)| (last.as_str(), first));
            lines.extend(first.iter().cloned());
            let time = if alike.len() == 1 { format!(", {}", row.time) } else { String::new() };
            lines.push(format!("{last}: {verdict}{server}{time}"));
            let mut kinds: Vec<Cell> = row.cells.clone();
            kinds.sort_by(|a, b| b.cmp(a));
            kinds.dedup();
            let label_width = kinds.iter().map(|kind| text::width(&kind.label())).max().unwrap_or_default();
            for kind in kinds {
                let names = self.columns.iter().zip(&row.cells).filter(|(_, cell)| **cell == kind);
                let names = names.map(|(name, _)| name.as_str());
                let label = kind.label();
                let gap = " ".repeat(label_width - text::width(&label) + 2);
                let room = columns.saturating_sub(label_width + 5);
                for (index, packed) in pack(names, ", ", room).into_iter().enumerate() {
                    if index == 0 {
                        lines.push(format!("  {}{gap}{packed}", paint(kind.style(), &label)));
                    } else {
                        lines.push(format!("  {}{packed}", " ".repeat(label_width + 2)));
                    }
                }
            }
        }
        lines
    }
}

/// A table that fits.
pub(super) struct Drawn {
    table: Table,
    rows: Vec<Vec<(String, Style)>>,
}

impl Drawn {
    /// Its lines, painted.
    pub fn lines(&self, paint: impl Fn(Style, &str) -> String) -> Vec<String> {
        const HEADER_LINES: usize = 2;
        let lines = self.table.lines().enumerate();
        lines
            .map(|(index, line)| match index.checked_sub(HEADER_LINES).and_then(|row| self.rows.get(row)) {
                Some(cells) => painted(line.trim_end(), cells, &paint),
                None => paint(DIM, line.trim_end()),
            })
            .collect()
    }
}

/// Paints the cells of a drawn line. The table cannot do that itself: it would count the escape sequences as text.
/// Between the cells there are only spaces, so each one is the next occurrence of its text.
fn painted(line: &str, cells: &[(String, Style)], paint: impl Fn(Style, &str) -> String) -> String {
    let mut out = String::new();
    let mut rest = line;
    for (text, style) in cells {
        let Some(at) = rest.find(text.as_str()) else { continue };
        out.push_str(&rest[..at]);
        out.push_str(&if *style == Style::new() { text.clone() } else { paint(*style, text) });
        rest = &rest[at + text.len()..];
    }
    out + rest
}

/// Columns that say the same of all targets, and nothing but that all is well or that nobody looked, become one.
fn without_repetition(columns: Vec<String>, rows: &mut [Row]) -> Vec<String> {
    let of_column = |at: usize| -> Vec<Cell> { rows.iter().filter_map(|row| row.cells.get(at).copied()).collect() };
    let is_quiet = |cells: &[Cell]| cells.iter().all(|cell| matches!(cell, Cell::Ok | Cell::NotRun));
    // By what they say: where they stand.
    let mut kinds: Vec<(Vec<Cell>, Vec<usize>)> = Vec::new();
    for at in 0..columns.len() {
        let cells = of_column(at);
        match kinds.iter_mut().find(|(known, _)| is_quiet(known) && *known == cells) {
            Some((_, places)) => places.push(at),
            None => kinds.push((cells, vec![at])),
        }
    }
    // What is one column stays where it was; what several have become stands at the end.
    let (one, several): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|(_, places)| places.len() == 1);
    let kept: Vec<usize> = one.iter().chain(&several).filter_map(|(_, places)| places.first().copied()).collect();
    for row in rows {
        row.cells = kept.iter().filter_map(|at| row.cells.get(*at).copied()).collect();
    }
    let others = if one.is_empty() { "checks" } else { "others" };
    let names = one.iter().filter_map(|(_, places)| columns.get(*places.first()?).cloned());
    names.chain(several.iter().map(|(_, places)| format!("{} {others}", places.len()))).collect()
}

fn row(target: &Rehearsal, foreseen: bool, groups: &[Group]) -> Row {
    let mut cells = Vec::new();
    cells.extend(foreseen.then(|| Cell::of_needs(target)));
    cells.push(Cell::of_coming(target));
    cells.extend(groups.iter().map(|group| Cell::of_group(target, *group)));
    let server = target.judge.as_ref().map(|judge| {
        let version = visible(judge.server_version.split(' ').next().unwrap_or_default()).into_owned();
        if judge.engine == "docker" { version } else { format!("{version} ({})", visible(&judge.engine)) }
    });
    Row {
        target: printed_name(&target.target),
        server: server.unwrap_or_default(),
        cells,
        verdict: target.verdict,
        time: text::duration(target.timings.total),
    }
}

fn printed_name(name: &str) -> String {
    clip(&visible(name), LONGEST_NAME).into_owned()
}

/// Every group that any target has a check of, in their order.
fn groups(targets: &[Rehearsal]) -> Vec<Group> {
    let results = targets.iter().flat_map(|target| &target.checks);
    let groups: BTreeSet<Group> =
        results.map(|result| result.group).filter(|group| *group != Group::Requirements).collect();
    groups.into_iter().collect()
}
