//! `backup_label` and the backup history file: where a base backup begins and ends in the log.
//!
//! Written by `build_backup_content` (src/backend/access/transam/xlogbackup.c, 15 to 18; xlog.c before), read by
//! `read_backup_label` (xlogrecovery.c, 15 to 18; xlog.c before).

use std::collections::BTreeMap;

use crate::base::path::shown;
use crate::{Lsn, Timeline};

/// What `backup_label` says, or a backup history file (`….backup`) of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where recovery begins to read: the redo point of the checkpoint that the backup began with.
    pub start: Lsn,
    /// The segment that `start` lies in.
    pub start_segment: String,
    /// The record of that checkpoint.
    pub checkpoint: Lsn,
    /// The timeline that the backup was made on.
    pub timeline: Timeline,
    /// How it was made; `None` where the file does not say.
    pub method: Option<Method>,
    /// Which kind of server it was made from; `None` where the file does not say.
    pub from: Option<Origin>,
    /// When it began, as the server wrote it, in the server's `log_timezone`.
    pub start_time: Option<String>,
    /// The label that its maker gave it.
    pub label: Option<String>,
    /// Where it is an incremental backup: what it needs before itself.
    pub incremental_from: Option<IncrementalFrom>,
    /// Where it ends. Only the history file knows this.
    pub stop: Option<Stop>,
}

/// How a base backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By pg_basebackup, or by `pg_backup_start` and `pg_backup_stop`. Recovery insists on the record of the backup's end.
    Streamed,
    /// By the exclusive `pg_start_backup` that 15 took away.
    PgStartBackup,
}

/// The kind of server that a base backup was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A primary, which 13 calls a master.
    Primary,
    /// A standby.
    Standby,
}

/// What an incremental backup builds upon: the backup that started there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncrementalFrom {
    /// Where the backup before it started.
    pub lsn: Lsn,
    /// The timeline of the backup before it.
    pub timeline: Timeline,
}

/// Where and when a base backup ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The end of the WAL that the backup cannot do without.
    pub lsn: Lsn,
    /// The segment that holds the byte before `lsn`.
    pub segment: String,
    /// When it ended, as the server wrote it.
    pub time: Option<String>,
    /// The timeline that it ended on.
    pub timeline: Option<Timeline>,
}

/// Why a label cannot be read. PostgreSQL says of most of these `invalid data in file "backup_label"` and does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// It is larger than any that PostgreSQL writes.
    #[error("it is longer than 64 KiB, which no backup_label is")]
    TooLong,
    /// A line that must be there is not, or not where it belongs.
    #[error("line {line} is not the expected {expected:?}: it says {found:?}")]
    Expected {
        /// The line's number, from 1.
        line: usize,
        /// What it should begin with.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A line cannot be understood, or is there twice.
    #[error("line {line} cannot be understood: {found:?}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is there.
        found: String,
    },
    /// The last line does not end, as in a file that was cut off.
    #[error("its last line is cut off")]
    Unfinished,
    /// The segment's name and the line `START TIMELINE` disagree.
    #[error("timeline ID parsed is {said}, but expected {expected} by the name of the segment")]
    TimelineDiffers {
        /// What `START TIMELINE` says.
        said: Timeline,
        /// What the segment's name says.
        expected: Timeline,
    },
    /// One of the two lines of an incremental backup is missing.
    #[error("of INCREMENTAL FROM LSN and INCREMENTAL FROM TLI only one is there")]
    HalfIncremental,
}

/// No label comes near: its own text is at most MAXPGPATH long, the rest fixed.
pub(crate) const MAX_BYTES: usize = 64 << 10;

