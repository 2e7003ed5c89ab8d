//! An archive in folders: flat, with a folder for every sixteen digits, in Barman's layout (the same under `wals/`), or a mix of them.
//!
//! Symbolic links: a link to a file is followed where it ends within the archive, and is trouble otherwise; a link to a folder is
//! not followed at all. The archive's own path may be a link.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use crate::archive::opened::trouble;
use crate::archive::{Archive, FileKind, Found, Member, Opened, Trouble};
use crate::wal::{Ending, parse_member};

/// A WAL archive in a folder, as it was when it was listed.
#[derive(Debug)]
pub struct FolderArchive {
    root: PathBuf,
    members: Vec<Member>,
    by_name: HashMap<String, Vec<usize>>,
    foreign: u64,
    unlisted: Vec<Trouble>,
}

/// Why a folder is no archive that can be read.
#[derive(Debug, thiserror::Error)]
#[error("the WAL archive {} cannot be listed", path.display())]
pub struct ArchiveError {
    /// The folder.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl FolderArchive {
    /// Lists an archive.
    ///
    /// # Errors
    /// Where the folder does not exist or may not be read.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError { path: path.to_owned(), source };
        let root = path.canonicalize().map_err(failed)?;
        let mut listing = Listing { root: &root, members: Vec::new(), foreign: 0, unlisted: Vec::new() };
        listing.list(Path::new(""), Level::Root).map_err(failed)?;
        let Listing { mut members, foreign, unlisted, .. } = listing;
        // Of several copies the plain one comes first, as the fastest to read.
        members.sort_by(|a, b| (a.kind, &a.ending, &a.path).cmp(&(b.kind, &b.ending, &b.path)));
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, member) in members.iter().enumerate() {
            by_name.entry(member.asked_name()).or_default().push(index);
        }
        Ok(Self { root, members, by_name, foreign, unlisted })
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How many files lie there that have nothing to do with WAL.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Folders that could not be listed: what they hold is not known.
    pub fn unlisted(&self) -> &[Trouble] {
        &self.unlisted
    }

    fn open_member(&self, member: &Member, limit: u64) -> Result<Opened, Trouble> {
        let path = member.path.clone();
        if let Ending::Unknown(ending) = member.ending {
            return Err(Trouble::UnknownCompression { path, ending });
        }
        let at = self.root.join(&path);
        let at = match member.file {
            FileKind::Folder => return Err(Trouble::Folder { path }),
            FileKind::Special(what) => return Err(Trouble::NotAFile { path, what }),
            FileKind::LinkOutside => return Err(Trouble::LinkOutside { path }),
            FileKind::Regular => at,
            FileKind::LinkInside => match at.canonicalize() {
                Ok(target) if target.starts_with(&self.root) => target,
                Ok(_) => return Err(Trouble::LinkOutside { path }),
                Err(error) => return Err(trouble(&path, &error)),
            },
        };
        Opened::open(&at, &path, member.ending.compression().is_some(), limit)
    }
}

impl Archive for FolderArchive {
    fn open(&self, name: &str, limit: u64) -> Found {
        let copies = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let mut chosen: Option<(&Member, Opened)> = None;
        let (mut broken, mut differing) = (Vec::new(), Vec::new());
        for member in copies.iter().filter_map(|index| self.members.get(*index)) {
            match (self.open_member(member, limit), &chosen) {
                (Err(trouble), _) => broken.push(trouble),
                (Ok(opened), None) => chosen = Some((member, opened)),
                (Ok(opened), Some((first, _))) => {
                    // The chosen one is opened once more to be compared, for it can be read only once.
                    match self.open_member(first, limit).and_then(|again| same(again, opened)) {
                        Ok(true) => {}
                        Ok(false) => differing.push(member.path.clone()),
                        Err(trouble) => broken.push(trouble),
                    }
                }
            }
        }
        match chosen {
            Some((_, mut opened)) => {
                (opened.differing, opened.broken) = (differing, broken);
                Found::File(opened)
            }
            None => match broken.into_iter().next().or_else(|| self.unlisted.first().cloned()) {
                Some(trouble) => Found::Broken(trouble),
                None => Found::Absent,
            },
        }
    }

    fn members(&self) -> Option<&[Member]> {
        Some(&self.members)
    }
}

/// Whether two files have the same content.
fn same(mut one: Opened, mut other: Opened) -> Result<bool, Trouble> {
    if one.length() != other.length() {
        return Ok(false);
    }
    let (mut here, mut there) = (vec![0; 128 * 1024], vec![0; 128 * 1024]);
    loop {
        let (got, expected) = (one.read(&mut here)?, other.read(&mut there)?);
        if here[..got] != there[..expected] {
            return Ok(false);
        }
        if got == 0 {
            return Ok(true);
        }
    }
}

/// How deep a folder lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    /// Barman's `wals`.
    Wals,
    /// That of sixteen digits.
    Digits,
}

impl Level {
    /// What a folder of that name within is, where its files belong to the archive.
    fn within(self, name: &str) -> Option<Self> {
        let digits = name.len() == 16 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        match self {
            Level::Root if name == "wals" => Some(Level::Wals),
            Level::Root | Level::Wals if digits => Some(Level::Digits),
            _ => None,
        }
    }
}

struct Listing<'a> {
    root: &'a Path,
    members: Vec<Member>,
    foreign: u64,
    unlisted: Vec<Trouble>,
}

impl Listing<'_> {
    fn list(&mut self, folder: &Path, level: Level) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name();
            let path = folder.join(&name);
            let name = name.to_str().unwrap_or("");
            let kind = entry.file_type()?;
            if let Some(level) = level.within(name) {
                let what = match kind {
                    kind if kind.is_dir() => self.list(&path, level).err().map(|error| error.to_string()),
                    // One that leads to a folder of the archive shows nothing new.
                    kind if kind.is_symlink() && self.ends_inside(&path).is_none() => {
                        Some("it is a symbolic link, which is not followed".to_owned())
                    }
                    _ => None,
                };
                self.unlisted.extend(what.map(|what| Trouble::Unlisted { path, what }));
            } else if let Some((member, ending)) = parse_member(name) {
                let size = entry.metadata().map_or(0, |metadata| metadata.len());
                let (file, size) = if kind.is_symlink() {
                    match self.ends_inside(&path) {
                        Some(metadata) => (FileKind::LinkInside, metadata.len()),
                        None => (FileKind::LinkOutside, size),
                    }
                } else {
                    (of_type(kind), size)
                };
                self.members.push(Member { kind: member, ending, path, size, file });
            } else {
                self.foreign += 1;
            }
        }
        Ok(())
    }

    /// What a link leads to, where that lies within the archive.
    fn ends_inside(&self, path: &Path) -> Option<fs::Metadata> {
        let target = self.root.join(path).canonicalize().ok()?;
        target.starts_with(self.root).then(|| target.metadata().ok()).flatten()
    }
}

fn of_type(kind: fs::FileType) -> FileKind {
    if kind.is_file() {
        FileKind::Regular
    } else if kind.is_dir() {
        FileKind::Folder
    } else if kind.is_fifo() {
        FileKind::Special("pipe")
    } else if kind.is_socket() {
        FileKind::Special("socket")
    } else {
        FileKind::Special("device")
    }
}
