//! The parts of the page: the base, how far its WAL brings it, the archive, what Barman keeps.

use std::io;

use anstyle::Style;

use super::super::archived::{ArchiveSeen, TimelineSeen};
use super::super::kept::{KeptBackup, ServerSeen};
use super::super::reached::Reached;
use super::super::{BackupInspection, BaseSeen};
use super::Page;
use super::words::{mib, moment, segments, span, stretch, time_of};
use crate::counted::{agreeing, counted};
use crate::report::canvas::BOLD;
use crate::report::text::{self, visible};

impl Page<'_> {
    pub fn base(&mut self, base: &BaseSeen) -> io::Result<()> {
        let kept = if base.kept_by_barman { ", kept by Barman" } else { "" };
        let incremental = if base.incremental { "incremental " } else { "" };
        let form = if base.form == "tar" { "in tar form" } else { "in plain form" };
        let postgres = base.postgres.map(|major| format!(" of PostgreSQL {major}")).unwrap_or_default();
        let (size, files) = (text::size(base.bytes), counted(base.files, "file"));
        let headline =
            format!("{}: {incremental}base backup{postgres} {form}{kept}, {size} in {files}", visible(&base.path));
        self.canvas.wrapped(BOLD, &headline)?;
        if let Some(label) = &base.label {
            let mut said = vec![match &label.begun {
                Some(begun) => format!("begun {}", visible(begun)),
                None => "begun at an unknown time".to_owned(),
            }];
            said.extend(label.from.map(|from| format!("from a {from}")));
            said.extend(label.label.as_ref().map(|label| format!("label \"{}\"", visible(label))));
            self.canvas.wrapped(Style::new(), &said.join(", "))?;
        }
        writeln!(self.canvas.out)?;
        if let (Some(system), Some(size)) = (&base.system_identifier, base.segment_size) {
            let checksums = match base.data_checksums {
                Some(true) => "pages with checksums",
                _ => "pages without checksums",
            };
            self.row("cluster", &format!("{system}, segments of {}, {checksums}", mib(size)))?;
        }
        if let Some(label) = &base.label {
            let upon =
                label.builds_upon_lsn.as_ref().map(|lsn| format!(", builds upon the backup that starts at {lsn}"));
            let upon = upon.unwrap_or_default();
            self.row("begins at", &format!("{} on timeline {}{upon}", label.start_lsn, label.timeline))?;
        }
        self.needs(base)?;
        let manifest = &base.manifest;
        let files = manifest.files.map(|count| counted(count, "file")).unwrap_or_default();
        let said = match (manifest.state, &manifest.because) {
            ("good", _) => {
                let bytes = text::size(manifest.bytes_compared.unwrap_or_default());
                format!("{files} ({bytes}) compared, all as it lists them")
            }
            ("differs", _) => format!("the base is not as it lists its {files}"),
            ("broken", Some(why)) => format!("cannot be trusted: {why}"),
            ("not compared", _) if !files.is_empty() => format!("{files}, not compared"),
            ("not compared", _) => "not compared".to_owned(),
            _ => "none: its files cannot be compared with what they were".to_owned(),
        };
        self.row("manifest", &said)?;
        let shown = self.room(base.tablespaces.len());
        for tablespace in &base.tablespaces[..shown] {
            let from = tablespace.location.as_ref().map(|at| format!(" (from {at})")).unwrap_or_default();
            let files =
                if tablespace.is_here { counted(tablespace.files, "file") } else { "not in the backup".to_owned() };
            self.row("tablespace", &format!("{}{from}: {files}", tablespace.oid))?;
        }
        self.more(base.tablespaces.len(), shown, "tablespaces")
    }

    fn needs(&mut self, base: &BaseSeen) -> io::Result<()> {
        let own = match base.own_wal {
            0 => "it carries none",
            _ => "it carries some itself",
        };
        let Some(needs) = &base.needs else { return self.row("needs WAL", &format!("up to its end; {own}")) };
        let files = match needs.segments {
            1 => needs.first.clone(),
            count => format!("{} to {} ({count} segments)", needs.first, needs.last),
        };
        let there = match needs.segments.saturating_sub(needs.present) {
            0 => agreeing(needs.segments, "it is there", "all there").to_owned(),
            absent if absent == needs.segments => "not there".to_owned(),
            absent => format!("{absent} of them not there"),
        };
        self.row("needs WAL", &format!("up to {}: {files}, {there}", needs.end_lsn))
    }

    pub fn reach(&mut self, inspection: &BackupInspection) -> io::Result<()> {
        let Some(latest) = inspection.reach.last() else { return Ok(()) };
        match &latest.earliest {
            Some(earliest) => {
                let next = earliest.next.as_ref().map(|next| {
                    let what = if next.committed { "commit" } else { "transaction" };
                    format!(", next {what} {}", time_of(next))
                });
                self.row("earliest point", &format!("{}{}", earliest.lsn, next.unwrap_or_default()))?;
            }
            None => self.row("earliest point", "none: the WAL ends before the base is consistent")?,
        }
        self.heading("latest point")?;
        let shown = self.room(inspection.reach.len());
        // The latest is the last of them, and says most.
        let shown = shown.max(1);
        for reached in inspection.reach.iter().rev().take(shown) {
            self.reached(reached)?;
        }
        self.more(inspection.reach.len(), shown, "timelines")?;
        self.points("restore points", &latest.restore_points)
    }

    fn reached(&mut self, reached: &Reached) -> io::Result<()> {
        let label = format!("timeline {}", reached.timeline);
        if let (Some(refused), None) = (&reached.refused, &reached.earliest) {
            return self.row(&label, &format!("not reachable: {refused}"));
        }
        let commit = reached
            .last_commit
            .as_ref()
            .map_or("no commit".to_owned(), |commit| format!("{} (transaction {})", time_of(commit), commit.xid));
        self.row(&label, &format!("{commit}, {}", reached.end_lsn))?;
        if self.few <= 1 && !reached.is_latest {
            return Ok(());
        }
        let (commits, wal) = (counted(reached.commits, "commit"), mib(reached.wal_bytes));
        self.row("", &format!("{commits} in {wal} of WAL; it ends because {}", reached.because))?;
        if let Some(beyond) = &reached.beyond {
            let upto = beyond.last_commit.as_ref().map(|commit| format!(", up to {}", time_of(commit)));
            let files = segments(&beyond.segments);
            self.row("", &format!("behind that, out of reach: {files}{}", upto.unwrap_or_default()))?;
        }
        if let Some(wanted) = &reached.fell_off {
            self.row("", &format!("the abandoned branch comes back, because {wanted} is missing"))?;
        }
        if reached.is_latest
            && let Some(seconds) = reached.data_loss_seconds
        {
            self.row("data loss now", &format!("{} since the last commit", span(seconds)))?;
        }
        Ok(())
    }

    fn points(&mut self, label: &str, points: &[super::super::shape::RestorePointSeen]) -> io::Result<()> {
        let shown = self.room(points.len());
        for (index, point) in points[..shown].iter().enumerate() {
            let at = point.at.map(|at| format!(", {}", moment(at))).unwrap_or_default();
            self.row(if index == 0 { label } else { "" }, &format!("{} at {}{at}", point.name, point.lsn))?;
        }
        self.more(points.len(), shown, "restore points")
    }

    pub fn archive(&mut self, archive: &ArchiveSeen, is_beside: bool) -> io::Result<()> {
        let count = counted(archive.segment_count(), "segment");
        let mut kinds: Vec<String> = Vec::new();
        let packed = archive.segments.iter().filter(|(ending, _)| ending.starts_with('.'));
        kinds.extend(packed.map(|(ending, count)| format!("{count} {ending}")));
        kinds.extend((archive.histories > 0).then(|| counted(archive.histories, "history file")));
        kinds.extend((archive.foreign_files > 0).then(|| {
            format!(
                "{} that {} not WAL",
                counted(archive.foreign_files, "file"),
                agreeing(archive.foreign_files, "is", "are")
            )
        }));
        let kinds = kinds.iter().map(|kind| format!(", {kind}")).collect::<String>();
        let headline = format!("{}: {count} of WAL in {}{kinds}", visible(&archive.path), text::size(archive.bytes));
        match is_beside {
            true => self.heading(&headline)?,
            false => self.canvas.wrapped(BOLD, &headline)?,
        }
        if let ([first, others @ ..], false) = (archive.clusters.as_slice(), is_beside) {
            let size = mib(first.segment_size);
            let said =
                format!("PostgreSQL {}, cluster {}, segments of {size}", first.postgres, first.system_identifier);
            self.row("written by", &said)?;
            for other in others.iter().take(self.few) {
                let count = counted(other.segments, "segment");
                self.row(
                    "",
                    &format!("{count} of cluster {} (PostgreSQL {})", other.system_identifier, other.postgres),
                )?;
            }
        }
        let shown = self.room(archive.timelines.len());
        // The newest are what a recovery follows.
        let hidden = archive.timelines.len() - shown;
        for timeline in &archive.timelines[hidden..] {
            self.timeline(timeline, is_beside)?;
        }
        self.more(archive.timelines.len(), shown, "timelines")
    }

    fn timeline(&mut self, timeline: &TimelineSeen, is_beside: bool) -> io::Result<()> {
        let from = match (timeline.parent, &timeline.fork_lsn) {
            (Some(parent), Some(at)) => format!("; left timeline {parent} at {at}"),
            _ if timeline.timeline > 1 => format!(
                "; its history is {}",
                match timeline.history {
                    "damaged" => "damaged",
                    _ => "not there",
                }
            ),
            _ => String::new(),
        };
        let label = format!("timeline {}", timeline.timeline);
        // What can be recovered is said with the base.
        let is_brief = is_beside && !self.canvas.options.all;
        if timeline.ranges.is_empty() {
            self.row(&label, &format!("no segment that can be read{from}"))?;
        }
        let shown = self.room(timeline.ranges.len());
        let hidden = timeline.ranges.len() - shown;
        for (index, range) in timeline.ranges[hidden..].iter().enumerate() {
            let from = if index == 0 { from.as_str() } else { "" };
            let unfilled = if range.unfilled { "; the last is not full" } else { "" };
            let stretch = match is_brief {
                true => stretch(&range.segments),
                false => segments(&range.segments),
            };
            self.row(if index == 0 { &label } else { "" }, &format!("{stretch}{unfilled}{from}"))?;
            if let (Some(first), Some(last), false) = (&range.first_commit, &range.last_commit, is_brief) {
                let commits = counted(range.commits, "commit");
                self.row("", &format!("{commits}, {} to {}", time_of(first), time_of(last)))?;
            }
        }
        self.more(timeline.ranges.len(), shown, "stretches before")?;
        for gap in timeline.gaps.iter().take(self.room(timeline.gaps.len())) {
            let upto = gap.last_commit_behind.as_ref().map(|commit| format!(", up to {}", time_of(commit)));
            let behind = counted(gap.segments_behind, "segment");
            let missing = segments(&gap.segments);
            self.row("  missing", &format!("{missing}; behind that {behind}{}", upto.unwrap_or_default()))?;
        }
        for damaged in timeline.damaged.iter().take(self.room(timeline.damaged.len())) {
            let at = damaged.lsn.as_ref().map(|lsn| format!(" at {lsn}")).unwrap_or_default();
            self.row("  damaged", &format!("{}{at}: {}", damaged.segment, damaged.because))?;
        }
        for partial in timeline.only_partial.iter().take(self.room(timeline.only_partial.len())) {
            let last = partial.last_commit.as_ref().map(|commit| format!(", up to {}", time_of(commit)));
            let commits = counted(partial.commits, "commit");
            self.row("  only .partial", &format!("{}: {commits}{}", partial.segment, last.unwrap_or_default()))?;
        }
        if is_beside { Ok(()) } else { self.points("  restore point", &timeline.restore_points) }
    }

    pub fn server(&mut self, server: &ServerSeen, quick: bool) -> io::Result<()> {
        let postgres = server.postgres.as_ref().map(|version| format!(" of PostgreSQL {version}")).unwrap_or_default();
        let count = counted(server.backups.len(), "backup");
        let headline = format!("{}{}: {count} kept by Barman", visible(&server.name), visible(&postgres));
        self.canvas.wrapped(BOLD, &headline)?;
        // The newest are asked for most.
        let shown = self.canvas.room_for(server.backups.len(), self.few.saturating_mul(6));
        for backup in &server.backups[server.backups.len() - shown..] {
            self.kept(backup, quick)?;
        }
        self.more(server.backups.len(), shown, "backups before")
    }

    fn kept(&mut self, backup: &KeptBackup, quick: bool) -> io::Result<()> {
        let mut said = vec![backup.status.clone().unwrap_or_else(|| "no word of Barman".to_owned())];
        if let (Some(begun), Some(ended)) = (backup.begun, backup.ended) {
            said.push(format!("{} to {}", moment(begun), moment(ended)));
        }
        said.extend(backup.begin_wal.as_ref().zip(backup.end_wal.as_ref()).map(|(first, last)| match first == last {
            true => first.clone(),
            false => format!("{first} to {last}"),
        }));
        said.extend(match (&backup.reach, &backup.unknown_because) {
            (Some(reach), _) if reach.earliest.is_none() => {
                Some("not recoverable: its own WAL is not there".to_owned())
            }
            (Some(reach), _) => {
                let upto = reach.last_commit.as_ref().map_or_else(|| reach.end_lsn.clone(), time_of);
                let whole = if reach.is_complete { "" } else { ", not to the archive's end" };
                Some(format!("reaches {upto}{whole}"))
            }
            (None, Some(why)) => Some(format!("reach not known: {why}")),
            (None, None) if quick => None,
            (None, None) => Some("reach not known".to_owned()),
        });
        self.row(&backup.id, &said.join("; "))
    }
}
