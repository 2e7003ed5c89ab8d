//! What could not be tested, and what was left open where the rest was compared.

use std::io;

use super::{Page, add};
use crate::counted::{counted, counted_as, number};
use crate::rehearsal::ledger::Entry;
use crate::rehearsal::{Rehearsal, Verdict};
use crate::report::canvas::{BLUE, YELLOW};
use crate::report::terminal::detail::Detail;
use crate::report::text::{cut, visible, width};

/// How many reasons and notices there is room for where little is said of each thing.
const FEW: usize = 2;
/// How much of a reason is read there.
const SHORT: usize = 150;

impl Page<'_> {
    /// Every reason why a target, or a part of it, is untested, with the targets that it holds for.
    pub(super) fn untested(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for target in rehearsals {
            for reason in reasons_of(target) {
                add(&mut reasons, reason, &target.target);
            }
        }
        let is_short = self.detail >= Detail::Short;
        let room = if is_short { self.canvas.room_for(reasons.len(), FEW) } else { reasons.len() };
        for (reason, targets) in &reasons[..room] {
            writeln!(self.canvas.out)?;
            // What has happened stands alone; what to do about it, and what else was tried, follows.
            let mut parts = reason.split("; ");
            let happened = visible(parts.next().unwrap_or_default());
            let is_cut = is_short && width(&happened) > SHORT;
            let happened = if is_cut { cut(&happened, SHORT) + "…" } else { happened.into_owned() };
            self.headline(YELLOW, "untested", &happened)?;
            for part in parts.take(if is_short { 1 } else { usize::MAX }) {
                self.labelled("", part)?;
            }
            self.targets(targets)?;
        }
        if room < reasons.len() {
            writeln!(self.canvas.out, "and {} (--all)", counted(reasons.len() - room, "more reason"))?;
        }
        Ok(())
    }

    /// What a person should know of the restores, and what the checks have left open.
    pub(super) fn notices(&mut self, rehearsals: &[Rehearsal]) -> io::Result<()> {
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
                        add(&mut notices, format!("{said} {place}{what}"), &target.target);
                    }
                } else {
                    let line = format!("{said} {place}{first}, and {} more (--all)", number(more as u64));
                    add(&mut notices, line, &target.target);
                }
            }
            for entry in target.ledger.iter().filter(|entry| entry.is_worth_a_word()) {
                add(&mut notices, balance(entry), &target.target);
            }
        }
        if notices.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        if self.detail >= Detail::Short || self.detail == Detail::Brief && notices.len() > FEW {
            return writeln!(self.canvas.out, "{} (--all)", counted(notices.len(), "notice"));
        }
        for (notice, targets) in &notices {
            self.headline(BLUE, "notice", notice)?;
            self.targets(targets)?;
        }
        Ok(())
    }
}

/// What a check did not do with what it has left open. Rows are compared by another check than the one that writes some.
fn left_open(check: &str) -> &'static str {
    match check {
        "writable" => "no trial insert into",
        "functions" => "not looked into in full:",
        _ => "not compared:",
    }
}

/// How the items of one kind ended, where not all were compared: `14 tables with rows: 12 compared, 2 not compared (left out
/// by restore.list)`.
fn balance(entry: &Entry) -> String {
    let [one, several] = entry.kind.label();
    let mut parts = vec![format!("{} compared", number(entry.compared))];
    let not_compared = entry.not_compared.iter().map(|part| ("not compared", part));
    for (word, part) in not_compared.chain(entry.untested.iter().map(|part| ("untested", part))) {
        parts.push(format!("{} {word} ({})", number(part.count), part.reason));
    }
    format!("of the dump's {}: {}", counted_as(entry.held, one, several), parts.join(", "))
}

/// Why it is untested: those of checks that could not look are among them.
fn reasons_of(target: &Rehearsal) -> Vec<String> {
    let mut reasons = target.untested.clone();
    if reasons.is_empty() && target.verdict == Verdict::Untested {
        reasons.push("no reason is recorded".to_owned());
    }
    reasons
}
