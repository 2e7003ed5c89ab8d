//! Bars for a terminal: one for each target that runs, one line above them for each that has finished, and a count.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{errors_so_far, line_of_run, mark, progress, pulled};
use crate::event::{Event, EventKind, Listener, Phase, RehearsalName, Unit};
use crate::report::canvas::painted;
use crate::report::labels::Labels;
use crate::report::text::{self, clip, visible};
use crate::verdict::Verdict;

/// How often spinners turn and elapsed times move.
const TICK: Duration = Duration::from_millis(120);

/// A longer name would leave no room for what happens.
const LONGEST_NAME: usize = 32;

/// All bars. Dropping it wipes those that are still drawn.
pub(super) struct Bars {
    screen: MultiProgress,
    labels: Labels,
    running: HashMap<String, Running>,
    /// `2 of 4 finished`, below the others; none for a single target.
    count: Option<ProgressBar>,
    name_width: usize,
    color: bool,
}

/// One target that has left the queue.
struct Running {
    bar: ProgressBar,
    phase: Phase,
    progress: String,
    errors: u64,
}

impl Bars {
    /// On standard error; not more often than a few times a second.
    pub fn new(color: bool) -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(10), color)
    }

    fn on(screen: ProgressDrawTarget, color: bool) -> Self {
        let screen = MultiProgress::with_draw_target(screen);
        Self { screen, labels: Labels::default(), running: HashMap::new(), count: None, name_width: 0, color }
    }

    /// Makes room for these rehearsals.
    fn begin(&mut self, rehearsals: &[RehearsalName]) {
        self.labels = Labels::of(rehearsals.iter().map(|name| name.source.as_str()));
        let labels: Vec<String> = rehearsals.iter().map(|name| self.labels.label(&name.source, &name.target)).collect();
        let noun = self.labels.noun();
        self.count = (labels.len() > 1).then(|| {
            let style = style(&format!("  {{pos}} of {{len}} {noun}s finished, {{elapsed}}"));
            self.screen.add(ProgressBar::new(labels.len() as u64).with_style(style))
        });
        self.name_width = labels.iter().map(|label| text::width(&name(label))).max().unwrap_or_default();
    }

    fn show_target(&mut self, target: &str, event: &Event) {
        match &event.kind {
            EventKind::Notice { text } => {
                let _ = self.screen.println(format!("{}: notice: {}", name(target), visible(text)));
            }
            EventKind::RehearsalFinished { verdict, reason } => {
                self.finish(target, event.elapsed, *verdict, reason);
            }
            kind => {
                let running = self.running(target);
                running.note(kind);
                running.bar.set_message(running.message());
            }
        }
    }

    fn running(&mut self, target: &str) -> &mut Running {
        let Self { screen, count, name_width, running, color, .. } = self;
        running.entry(target.to_owned()).or_insert_with(|| {
            let template = if *color {
                "{spinner:.cyan} {prefix} {elapsed:>4.dim}  {wide_msg}"
            } else {
                "{spinner} {prefix} {elapsed:>4}  {wide_msg}"
            };
            let bar = ProgressBar::new_spinner().with_style(style(template)).with_prefix(padded(target, *name_width));
            let bar = match count {
                Some(count) => screen.insert_before(count, bar),
                None => screen.add(bar),
            };
            Running { bar, phase: Phase::Start, progress: String::new(), errors: 0 }
        })
    }

    fn finish(&mut self, target: &str, elapsed: Duration, verdict: Verdict, reason: &str) {
        if let Some(running) = self.running.remove(target) {
            running.bar.finish_and_clear();
            self.screen.remove(&running.bar);
        }
        let name = padded(target, self.name_width);
        let _ = self.screen.println(finished_line(&name, elapsed, verdict, reason, self.color));
        if let Some(count) = &self.count {
            count.inc(1);
        }
    }
}

impl Listener for Bars {
    fn hear(&mut self, event: &Event) {
        match (&event.rehearsal, &event.kind) {
            (Some(name), _) => self.show_target(&self.labels.label(&name.source, &name.target), event),
            (None, EventKind::RunStarted { rehearsals }) => self.begin(rehearsals),
            (None, kind) => {
                if let Some(line) = line_of_run(kind) {
                    let _ = self.screen.println(line);
                }
            }
        }
    }

    fn ticks(&self) -> Option<Duration> {
        Some(TICK)
    }

    /// Turns the spinners.
    fn tick(&mut self) {
        for running in self.running.values() {
            running.bar.tick();
        }
        if let Some(count) = &self.count {
            count.tick();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.bar.finish_and_clear();
        }
        if let Some(count) = &self.count {
            count.finish_and_clear();
        }
        let _ = self.screen.clear();
    }
}

