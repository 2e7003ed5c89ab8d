//! A dump: where it lies and what it is.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::archive::{Archive, TocEntry};
use crate::error::DumpError;
use crate::plain::Plain;
use crate::reader::{Counting, Reader};
use crate::version::major_of;

/// A dump: where it lies and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// Absolute, without symbolic links.
    pub path: PathBuf,
    /// Bytes, of all files where it is a folder.
    pub size: u64,
    pub(crate) content: Content,
}

/// What a dump is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// For pg_restore.
    Archive(Archive),
    /// For psql.
    Plain(Plain),
}

impl Dump {
    /// A dump whose archive is known already, such as one of [`table_of_contents`](crate::table_of_contents). Nothing is
    /// opened; `path` and `size` are those of the file or folder that it lies in.
    pub fn of_archive(path: PathBuf, size: u64, archive: Archive) -> Self {
        Self { path, size, content: Content::Archive(archive) }
    }

    /// The archive that it is; `None` for plain SQL.
    pub fn archive(&self) -> Option<&Archive> {
        match &self.content {
            Content::Archive(archive) => Some(archive),
            Content::Plain(_) => None,
        }
    }

    /// The SQL text that it is; `None` for an archive.
    pub fn plain(&self) -> Option<&Plain> {
        match &self.content {
            Content::Archive(_) => None,
            Content::Plain(plain) => Some(plain),
        }
    }

    /// Whether it is for pg_restore, and not for psql.
    pub fn is_archive(&self) -> bool {
        self.archive().is_some()
    }

    /// An archive's table of contents; plain SQL has none.
    pub fn entries(&self) -> &[TocEntry] {
        self.archive().map_or(&[], |archive| &archive.entries)
    }

    /// Whether pg_dump or pg_dumpall has written it: an archive is always theirs, a text says so itself.
    pub fn is_from_pg_dump(&self) -> bool {
        self.plain().is_none_or(|plain| plain.from_pg_dump)
    }

    /// The database that was dumped, where the dump says it at its beginning.
    pub fn database(&self) -> Option<&str> {
        self.archive().map(|archive| archive.database.as_str()).filter(|name| !name.is_empty())
    }

    /// The version of the server that was dumped, as its beginning writes it: `17.2 (Debian 17.2-1)`.
    pub fn server_version(&self) -> Option<&str> {
        let version = match &self.content {
            Content::Archive(archive) => Some(archive.server_version.as_str()),
            Content::Plain(plain) => plain.server_version.as_deref(),
        };
        version.filter(|version| !version.is_empty())
    }

    /// The version of the pg_dump that wrote it, as its beginning writes it.
    pub fn pg_dump_version(&self) -> Option<&str> {
        let version = match &self.content {
            Content::Archive(archive) => Some(archive.pg_dump_version.as_str()),
            Content::Plain(plain) => plain.pg_dump_version.as_deref(),
        };
        version.filter(|version| !version.is_empty())
    }

    /// The major version of the server that was dumped: `17`.
    pub fn server_major(&self) -> Option<u16> {
        self.server_version().and_then(major_of)
    }

    /// The major version of the pg_dump that wrote it.
    pub fn pg_dump_major(&self) -> Option<u16> {
        self.pg_dump_version().and_then(major_of)
    }

    /// The versions of the server and of pg_dump, wherever they stand: pg_dumpall writes them where its first database
    /// begins, after all roles and tablespaces, of which the first 16 MiB are read.
    pub fn find_versions(&self) -> (Option<String>, Option<String>) {
        const GLOBALS: u64 = 16 << 20;
        let (mut server, mut client) =
            (self.server_version().map(str::to_owned), self.pg_dump_version().map(str::to_owned));
        if server.is_some() || !self.plain().is_some_and(|plain| plain.cluster) {
            return (server, client);
        }
        let Ok(reader) = self.reader() else { return (None, None) };
        for line in BufReader::new(reader.take(GLOBALS)).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if let Some(version) = line.strip_prefix("-- Dumped from database version ") {
                server = Some(version.trim_end().to_owned());
            } else if let Some(version) = line.strip_prefix("-- Dumped by pg_dump version ") {
                client = Some(version.trim_end().to_owned());
                break;
            }
        }
        (server, client)
    }

    /// What it is, for people: `custom archive 1.14, gzip`, `plain SQL, zstd`, `pg_dumpall SQL`.
    pub fn format_label(&self) -> String {
        match &self.content {
            Content::Archive(archive) => {
                let compression = archive.compression.label();
                format!("{} archive {}, {compression}", archive.container.label(), archive.version)
            }
            Content::Plain(plain) => {
                let kind = if plain.cluster { "pg_dumpall SQL" } else { "plain SQL" };
                match plain.compression {
                    Some(compression) => format!("{kind}, {compression}"),
                    None => kind.to_owned(),
                }
            }
        }
    }

    /// The text of a plain dump, decompressed.
    ///
    /// # Errors
    /// When it cannot be opened. An archive has no text: that is an error of kind `Unsupported`.
    pub fn reader(&self) -> io::Result<Reader> {
        let Content::Plain(plain) = &self.content else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "an archive has no text to read"));
        };
        let count = Arc::new(AtomicU64::new(0));
        let file = Counting { inner: crate::ordinary::open(&self.path)?, count: Arc::clone(&count) };
        let inner = match plain.compression {
            Some(compression) => compression.decode_file(file)?,
            None => Box::new(file),
        };
        Ok(Reader::new(inner, count))
    }

    pub(crate) fn unreadable(&self, source: io::Error) -> DumpError {
        DumpError::Unreadable { path: self.path.clone(), source }
    }
}
