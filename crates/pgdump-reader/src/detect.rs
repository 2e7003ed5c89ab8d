//! Recognises by content what a file or folder is.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use crate::archive::directory;
use crate::archive::tar;
use crate::archive::toc::{self, TocError};
use crate::archive::{Archive, Container};
use crate::dump::{Content, Dump};
use crate::error::DumpError;
use crate::ordinary;
use crate::plain;
use compressed::Compression;

/// How much of a file is looked at; a plain dump's header comments are within it.
const HEAD: u64 = 64 * 1024;

pub(crate) fn open(path: &Path) -> Result<Dump, DumpError> {
    // Before anything else: what `<(…)` and /dev/stdin lead to has no path of its own.
    let about = fs::metadata(path).map_err(|error| io_error(path, error))?;
    match ordinary::special(about.file_type()) {
        None => {}
        Some("pipe") => return Err(DumpError::Pipe { path: path.to_owned() }),
        Some(kind) => return Err(DumpError::SpecialFile { path: path.to_owned(), kind }),
    }
    let canonical = path.canonicalize().map_err(|error| io_error(path, error))?;
    if about.is_dir() {
        return open_folder(canonical);
    }
    let content = open_file(&canonical)?;
    Ok(Dump { path: canonical, size: about.len(), content })
}

fn io_error(path: &Path, source: io::Error) -> DumpError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DumpError::NotFound { path },
        _ => DumpError::Unreadable { path, source },
    }
}

fn open_folder(path: PathBuf) -> Result<Dump, DumpError> {
    if let Some((name, kind)) = directory::special_member(&path).map_err(|error| io_error(&path, error))? {
        return Err(DumpError::SpecialMember { path, name, kind });
    }
    let Some((file, compression)) = directory::open_member(&path, "toc.dat").map_err(|error| io_error(&path, error))?
    else {
        let has = |name: &str| path.join(name).symlink_metadata().is_ok();
        let looks_like = if has("PG_VERSION") || has("global") && has("base") {
            Some("a PostgreSQL data directory or an unpacked base backup")
        } else if has("backup_manifest") || has("base.tar") || has("base.tar.gz") {
            Some("a base backup of pg_basebackup")
        } else {
            None
        };
        if looks_like.is_some() {
            return Err(DumpError::NotADump { path, looks_like });
        }
        let hint = if has("toc.glo") || has("map.dat") {
            "it is a pg_dumpall archive, so give one of the dumps inside it"
        } else {
            "give the dump itself, or the folder that pg_dump -Fd wrote"
        };
        return Err(DumpError::DirectoryWithoutToc { path, hint });
    };
    let source: Box<dyn Read + Send> = match compression {
        Some(compression) => {
            let decoder = compression.decode_file(file).map_err(|error| io_error(&path, error))?;
            Box::new(io::BufReader::new(NoBomb { inner: decoder, left: COMPRESSED_TOC }))
        }
        None => Box::new(io::BufReader::new(file)),
    };
    let archive = read_toc(source, Container::Directory, &path)?;
    let size = directory::size(&path).map_err(|error| io_error(&path, error))?;
    Ok(Dump { path, size, content: Content::Archive(archive) })
}

/// A table of contents is kept in memory, so its size decides how much is taken. pg_dump never compresses it
/// (_CloseArchive in src/bin/pg_dump/pg_backup_directory.c, PostgreSQL 13 to 18); where somebody has done so afterwards, a
/// small file could hold any number of entries.
const COMPRESSED_TOC: u64 = 64 << 20;

/// Text that is an error where it is longer than it may be.
struct NoBomb<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for NoBomb<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let what = "it is compressed and holds more than 64 MiB, so decompress toc.dat first";
            io::Error::new(io::ErrorKind::OutOfMemory, what)
        })?;
        Ok(read)
    }
}