impl Running {
    fn note(&mut self, kind: &EventKind) {
        match kind {
            EventKind::PhaseStarted { phase } => {
                self.phase = *phase;
                self.progress.clear();
            }
            EventKind::Pulling { image, done, total } => {
                self.phase = Phase::Image;
                let portion = blocks(*done, *total);
                self.progress = match done {
                    0 => pulled(image),
                    _ => format!("{portion}{} {}", progress(*done, *total, Unit::Bytes), pulled(image)),
                };
            }
            EventKind::SandboxReady { server_version, .. } => {
                let short = server_version.split(' ').next().unwrap_or_default();
                self.progress = format!("PostgreSQL {} is ready", visible(short));
            }
            EventKind::Restoring { done, total, unit } => {
                self.progress = format!("{}{}", blocks(*done, *total), progress(*done, *total, *unit));
            }
            EventKind::RestoreErrors { count } => self.errors = *count,
            EventKind::CheckFinished { check, .. } => self.progress = format!("{check} done"),
            EventKind::RehearsalStarted
            | EventKind::PhaseFinished { .. }
            | EventKind::RehearsalFinished { .. }
            | EventKind::Notice { .. }
            | EventKind::TargetsChosen { .. }
            | EventKind::RunStarted { .. }
            | EventKind::RunFinished { .. }
            | EventKind::Missed { .. } => {}
        }
    }

    /// `restore 3 errors so far, ████░░░░░░ 40 % (4.8 of 12.0 MB)`: a narrow terminal cuts the end off.
    fn message(&self) -> String {
        let label = self.phase.label();
        let progress = Some(self.progress.clone()).filter(|progress| !progress.is_empty());
        let parts: Vec<String> = errors_so_far(self.errors).into_iter().chain(progress).collect();
        format!("{label:<7} {}", parts.join(", "))
    }
}

/// Ten blocks, as many of them filled as is done; nothing where the total is not known.
fn blocks(done: u64, total: u64) -> String {
    if total == 0 {
        return String::new();
    }
    // At most ten, so the cast loses nothing.
    let filled = (u128::from(done.min(total)) * 10 / u128::from(total)) as usize;
    format!("{}{} ", "█".repeat(filled), "░".repeat(10 - filled))
}

/// `✘ rds-like  fail in 12.3 s: role "shop_app" does not exist`.
fn finished_line(name: &str, elapsed: Duration, verdict: Verdict, reason: &str, color: bool) -> String {
    let (mark, style) = mark(verdict);
    let verdict = painted(style, &format!("{mark} {name} {}", verdict.label()), color);
    let reason = clip(&visible(reason), 300).into_owned();
    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
    format!("{verdict} after {}{reason}", text::duration(elapsed))
}

fn name(target: &str) -> String {
    let shown = visible(target);
    if text::width(&shown) <= LONGEST_NAME {
        shown.into_owned()
    } else {
        shown.chars().take(LONGEST_NAME / 2).collect::<String>() + "…"
    }
}

fn padded(target: &str, width: usize) -> String {
    let name = name(target);
    let gap = width.saturating_sub(text::width(&name));
    name + &" ".repeat(gap)
}

