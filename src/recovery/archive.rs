//! Where the server's WAL comes from: a folder, a command of the user's, or nowhere.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;

use pgbackup_reader::SegmentSize;
use pgbackup_reader::archive::{Archive, FolderArchive, Found, Member, Opened};
use pgbackup_reader::wal::SegmentName;

use super::{Fetch, Fetched};

/// No archive: all that there is is in the base.
#[derive(Debug, Clone, Copy)]
pub struct NoArchive;

impl Archive for NoArchive {
    fn open(&self, _name: &str, _limit: u64) -> Found {
        Found::Absent
    }

    fn members(&self) -> Option<&[Member]> {
        Some(&[])
    }
}

impl Fetch for NoArchive {
    fn fetch(&self, _name: &str) -> Fetched {
        Fetched::Absent
    }
}

/// The files of a folder.
pub struct FromFolder {
    archive: Arc<FolderArchive>,
    /// The longest that a file can be, in bytes; of what is longer so much and one more is handed over, which the server refuses.
    longest: u64,
    /// Files that are known to be there and not to be readable. A restore_command has nothing to give for them, as for one that is not
    /// there; that is a finding already.
    known_broken: HashSet<String>,
}

impl FromFolder {
    /// Those of this archive. `longest` is the size of a segment in bytes.
    pub fn new(archive: Arc<FolderArchive>, longest: u64, known_broken: HashSet<String>) -> Self {
        Self { archive, longest, known_broken }
    }
}

impl Fetch for FromFolder {
    fn fetch(&self, name: &str) -> Fetched {
        match self.archive.open(name, self.longest) {
            Found::Absent => Fetched::Absent,
            Found::Broken(_) if self.known_broken.contains(name) => Fetched::Absent,
            Found::Broken(trouble) => Fetched::Broken(trouble.to_string()),
            Found::File(opened) => {
                let size = opened.length().min(self.longest.saturating_add(1));
                Fetched::Here { size, bytes: Box::new(Reading(opened)) }
            }
        }
    }

    fn after(&self, name: &str) -> Option<String> {
        let size = u32::try_from(self.longest).ok().and_then(SegmentSize::new)?;
        Some(SegmentName::parse(name)?.segment(size)?.next().name(size).to_string())
    }
}

/// A file of an archive as something to read.
struct Reading(Opened);

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(|trouble| io::Error::other(trouble.to_string()))
    }
}

/// What a command of the user's fetches, on this machine: `wal-g wal-fetch %f %p`.
pub struct FromCommand {
    command: String,
}

impl FromCommand {
    /// `command` is a shell's, with `%f` for the name of the file that is wanted, `%p` for where it is to go, and `%%` for a percent
    /// sign, as in restore_command.
    pub fn new(command: String) -> Self {
        Self { command }
    }
}

/// Exit codes by which commands say that a file is not there: 1 is that of pgbackrest archive-get, barman-wal-restore,
/// barman-cloud-wal-restore and cp; 74 is that of wal-g wal-fetch.
const NOT_THERE: [i32; 2] = [1, 74];

/// How much of what a command says is quoted, in bytes.
const WORDS: usize = 400;

impl Fetch for FromCommand {
    fn fetch(&self, name: &str) -> Fetched {
        match run(&self.command, name) {
            Ok(fetched) => fetched,
            Err(error) => Fetched::Broken(format!("the command that fetches WAL cannot be run: {error}")),
        }
    }
}

fn run(command: &str, name: &str) -> io::Result<Fetched> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join(name);
    let command = filled_in(command, name, &path.to_string_lossy());
    let output = Command::new("sh").arg("-c").arg(&command).stdin(Stdio::null()).stdout(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().lines().last().unwrap_or_default();
    let said = said.get(..said.floor_char_boundary(WORDS)).unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    Ok(match output.status.code() {
        Some(0) => match File::open(&path) {
            Ok(file) => {
                Fetched::Here { size: file.metadata()?.len(), bytes: Box::new(Fetching { file, _kept: directory }) }
            }
            Err(_) => Fetched::Broken("the command that fetches WAL ended with 0 and brought no file".to_owned()),
        },
        Some(code) if NOT_THERE.contains(&code) => Fetched::Absent,
        Some(code) => Fetched::Broken(format!("the command that fetches WAL ended with exit code {code}{said}")),
        None => Fetched::Broken(format!("a signal ended the command that fetches WAL{said}")),
    })
}

/// A fetched file, which goes when it has been read.
struct Fetching {
    file: File,
    _kept: tempfile::TempDir,
}

impl Read for Fetching {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

/// The command for one file. Names are those that PostgreSQL asks for, digits and letters; the path is quoted.
fn filled_in(command: &str, name: &str, path: &str) -> String {
    let mut filled = String::with_capacity(command.len());
    let mut signs = command.chars();
    while let Some(sign) = signs.next() {
        match (sign, sign == '%') {
            (_, true) => match signs.next() {
                Some('f') => filled.push_str(name),
                Some('p') => filled.push_str(&format!("'{}'", path.replace('\'', r"'\''"))),
                Some('%') => filled.push('%'),
                Some(other) => filled.extend(['%', other]),
                None => filled.push('%'),
            },
            (sign, false) => filled.push(sign),
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fetched: Fetched) -> Result<Vec<u8>, String> {
        match fetched {
            Fetched::Here { mut bytes, .. } => {
                let mut all = Vec::new();
                bytes.read_to_end(&mut all).map_err(|error| error.to_string())?;
                Ok(all)
            }
            Fetched::Absent => Err("absent".to_owned()),
            Fetched::Broken(why) => Err(why),
        }
    }

    #[test]
    fn a_command_is_filled_in_as_restore_command_is() {
        assert_eq!(
            filled_in("get %f > %p; echo 100%%d %x %", "00000002.history", "/a b/c'd"),
            r"get 00000002.history > '/a b/c'\''d'; echo 100%d %x %"
        );
    }

    #[test]
    fn what_a_command_brings_is_read_and_what_is_not_there_is_told_from_what_cannot_be_had() {
        let fetch = |command: &str| read(FromCommand::new(command.to_owned()).fetch("00000001000000000000000A"));
        assert_eq!(fetch("printf %%s-%f x > %p"), Ok(b"x-00000001000000000000000A".to_vec()));
        assert_eq!(fetch("exit 1"), Err("absent".to_owned()));
        assert_eq!(fetch("exit 74"), Err("absent".to_owned()));
        let broken = fetch("echo no route to host >&2; exit 103").unwrap_err();
        assert_eq!(broken, "the command that fetches WAL ended with exit code 103: no route to host");
        for command in ["exit 2", "exit 127", "kill -9 $$", "true", "no_such_command_here %f"] {
            let broken = fetch(command).unwrap_err();
            assert!(broken.contains("command that fetches WAL"), "{command}: {broken}");
        }
    }
}