fn open_file(path: &Path) -> Result<Content, DumpError> {
    let unreadable = |error| io_error(path, error);
    let mut file = ordinary::open(path).map_err(unreadable)?;
    let head = read_head(&mut file).map_err(unreadable)?;
    if head.is_empty() {
        return Err(DumpError::Empty { path: path.to_owned() });
    }
    file.rewind().map_err(unreadable)?;
    if head.starts_with(toc::MAGIC) {
        let archive = read_toc(io::BufReader::new(file), Container::Custom, path).map_err(|error| {
            let what = changed_as_text(&head).filter(|_| is_damage(&error));
            what.map_or(error, |what| DumpError::ChangedAsText { path: path.to_owned(), what })
        })?;
        return Ok(Content::Archive(archive));
    }
    if let Some(compression) = Compression::sniff(&head) {
        return open_compressed(file, compression, path);
    }
    if tar::is_header(&head) {
        return match tar::find_toc(&mut file).map_err(unreadable)? {
            tar::Found::Toc(member) => Ok(Content::Archive(read_toc(member, Container::Tar, path)?)),
            tar::Found::Other(looks_like) => Err(DumpError::NotADump { path: path.to_owned(), looks_like }),
        };
    }
    open_text(&head, None, path)
}

fn is_damage(error: &DumpError) -> bool {
    matches!(
        error,
        DumpError::DamagedToc { .. } | DumpError::DamagedHeader { .. } | DumpError::UnsupportedArchiveVersion { .. }
    )
}

/// How bytes were changed by something that took them for text. An archive holds line feeds alone, and bytes of all kinds,
/// which are no characters in any order.
fn changed_as_text(head: &[u8]) -> Option<&'static str> {
    let feeds = head.iter().filter(|byte| **byte == b'\n').count();
    let pairs = head.windows(2).filter(|pair| *pair == b"\r\n").count();
    if feeds >= 3 && feeds == pairs {
        return Some("every line feed has a carriage return before it");
    }
    let replaced = head.windows(3).filter(|bytes| *bytes == [0xef, 0xbf, 0xbd]).count();
    (replaced >= 3).then_some("bytes that are no characters were replaced")
}

fn open_compressed(file: File, compression: Compression, path: &Path) -> Result<Content, DumpError> {
    let damaged = |error: io::Error| {
        let (path, what) = (path.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::OutOfMemory => DumpError::TooMuchMemory { path, compression, what },
            _ => DumpError::DamagedCompression { path, compression, what },
        }
    };
    let mut decoder = compression.decode_file(file).map_err(damaged)?;
    let mut head = Vec::new();
    match (&mut decoder).take(HEAD).read_to_end(&mut head) {
        Ok(_) => {}
        // The beginning says what it is; scan finds where it ends.
        Err(_) if !head.is_empty() => {}
        Err(error) => return Err(damaged(error)),
    }
    if head.is_empty() {
        return Err(DumpError::EmptyInside { path: path.to_owned(), compression });
    }
    if let Some(inner) = Compression::sniff(&head) {
        return Err(DumpError::CompressedTwice { path: path.to_owned(), outer: compression, inner });
    }
    if head.starts_with(toc::MAGIC) {
        let archive = "custom archive of pg_dump";
        return Err(DumpError::CompressedArchive { path: path.to_owned(), compression, archive });
    }
    if tar::is_header(&head) {
        return match tar::first_name(&head) {
            name if name == b"toc.dat" => Err(DumpError::CompressedArchive {
                path: path.to_owned(),
                compression,
                archive: "tar archive of pg_dump",
            }),
            name => {
                let looks_like = tar::guess(&name).or(Some("a compressed tar file; unpack it if a dump is inside"));
                Err(DumpError::NotADump { path: path.to_owned(), looks_like })
            }
        };
    }
    open_text(&head, Some(compression), path)
}

