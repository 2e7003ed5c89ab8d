//! `backup.info`: a line `key=value` for everything that Barman knows of a backup.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use jiff::Timestamp;

use crate::base::path::shown;
use crate::base::tablespace::Oid;
use crate::{Lsn, Timeline};

/// What Barman says of a backup. What it does not say is `None`, as in a backup that was only begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupInfo {
    /// How far the backup came.
    pub status: BackupStatus,
    /// Why it failed, in Barman's words.
    pub error: Option<String>,
    /// How it was made: `postgres`, `rsync`, `rsync-concurrent`, `snapshot`, ….
    pub mode: Option<String>,
    /// The server's version as one number: 170012 is 17.12.
    pub version: Option<u32>,
    /// The number of the cluster.
    pub system_identifier: Option<u64>,
    /// The timeline that it was made on.
    pub timeline: Option<Timeline>,
    /// Where recovery begins.
    pub begin_lsn: Option<Lsn>,
    /// The segment that recovery begins with.
    pub begin_wal: Option<String>,
    /// When it began; `None` also where the time has no offset and so no meaning elsewhere.
    pub begin_time: Option<Timestamp>,
    /// Where the WAL ends that it cannot do without.
    pub end_lsn: Option<Lsn>,
    /// The last segment that it cannot do without.
    pub end_wal: Option<String>,
    /// When it ended; `None` as for `begin_time`.
    pub end_time: Option<Timestamp>,
    /// The size of a segment of WAL, in bytes; 16 MiB where Barman does not say.
    pub wal_segment_size: u64,
    /// How many bytes it has.
    pub size: Option<u64>,
    /// How its archives are compressed, where pg_basebackup compressed them.
    pub compression: Option<String>,
    /// How its files are encrypted; Barman from 3.14 on can do that, and then nothing here can read them.
    pub encryption: Option<String>,
    /// Its tablespaces.
    pub tablespaces: Vec<BarmanTablespace>,
    /// The backup that this incremental one builds upon.
    pub parent: Option<String>,
    /// The data directory on the source.
    pub pgdata: Option<String>,
}

/// A tablespace as Barman lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarmanTablespace {
    /// Its name.
    pub name: String,
    /// Its number.
    pub oid: Oid,
    /// Where it lay on the source.
    pub location: String,
}

/// How far a backup came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupStatus {
    /// Nothing was done.
    Empty,
    /// It is being made, or stopped being made without a word.
    Started,
    /// It is there, but the WAL that it cannot do without is not yet in the archive. Barman recovers it all the same, and says
    /// that the outcome is not valid.
    WaitingForWals,
    /// It is there, with its WAL.
    Done,
    /// It is being copied from another Barman.
    Syncing,
    /// It failed.
    Failed,
    /// A word that this version does not know.
    Other(String),
}

impl BackupStatus {
    /// As Barman writes it.
    pub fn label(&self) -> &str {
        match self {
            BackupStatus::Empty => "EMPTY",
            BackupStatus::Started => "STARTED",
            BackupStatus::WaitingForWals => "WAITING_FOR_WALS",
            BackupStatus::Done => "DONE",
            BackupStatus::Syncing => "SYNCING",
            BackupStatus::Failed => "FAILED",
            BackupStatus::Other(word) => word,
        }
    }

    /// Whether all of its files are there, which is when Barman offers to recover it (`STATUS_COPY_DONE`).
    pub fn is_copied(&self) -> bool {
        matches!(self, BackupStatus::Done | BackupStatus::WaitingForWals)
    }

    fn named(word: &str) -> Self {
        match word {
            "EMPTY" => BackupStatus::Empty,
            "STARTED" => BackupStatus::Started,
            "WAITING_FOR_WALS" => BackupStatus::WaitingForWals,
            "DONE" => BackupStatus::Done,
            "SYNCING" => BackupStatus::Syncing,
            "FAILED" => BackupStatus::Failed,
            other => BackupStatus::Other(shown(other.as_bytes())),
        }
    }
}

/// Why Barman's word on a backup cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupInfoError {
    /// There is none.
    #[error("it has no backup.info")]
    Absent,
    /// It cannot be read.
    #[error("its backup.info cannot be read: {0}")]
    Read(String),
    /// It is larger than any that Barman writes.
    #[error("its backup.info is longer than 1 MiB")]
    TooLong,
    /// A line is none that Barman writes.
    #[error("line {line} of its backup.info is no key and value: {found:?}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is there.
        found: String,
    },
    /// A value cannot be understood.
    #[error("in its backup.info {key} is {found:?}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is there.
        found: String,
    },
}

pub(super) const MAX_BYTES: usize = 1 << 20;

