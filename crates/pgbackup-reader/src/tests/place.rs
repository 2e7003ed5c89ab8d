//! An archive in a temporary folder, and questions about it.

use std::fs;
use std::path::PathBuf;

use crate::reach::{Asked, BackupFrom, Goal, Point, Question, Reach, Start, reach};
use crate::tests::writer::Writer;
use crate::{Archive, FolderArchive, Lsn, Timeline};

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn of(log: &Writer) -> Self {
        let place = Self::new();
        place.add(log);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn add(&self, log: &Writer) {
        for (name, bytes) in log.segments() {
            fs::write(self.path(&name), bytes).unwrap();
        }
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Changes bytes of a segment.
    pub fn patch(&self, name: &str, at: usize, bytes: &[u8]) {
        let mut content = fs::read(self.path(name)).unwrap();
        content[at..at + bytes.len()].copy_from_slice(bytes);
        self.write(name, &content);
    }

    pub fn archive(&self) -> FolderArchive {
        FolderArchive::open(self.folder.path()).unwrap()
    }

    pub fn reach(&self, backup: &Backup) -> Reach {
        self.reach_to(backup, Goal::Latest, &[])
    }

    pub fn reach_to(&self, backup: &Backup, goal: Goal, points: &[Asked]) -> Reach {
        let archive = self.archive();
        reach(&Question { archive: &archive, pg_wal: None, start: backup.start(), goal, points }).unwrap()
    }

    /// The same, where damage may have left no segment that tells its size.
    pub fn reach_with_size(&self, backup: &Backup, goal: Goal, points: &[Asked]) -> Reach {
        let archive = self.archive();
        let (major, segment_size) = (Some(crate::Major::V17), crate::SegmentSize::new(1 << 20));
        let start = Start { major, segment_size, ..backup.start() };
        reach(&Question { archive: &archive, pg_wal: None, start, goal, points }).unwrap()
    }

    pub fn with_pg_wal(&self, backup: &Backup, pg_wal: &dyn Archive) -> Reach {
        let archive = self.archive();
        let question = Question {
            archive: &archive,
            pg_wal: Some(pg_wal),
            start: backup.start(),
            goal: Goal::Latest,
            points: &[],
        };
        reach(&question).unwrap()
    }
}

/// A base backup, as it stands in a log.
pub struct Backup {
    pub redo: u64,
    pub checkpoint: u64,
    pub from: BackupFrom,
}

impl Backup {
    pub fn start(&self) -> Start {
        let checkpoint = Some(Lsn(self.checkpoint));
        Start { checkpoint, backup: self.from, system: Some(42), ..Start::new(Timeline(1), Lsn(self.redo)) }
    }
}

/// The log of a primary from a base backup on: the backup in segment 2, and segments up to 6. Each ends with a commit of its own
/// number whose time is ten times that, and a switch.
pub fn primary() -> (Writer, Backup) {
    let mut log = Writer::new(2);
    let backup = backup_in(&mut log);
    for number in 2..=6 {
        log.fill_to(100_000);
        log.commit(number, i64::from(number) * 10);
        log.switch();
    }
    (log, backup)
}

pub fn backup_in(log: &mut Writer) -> Backup {
    log.begin_page(0);
    let redo = log.here();
    log.other(20);
    let checkpoint = log.checkpoint(false, redo, log.timeline, log.timeline, 1_000_000_000);
    log.other(20);
    log.backup_end(redo);
    Backup { redo, checkpoint, from: BackupFrom::Primary }
}

pub fn name(timeline: u32, number: u64) -> String {
    format!("{timeline:08X}{:016X}", (number % 4096) | ((number / 4096) << 32))
}

pub fn at(point: Point) -> Asked {
    Asked::at(point)
}

pub fn before(point: Point) -> Asked {
    Asked { point, inclusive: false }
}