fn open_text(head: &[u8], compression: Option<Compression>, path: &Path) -> Result<Content, DumpError> {
    let path = || path.to_owned();
    // Messages can stand before a dump, which is one all the same.
    let has_header = head.windows(HEADER.len()).any(|window| window == HEADER);
    if let Some(what) = something_else(head).filter(|_| !has_header) {
        return Err(DumpError::NotADump { path: path(), looks_like: Some(what) });
    }
    match plain::recognise(head, compression) {
        Some(plain) => Ok(Content::Plain(plain)),
        None => Err(DumpError::NotADump { path: path(), looks_like: None }),
    }
}

fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn read_toc<R: Read>(source: R, container: Container, path: &Path) -> Result<Archive, DumpError> {
    let path = path.to_owned();
    toc::read(source, container).map_err(|error| match error {
        TocError::Version(version) => DumpError::UnsupportedArchiveVersion { path, version },
        TocError::OtherFormat if container == Container::Custom => DumpError::TocAlone { path },
        TocError::OtherFormat => DumpError::DamagedHeader {
            path,
            what: format!("it is that of another format than {}", container.label()),
            offset: 10,
        },
        TocError::Header { what, offset } => DumpError::DamagedHeader { path, what, offset },
        TocError::Toc { what, offset } => DumpError::DamagedToc { path, what, offset },
        TocError::Read(source) => DumpError::Unreadable { path, source },
    })
}

/// What pg_dump and pg_dumpall write at the beginning of text.
const HEADER: &[u8] = b"-- PostgreSQL database ";

/// What people give instead of a dump, by its first bytes.
fn something_else(head: &[u8]) -> Option<&'static str> {
    const BINARY: &[(&[u8], &str)] = &[
        (b"SQLite format 3\0", "a SQLite database file"),
        (b"PK\x03\x04", "a zip file; unpack it first"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z file; unpack it first"),
        (b"Rar!\x1a\x07", "a rar file; unpack it first"),
        // MongoDB's archive format: src/mongo-tools common/archive/archive.go, MagicNumber 0x8199e26d.
        (b"\x6d\xe2\x99\x81", "an archive of mongodump"),
        (b"\xff\xfe", "text in UTF-16, as PowerShell's > writes it; dump with pg_dump -f instead"),
        (b"\xfe\xff", "text in UTF-16, as PowerShell's > writes it; dump with pg_dump -f instead"),
        (b"REDIS0", "a Redis snapshot"),
        (b"TAPE\0\0\0", "a backup of SQL Server"),
        (b"\x7fELF", "a program"),
        (b"age-encryption.org/", "a file encrypted with age; decrypt it first"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", "a file encrypted with age; decrypt it first"),
        (b"-----BEGIN PGP MESSAGE-----", "a file encrypted with gpg; decrypt it first"),
        (b"Salted__", "a file encrypted with openssl; decrypt it first"),
        (b"version https://git-lfs.github.com/", "a pointer of Git LFS; fetch the file itself with git lfs pull"),
    ];
    if let Some((_, what)) = BINARY.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(what);
    }
    const TEXT: &[(&str, &str)] = &[
        ("-- mysql dump", "a dump of MySQL"),
        ("-- mariadb dump", "a dump of MariaDB"),
        ("/*m!999999", "a dump of MariaDB"),
        ("-- phpmyadmin sql dump", "a dump of phpMyAdmin"),
        ("pragma foreign_keys", "a dump of SQLite"),
        ("<!doctype html", "an HTML page; a download has perhaps failed"),
        ("<html", "an HTML page; a download has perhaps failed"),
        ("<?xml", "an XML document; a download has perhaps failed"),
        ("{\"", "a JSON document"),
        ("pg_dump: ", "an error message of pg_dump"),
        ("pg_dumpall: ", "an error message of pg_dumpall"),
    ];
    let start: Vec<u8> = head.iter().copied().skip_while(u8::is_ascii_whitespace).take(64).collect();
    let start = start.to_ascii_lowercase();
    TEXT.iter().find(|(words, _)| start.starts_with(words.as_bytes())).map(|(_, what)| *what)
}