impl Label {
    /// Reads `backup_label`, or a backup history file.
    ///
    /// # Errors
    /// Where PostgreSQL would refuse it, and where it holds lines that PostgreSQL never writes.
    pub fn parse(text: &[u8]) -> Result<Self, LabelError> {
        if text.len() > MAX_BYTES {
            return Err(LabelError::TooLong);
        }
        if text.last().is_some_and(|&b| b != b'\n') {
            return Err(LabelError::Unfinished);
        }
        let lines: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
        let lines = &lines[..lines.len() - 1];
        let (start, start_segment, from_segment) = location(lines, 0, "START WAL LOCATION: ")?;
        let stopped = lines.get(1).is_some_and(|line| line.starts_with(b"STOP WAL LOCATION: "));
        let stop = if stopped { Some(location(lines, 1, "STOP WAL LOCATION: ")?) } else { None };
        let at = if stopped { 2 } else { 1 };
        let checkpoint = value(lines, at, "CHECKPOINT LOCATION: ")?;
        let checkpoint = parsed(at, lines[at], checkpoint.parse().ok())?;

        let mut rest = Rest::read(lines, at + 1)?;
        let said = rest.number("START TIMELINE")?.map(Timeline);
        if let Some(said) = said.filter(|&said| said != from_segment) {
            return Err(LabelError::TimelineDiffers { said, expected: from_segment });
        }
        let incremental_from = match (rest.lsn("INCREMENTAL FROM LSN")?, rest.number("INCREMENTAL FROM TLI")?) {
            (Some(lsn), Some(timeline)) => Some(IncrementalFrom { lsn, timeline: Timeline(timeline) }),
            (None, None) => None,
            _ => return Err(LabelError::HalfIncremental),
        };
        let stop = match stop {
            Some((lsn, segment, _)) => Some(Stop {
                lsn,
                segment,
                time: rest.text("STOP TIME"),
                timeline: rest.number("STOP TIMELINE")?.map(Timeline),
            }),
            None => None,
        };
        let label = Self {
            start,
            start_segment,
            checkpoint,
            timeline: from_segment,
            method: rest.one_of(
                "BACKUP METHOD",
                &[("streamed", Method::Streamed), ("pg_start_backup", Method::PgStartBackup)],
            )?,
            from: rest.one_of(
                "BACKUP FROM",
                &[("primary", Origin::Primary), ("master", Origin::Primary), ("standby", Origin::Standby)],
            )?,
            start_time: rest.text("START TIME"),
            label: rest.text("LABEL"),
            incremental_from,
            stop,
        };
        rest.nothing_left()?;
        Ok(label)
    }
}

/// The lines after the first two or three: `NAME: value`, each at most once.
struct Rest<'a>(BTreeMap<&'a str, (usize, &'a [u8])>);

impl<'a> Rest<'a> {
    fn read(lines: &[&'a [u8]], from: usize) -> Result<Self, LabelError> {
        let mut found = BTreeMap::new();
        for (at, &line) in lines.iter().enumerate().skip(from) {
            let error = || LabelError::Line { line: at + 1, found: shown(line) };
            let colon = line.iter().position(|&b| b == b':').ok_or_else(error)?;
            let name = std::str::from_utf8(&line[..colon]).map_err(|_| error())?;
            let value = line[colon + 1..].strip_prefix(b" ").ok_or_else(error)?;
            if found.insert(name, (at, value)).is_some() {
                return Err(error());
            }
        }
        Ok(Self(found))
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    fn with<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, LabelError> {
        let Some((at, value)) = self.0.remove(name) else { return Ok(None) };
        parsed(at, value, std::str::from_utf8(value).ok().and_then(read)).map(Some)
    }

    fn number(&mut self, name: &str) -> Result<Option<u32>, LabelError> {
        self.with(name, |text| text.parse().ok().filter(|&n| n > 0))
    }

    fn lsn(&mut self, name: &str) -> Result<Option<Lsn>, LabelError> {
        self.with(name, |text| text.parse().ok())
    }

    fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, LabelError> {
        self.with(name, |text| words.iter().find(|(word, _)| *word == text).map(|&(_, meaning)| meaning))
    }

    fn nothing_left(&self) -> Result<(), LabelError> {
        match self.0.iter().min_by_key(|(_, (at, _))| *at) {
            None => Ok(()),
            Some((name, (at, _))) => Err(LabelError::Line { line: at + 1, found: shown(name.as_bytes()) }),
        }
    }
}

fn value<'a>(lines: &[&'a [u8]], at: usize, name: &'static str) -> Result<&'a str, LabelError> {
    let line = lines.get(at).copied().unwrap_or_default();
    line.strip_prefix(name.as_bytes())
        .and_then(|rest| std::str::from_utf8(rest).ok())
        .ok_or_else(|| LabelError::Expected { line: at + 1, expected: name.trim_end(), found: shown(line) })
}

fn parsed<T>(at: usize, line: &[u8], value: Option<T>) -> Result<T, LabelError> {
    value.ok_or_else(|| LabelError::Line { line: at + 1, found: shown(line) })
}

/// `0/12000028 (file 000000010000000000000012)`: the place, the segment, and the timeline in its name.
fn location(lines: &[&[u8]], at: usize, name: &'static str) -> Result<(Lsn, String, Timeline), LabelError> {
    let text = value(lines, at, name)?;
    let read = || {
        let (lsn, segment) = text.strip_suffix(')')?.split_once(" (file ")?;
        let valid = segment.len() == 24 && segment.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
        let timeline = u32::from_str_radix(valid.then(|| segment.get(..8))??, 16).ok().filter(|&n| n > 0)?;
        Some((lsn.parse().ok()?, segment.to_owned(), Timeline(timeline)))
    };
    parsed(at, lines[at], read())
}
