//! What a pass rests on: how much was compared.

use std::io;

use anstyle::Style;

use super::{Page, add, group, recovery};
use crate::check::CheckResult;
use crate::counted::{agreeing, counted, counted_as};
use crate::finding::Severity;
use crate::rehearsal::{Rehearsal, Verdict};
use crate::report::text::visible;

impl Page<'_> {
    /// A source that passes, in one line as a rule: `crm.dump: pass, 12 rows in 1 table, …; 1 warning`.
    pub(super) fn passed(&mut self, name: &str, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let proved = rehearsals.first().map(proved).unwrap_or_default();
        let mut parts = vec!["pass".to_owned()];
        parts.extend(Some(proved).filter(|proved| !proved.is_empty()));
        let groups = group::collect(rehearsals);
        let findings = groups.iter().filter(|group| group.finding.severity > Severity::Note).count();
        let findings = if findings > 0 { format!("; {} (--all)", counted(findings, "finding")) } else { String::new() };
        let line = format!("{}: {}{findings}", visible(name), parts.join(", "));
        self.canvas.wrapped(Style::new(), &line)
    }

    /// What was compared in each target that passes, once where it is the same.
    pub(super) fn proved(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for target in rehearsals.iter().filter(|target| target.verdict == Verdict::Pass) {
            let proved = proved(target);
            if !proved.is_empty() {
                add(&mut lines, proved, &target.target);
            }
        }
        let passes = rehearsals.iter().filter(|target| target.verdict == Verdict::Pass).count();
        // Beside what fails it would only be long.
        if lines.is_empty() || passes < rehearsals.len() && !self.all() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        for (line, targets) in &lines {
            let place = match lines.len() {
                1 => String::new(),
                _ => format!(" in {}", self.canvas.first_few(targets, 3, str::to_owned).join(", ")),
            };
            let what = if rehearsals.iter().any(|target| target.recovery.is_some()) {
                "Proved"
            } else {
                "Compared with the dump"
            };
            self.canvas.wrapped(Style::new(), &format!("{what}{place}: {line}."))?;
        }
        Ok(())
    }
}

/// How much of each kind was compared in all databases of a target.
fn proved(target: &Rehearsal) -> String {
    let of = |check: &'static str| target.checks.iter().filter(move |result| result.check == check);
    let sum = |check: &'static str, kind: &str| of(check).filter_map(|result| result.compared.get(kind)).sum::<u64>();
    let all = |check: &'static str| of(check).flat_map(|result: &CheckResult| result.compared.values()).sum::<u64>();
    let mut parts = Vec::new();
    if let Some(at) = target.recovery.as_ref().and_then(recovery::whereabouts) {
        parts.push(format!("recovered to {at}"));
        let files = sum("base", "file");
        parts.extend((files > 0).then(|| format!("{} as the manifest has them", counted(files, "file"))));
        parts.extend(
            [(all("indexes"), "index", "indexes"), (all("unique"), "unique index", "unique indexes")]
                .iter()
                .filter(|(count, ..)| *count > 0)
                .map(|(count, one, several)| counted_as(*count, one, several)),
        );
    }
    let (rows, tables) = (sum("rows", "row"), sum("rows", "table"));
    if tables > 0 {
        parts.push(format!("{} in {}", counted(rows, "row"), counted(tables, "table")));
    }
    let counts = [
        (sum("rows", "large object"), "large object", "large objects"),
        (all("objects"), "definition", "definitions"),
        (sum("ownership", "owner"), "owner", "owners"),
        (sum("row security", "policy"), "policy", "policies"),
        (sum("sequences", "sequence"), "sequence", "sequences"),
        (sum("foreign keys", "foreign key"), "foreign key", "foreign keys"),
        (sum("roles", "role"), "role", "roles"),
    ];
    parts.extend(
        counts.iter().filter(|(count, ..)| *count > 0).map(|(count, one, several)| counted_as(*count, one, several)),
    );
    let privileges = sum("privileges", "privileges");
    if privileges > 0 {
        parts.push(format!("privileges on {}", counted(privileges, "object")));
    }
    let queries = sum("queries", "query") + sum("point", "query");
    let mut line = parts.join(", ");
    if queries > 0 {
        let held = format!(
            "{} {}",
            counted_as(queries, "query of the profile", "queries of the profile"),
            agreeing(queries, "holds", "hold")
        );
        line = if line.is_empty() { held } else { format!("{line}; {held}") };
    }
    line
}
