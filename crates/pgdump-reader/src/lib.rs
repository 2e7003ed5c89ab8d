//! Reads dumps. Nothing here knows of engines.
//!
//! [`open`] tells by content what a dump is and reads what stands at its beginning. [`Dump::scan`] reads it to its end,
//! which alone shows that it is whole: psql exits with 0 on a plain dump that is cut off amid a table's rows, and
//! `pg_restore --list` reads half an archive without complaint. On its way it digests the rows ([`digest`]), so that a
//! restored table can be compared with them; where they differ, [`Dump::visit`] reads them once more to say where.
//!
//! Everything is streamed, and no length that a file names is believed: a dump is what a stranger has sent.

mod ahead;
mod archive;
mod changes;
mod charset;
mod columns;
mod compression;
mod copy_format;
mod custom;
mod data;
mod declared;
mod detect;
pub mod digest;
mod directory;
mod embedding;
mod error;
mod facts;
mod held;
mod large_objects;
mod lexer;
mod lz4;
mod names;
pub mod ordinary;
mod plain;
mod psql;
mod reader;
pub mod reading;
mod renamed;
mod requirements;
mod rows;
mod scan;
mod script;
pub mod sql;
mod statement;
mod tar;
#[cfg(test)]
mod tests;
mod toc;
mod unfollowed;
mod words;
mod zlib;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use archive::{Archive, ArchiveCompression, ArchiveVersion, Container, DataState, Layout, Section, TocEntry};
pub use compression::Compression;
pub use declared::{Added, Declared, Word, split, statements};
pub use error::DumpError;
pub use facts::{
    Constraint, CreatedDatabase, Extension, Facts, Grant, Owned, Policy, Relation, RoleUse, RowSecurity, SequenceValue,
    TableData,
};
pub use held::{Held, Holding};
pub use large_objects::{LargeObjectData, PAGE as LARGE_OBJECT_PAGE};
pub use names::Names;
pub use plain::{Plain, begins_with_command};
pub use reader::Reader;
pub use renamed::Renamed;
pub use requirements::{
    Collation, FEATURES, Feature, Needs, PrivilegedUse, Requirements, SUBSCRIPTIONS, features_in, major_of,
};
pub use rows::{Place, Seen, TableRows, Visitor};
pub use scan::{Damage, Scan};
pub use unfollowed::{Affects, Effect, ScriptEnd, Unfollowed};

use reader::Counting;
use rows::Plan;

/// A dump: where it lies and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// Absolute, without symbolic links.
    pub path: PathBuf,
    /// Bytes, of all files where it is a folder.
    pub size: u64,
    pub content: Content,
}

/// What a dump is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// For pg_restore.
    Archive(Archive),
    /// For psql.
    Plain(Plain),
}

/// Tells what a dump is by its content, whatever its name, and reads its header and table of contents.
///
/// Fast: the data are not read, so a dump that opens may still be damaged ([`Dump::scan`]).
pub fn open(path: &Path) -> Result<Dump, DumpError> {
    detect::open(path)
}

/// Reads the header and the table of contents of a custom archive in memory, such as a program has just written.
///
/// # Errors
/// Why it is none, for people.
pub fn table_of_contents(archive: &[u8]) -> Result<Archive, String> {
    toc::read(archive, Container::Custom).map_err(|error| error.to_string())
}

impl Dump {
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

    /// The text of a plain dump, decompressed. An archive has none: that is an error of kind `Unsupported`.
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

    /// What it declares at its beginning: an archive's table of contents, or a plain dump up to its first rows and no more
    /// than a megabyte. No rows are counted.
    ///
    /// # Errors
    /// When the beginning could not be read.
    pub fn glance(&self) -> Result<Facts, DumpError> {
        match &self.content {
            Content::Archive(archive) => Ok(Facts::of_archive(archive)),
            Content::Plain(_) => {
                const BEGINNING: u64 = 1 << 20;
                let reader = self.reader().map_err(|error| self.unreadable(error))?;
                Ok(Facts::of_beginning(io::Read::take(reader, BEGINNING)))
            }
        }
    }

    /// Reads the dump to its end: is it whole, what does it declare, and what rows does it hold?
    ///
    /// # Errors
    /// When the reading itself failed; what is wrong with the dump is in [`Scan::damage`].
    pub fn scan(&self) -> Result<Scan, DumpError> {
        scan::run(self, &mut Plan::Digest)
    }

    /// The same without digests of the rows, which are only counted.
    ///
    /// # Errors
    /// As for [`Dump::scan`].
    pub fn count(&self) -> Result<Scan, DumpError> {
        scan::run(self, &mut Plan::Count)
    }

    /// Reads the dump once more, and shows a visitor the rows that it wants.
    ///
    /// # Errors
    /// When the reading itself failed; rows in damaged places are left out.
    pub fn visit(&self, visitor: &mut dyn Visitor) -> Result<(), DumpError> {
        scan::run(self, &mut Plan::Visit(visitor)).map(|_| ())
    }

    fn unreadable(&self, source: io::Error) -> DumpError {
        DumpError::Unreadable { path: self.path.clone(), source }
    }
}

/// Text that stands outside of a dump's statements as a string.
fn text(bytes: Vec<u8>) -> String {
    charset::Charset::default().text(bytes)
}
