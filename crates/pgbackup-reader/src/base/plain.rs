//! Walks a directory that holds a data directory or a tablespace.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::base::entry::{Entry, EntryKind, Place, VisitError};
use crate::base::error::BaseError;
use crate::base::gate::{Claimed, Gate, Refusal, tablespace_link};
use crate::base::path::{MemberPath, shown};

/// Something directly in the data directory that pg_basebackup would leave out too, because it is no file and no directory
/// (`sendDir` in src/backend/backup/basebackup.c: `skipping special file`), such as a link to a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub what: &'static str,
}

/// Visits a directory: files in the order of their names, a directory before what it holds. With `only`, nothing directly in
/// it is looked at whose name does not begin so.
pub(crate) fn visit<E>(
    root: &Path,
    place: Place,
    only: Option<&str>,
    gate: &mut Gate,
    left_out: &mut Vec<LeftOut>,
    visitor: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<(), VisitError<E>> {
    let mut waiting = listing(root, None).map_err(VisitError::Base)?;
    if let Some(only) = only {
        waiting.retain(|found| found.path.as_bytes().starts_with(only.as_bytes()));
    }
    // Reversed, so that the last is the next.
    waiting.reverse();
    while let Some(Found { path, on_disk }) = waiting.pop() {
        let metadata = fs::symlink_metadata(&on_disk).map_err(BaseError::io(&on_disk)).map_err(VisitError::Base)?;
        let refused = |refusal: Refusal| {
            VisitError::Base(BaseError::Refused { file: root.to_owned(), member: path.to_string(), refusal })
        };
        let kind = metadata.file_type();
        let link = if kind.is_symlink() { Some(fs::read_link(&on_disk)) } else { None };
        let link = link.transpose().map_err(BaseError::io(&on_disk)).map_err(VisitError::Base)?;
        let wal_link = link.is_some() && place == Place::Data && path.as_bytes() == b"pg_wal";
        let claimed = match &link {
            _ if kind.is_dir() || wal_link => Claimed::Directory,
            _ if kind.is_file() => Claimed::File,
            Some(target) if tablespace_link(place, &path).is_some() => Claimed::Link(target.as_os_str().as_bytes()),
            _ if place == Place::Data && path.parts().count() == 1 => {
                left_out.push(LeftOut { name: path.to_string(), what: in_words(&metadata) });
                continue;
            }
            Some(_) => return Err(refused(Refusal::Link)),
            None => return Err(refused(Refusal::Special(in_words(&metadata)))),
        };
        let kind = gate.pass(place, &path, claimed).map_err(refused)?;
        let below = match kind {
            EntryKind::Directory if wal_link => wal_files(&on_disk, &path).map_err(VisitError::Base)?,
            EntryKind::Directory => listing(&on_disk, Some(&path)).map_err(VisitError::Base)?,
            _ => Vec::new(),
        };
        give(&on_disk, place, path, kind, &metadata, visitor)?;
        waiting.extend(below.into_iter().rev());
    }
    Ok(())
}

fn give<E>(
    on_disk: &Path,
    place: Place,
    path: MemberPath,
    kind: EntryKind,
    metadata: &Metadata,
    visitor: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<(), VisitError<E>> {
    let size = if kind == EntryKind::File { metadata.len() } else { 0 };
    let mut content = Content { path: on_disk, file: None, remaining: size, failed: None };
    let mode = if metadata.is_symlink() { 0o700 } else { metadata.mode() & 0o7777 };
    let mut entry = Entry { place, path, kind, mode, size, modified: metadata.mtime(), content: &mut content };
    let visited = visitor(&mut entry);
    match content.failed {
        Some(error) => Err(VisitError::Base(error)),
        None => visited.map_err(VisitError::Visitor),
    }
}

struct Found {
    path: MemberPath,
    on_disk: PathBuf,
}

fn listing(directory: &Path, path: Option<&MemberPath>) -> Result<Vec<Found>, BaseError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(BaseError::io(directory))? {
        let entry = entry.map_err(BaseError::io(directory))?;
        let name = entry.file_name();
        let path = match path {
            Some(parent) => parent.join(name.as_bytes()),
            None => MemberPath::new(name.as_bytes()),
        };
        let path = path.map_err(|refusal| BaseError::Refused {
            file: directory.to_owned(),
            member: shown(name.as_bytes()),
            refusal: refusal.into(),
        })?;
        found.push(Found { path, on_disk: entry.path() });
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What `pg_wal` holds where it is a link, as `initdb --waldir` makes it. The link is the backup's word, so only files with the
/// names that WAL has are taken from where it leads. Where it leads to nothing, there is no WAL in this base.
fn wal_files(link: &Path, path: &MemberPath) -> Result<Vec<Found>, BaseError> {
    if !link.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = listing(link, Some(path))?;
    found.retain(|file| {
        let name = file.path.parts().next_back().unwrap_or_default();
        is_wal_name(name) && fs::symlink_metadata(&file.on_disk).is_ok_and(|metadata| metadata.is_file())
    });
    Ok(found)
}

/// Names of segments, histories of timelines, and histories of backups.
pub(crate) fn is_wal_name(name: &[u8]) -> bool {
    let hexadecimal = |part: &[u8]| part.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    match name {
        _ if name.len() == 24 => hexadecimal(name),
        _ if name.ends_with(b".history") => name.len() == 16 && hexadecimal(&name[..8]),
        _ if name.ends_with(b".partial") => name.len() == 32 && hexadecimal(&name[..24]),
        _ if name.ends_with(b".backup") => name.len() == 40 && hexadecimal(&name[..24]),
        _ => false,
    }
}

fn in_words(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    match kind {
        _ if kind.is_symlink() => "a link",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_fifo() => "a named pipe",
        _ => "a device",
    }
}

/// A file of the length that it had when it was listed; opened when it is read first.
struct Content<'a> {
    path: &'a Path,
    file: Option<File>,
    remaining: u64,
    failed: Option<BaseError>,
}

impl Content<'_> {
    fn some(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(File::open(self.path)?),
        };
        file.read(out)
    }
}

impl Read for Content<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let failed = match self.some(&mut out[..most]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => BaseError::io(self.path)(error),
            Ok(0) => BaseError::Shrunk(self.path.to_owned()),
            Ok(got) => {
                self.remaining -= got as u64;
                return Ok(got);
            }
        };
        let text = failed.to_string();
        self.failed = Some(failed);
        Err(io::Error::other(text))
    }
}