impl BackupInfo {
    /// Reads the text of a `backup.info`. Keys that are not known are passed over.
    ///
    /// # Errors
    /// Where it is none, or a value of it cannot be understood.
    pub fn parse(text: &[u8]) -> Result<Self, BackupInfoError> {
        if text.len() > MAX_BYTES {
            return Err(BackupInfoError::TooLong);
        }
        let text = String::from_utf8_lossy(text);
        let mut fields = Fields(BTreeMap::new());
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| BackupInfoError::Line { line: at + 1, found: shown(line.as_bytes()) })?;
            if value.trim() != "None" {
                fields.0.insert(key.trim(), value.trim());
            }
        }
        let time = |key| fields.0.get(key).and_then(|text| text.parse().ok());
        Ok(Self {
            status: fields.text("status").map_or(BackupStatus::Empty, |word| BackupStatus::named(&word)),
            error: fields.text("error"),
            mode: fields.text("mode"),
            version: fields.parsed("version", |text| text.parse().ok())?,
            system_identifier: fields.parsed("systemid", |text| text.parse().ok())?,
            timeline: fields.parsed("timeline", |text| text.parse().ok().filter(|&n| n > 0).map(Timeline))?,
            begin_lsn: fields.parsed("begin_xlog", |text| text.parse().ok())?,
            begin_wal: fields.text("begin_wal"),
            begin_time: time("begin_time"),
            end_lsn: fields.parsed("end_xlog", |text| text.parse().ok())?,
            end_wal: fields.text("end_wal"),
            end_time: time("end_time"),
            wal_segment_size: fields
                .parsed("xlog_segment_size", |text| {
                    // As initdb --wal-segsize allows it.
                    text.parse().ok().filter(|size: &u64| size.is_power_of_two() && (1 << 20..=1 << 30).contains(size))
                })?
                .unwrap_or(16 << 20),
            size: fields.parsed("size", |text| text.parse().ok())?,
            compression: fields.text("compression"),
            encryption: fields.text("encryption"),
            tablespaces: fields.parsed("tablespaces", tablespaces)?.unwrap_or_default(),
            parent: fields.text("parent_backup_id"),
            pgdata: fields.text("pgdata"),
        })
    }
}

struct Fields<'a>(BTreeMap<&'a str, &'a str>);

impl Fields<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|&value| value.to_owned())
    }

    fn parsed<T>(&self, key: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, BackupInfoError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        let error = || BackupInfoError::Value { key, found: shown(value.as_bytes()) };
        read(value).map(Some).ok_or_else(error)
    }
}

/// A list of Python: `[('one', 16384, '/srv/one')]`.
fn tablespaces(text: &str) -> Option<Vec<BarmanTablespace>> {
    let mut chars = text.chars().peekable();
    let mut found = Vec::new();
    expect(&mut chars, '[')?;
    while !accept(&mut chars, ']') {
        expect(&mut chars, '(')?;
        let name = string(&mut chars)?;
        expect(&mut chars, ',')?;
        let oid = number(&mut chars)?;
        expect(&mut chars, ',')?;
        let location = string(&mut chars)?;
        accept(&mut chars, ',');
        expect(&mut chars, ')')?;
        found.push(BarmanTablespace { name, oid, location });
        if !accept(&mut chars, ',') {
            expect(&mut chars, ']')?;
            break;
        }
    }
    spaces(&mut chars);
    chars.next().is_none().then_some(found)
}

fn spaces(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if_eq(&' ').is_some() {}
}

fn accept(chars: &mut Peekable<Chars<'_>>, wanted: char) -> bool {
    spaces(chars);
    chars.next_if_eq(&wanted).is_some()
}

fn expect(chars: &mut Peekable<Chars<'_>>, wanted: char) -> Option<()> {
    accept(chars, wanted).then_some(())
}

fn number(chars: &mut Peekable<Chars<'_>>) -> Option<Oid> {
    spaces(chars);
    // Some versions write the number as text.
    let quote = chars.next_if(|c| matches!(c, '\'' | '"'));
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    if let Some(quote) = quote {
        chars.next_if_eq(&quote)?;
    }
    Oid::parse(digits.as_bytes())
}

/// A string as `repr` of Python writes it.
fn string(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    spaces(chars);
    let quote = chars.next_if(|c| matches!(c, '\'' | '"'))?;
    let mut text = String::new();
    loop {
        match chars.next()? {
            c if c == quote => return Some(text),
            '\\' => text.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => code(chars, 2)?,
                'u' => code(chars, 4)?,
                'U' => code(chars, 8)?,
                c @ ('\\' | '\'' | '"') => c,
                _ => return None,
            }),
            c => text.push(c),
        }
    }
}

fn code(chars: &mut Peekable<Chars<'_>>, length: usize) -> Option<char> {
    let digits: String = chars.by_ref().take(length).collect();
    let valid = digits.len() == length && digits.bytes().all(|b| b.is_ascii_hexdigit());
    valid.then(|| u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32))?
}