/// A template of this file.
fn style(template: &str) -> ProgressStyle {
    // The templates are constants; a wrong one would fall back to indicatif's own and fail the tests.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    const COLUMNS: usize = 80;

    /// As much of a terminal as bars need: cells, a cursor, and wrapping once a character comes after a full line.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<Cells>>);

    #[derive(Debug, Default)]
    struct Cells {
        rows: Vec<Vec<char>>,
        row: usize,
        column: usize,
    }

    impl Cells {
        fn put(&mut self, character: char) {
            match character {
                '\r' => self.column = 0,
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                _ => {
                    if self.column == COLUMNS {
                        (self.row, self.column) = (self.row + 1, 0);
                    }
                    while self.rows.len() <= self.row {
                        self.rows.push(vec![' '; COLUMNS]);
                    }
                    self.rows[self.row][self.column] = character;
                    self.column += 1;
                }
            }
        }
    }

    impl Screen {
        /// What a person would see, without empty lines at the end.
        fn contents(&self) -> String {
            let cells = self.0.lock().unwrap();
            let lines = cells.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned());
            lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            COLUMNS as u16
        }

        fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
            let mut cells = self.0.lock().unwrap();
            cells.row = cells.row.saturating_sub(lines);
            Ok(())
        }

        fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
            self.0.lock().unwrap().row += lines;
            Ok(())
        }

        fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
            self.0.lock().unwrap().column += columns;
            Ok(())
        }

        fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
            let mut cells = self.0.lock().unwrap();
            cells.column = cells.column.saturating_sub(columns);
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            let mut cells = self.0.lock().unwrap();
            text.chars().for_each(|character| cells.put(character));
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            let mut cells = self.0.lock().unwrap();
            let row = cells.row;
            if let Some(row) = cells.rows.get_mut(row) {
                row.fill(' ');
            }
            cells.column = 0;
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn at(seconds: u64, target: &str, kind: EventKind) -> Event {
        Event { rehearsal: Some(of(target)), elapsed: Duration::from_secs(seconds), kind }
    }

    fn of(target: &str) -> RehearsalName {
        RehearsalName { source: "/srv/shop.dump".to_owned(), target: target.to_owned() }
    }

    fn began(phase: Phase) -> EventKind {
        EventKind::PhaseStarted { phase }
    }

    fn finished(verdict: Verdict, reason: &str) -> EventKind {
        EventKind::RehearsalFinished { verdict, reason: reason.to_owned() }
    }

    fn on_screen(targets: &[&str]) -> (Screen, Bars) {
        let terminal = Screen::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255);
        let mut bars = Bars::on(target, false);
        let kind = EventKind::RunStarted { rehearsals: targets.iter().map(|target| of(target)).collect() };
        bars.hear(&Event { rehearsal: None, elapsed: Duration::ZERO, kind });
        (terminal, bars)
    }

    #[test]
    fn a_running_target_shows_its_phase_its_progress_and_its_errors() {
        let (terminal, mut bars) = on_screen(&["rds-like"]);
        bars.hear(&at(0, "rds-like", began(Phase::Restore)));
        bars.hear(&at(1, "rds-like", EventKind::RestoreErrors { count: 3 }));
        bars.hear(&at(1, "rds-like", EventKind::Restoring { done: 4_800_000, total: 12_000_000, unit: Unit::Bytes }));
        std::thread::sleep(Duration::from_millis(30));
        bars.tick();
        let screen = terminal.contents();
        assert!(screen.contains("restore 3 errors so far, ████░░░░░░ 40 % (4.8 of 12.0 MB)"), "{screen}");
        assert!(screen.contains("rds-like"), "{screen}");
    }

    #[test]
    fn errors_stand_alone_where_there_is_no_progress_and_a_pull_names_image_and_registry() {
        let (terminal, mut bars) = on_screen(&["a", "b", "c"]);
        bars.hear(&at(0, "a", EventKind::RestoreErrors { count: 3 }));
        bars.hear(&at(0, "a", began(Phase::Check)));
        for (target, image) in [("b", "postgres:17"), ("c", "registry.example:5000/pg:17")] {
            bars.hear(&at(0, target, EventKind::Pulling { image: image.to_owned(), done: 0, total: 0 }));
        }
        std::thread::sleep(Duration::from_millis(30));
        bars.tick();
        let screen = terminal.contents();
        assert!(screen.contains("check   3 errors so far\n"), "{screen}");
        assert!(screen.contains("image   postgres:17 from docker.io\n"), "{screen}");
        assert!(screen.contains("image   registry.example:5000/pg:17"), "{screen}");
    }

    #[test]
    fn finished_targets_leave_one_line_and_queued_ones_none() {
        let (terminal, mut bars) = on_screen(&["a", "rds-like", "queued"]);
        bars.hear(&at(0, "a", began(Phase::Start)));
        bars.hear(&at(0, "rds-like", began(Phase::Start)));
        bars.hear(&at(4, "a", finished(Verdict::Pass, "")));
        bars.hear(&at(12, "rds-like", finished(Verdict::Fail, "role \"x\" is missing")));
        std::thread::sleep(Duration::from_millis(30));
        bars.tick();
        let screen = terminal.contents();
        assert!(
            screen.contains("✔ a        pass after 4.0 s\n✘ rds-like fail after 12.0 s: role \"x\" is missing"),
            "{screen}"
        );
        assert!(screen.contains("2 of 3 targets finished"), "{screen}");
        assert!(!screen.contains("queued"), "{screen}");
    }

    #[test]
    fn an_interrupted_run_leaves_no_bar_behind() {
        let (terminal, mut bars) = on_screen(&["a", "b"]);
        bars.hear(&at(0, "a", began(Phase::Restore)));
        bars.hear(&at(0, "b", began(Phase::Check)));
        bars.tick();
        drop(bars);
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn hostile_names_do_not_reach_the_terminal() {
        let (terminal, mut bars) = on_screen(&["a\u{1b}[2J"]);
        bars.hear(&at(0, "a\u{1b}[2J", EventKind::Notice { text: "\u{1b}]0;x\u{7}".into() }));
        bars.hear(&at(1, "a\u{1b}[2J", finished(Verdict::Untested, "\u{1b}c")));
        assert!(terminal.contents().contains(r"a\u{1b}[2J: notice: \u{1b}]0;x\u{7}"), "{}", terminal.contents());
        assert!(terminal.contents().contains(r"untested after 1.0 s: \u{1b}c"), "{}", terminal.contents());
    }

    #[test]
    fn blocks_fill_up() {
        assert_eq!(blocks(0, 10), "░░░░░░░░░░ ");
        assert_eq!(blocks(99, 10), "██████████ ");
        assert_eq!(blocks(5, 0), "");
    }
}
