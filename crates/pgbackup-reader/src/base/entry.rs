//! What a base backup holds, file by file.

use std::io::Read;
use std::path::PathBuf;

use crate::base::path::MemberPath;
use crate::base::tablespace::Oid;

/// Which directory of a cluster a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The data directory.
    Data,
    /// The directory of a tablespace, where `pg_tblspc/OID` leads.
    Tablespace(Oid),
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A link of a tablespace, `pg_tblspc/OID`; no other link is ever given.
    TablespaceLink {
        /// Its tablespace.
        oid: Oid,
        /// Where it leads on the source. It is the backup's word, so nothing may follow it unasked.
        target: PathBuf,
    },
}

/// A file, directory or link of a base backup, its path proven and its kind known.
pub struct Entry<'a> {
    /// The directory that its path is relative to.
    pub place: Place,
    /// Its path there.
    pub path: MemberPath,
    /// What it is.
    pub kind: EntryKind,
    /// Its permissions: the lower twelve bits.
    pub mode: u32,
    /// How many bytes of content it has.
    pub size: u64,
    /// When it was last changed, in seconds since 1970.
    pub modified: i64,
    /// Its content. An error in it also ends the visit, with a better message than a reader can give.
    pub content: &'a mut dyn Read,
}

impl Entry<'_> {
    /// Its path as a manifest has it, where files of tablespaces lie under `pg_tblspc/OID`; `None` where it would be too long.
    pub fn manifest_path(&self) -> Option<MemberPath> {
        match self.place {
            Place::Data => Some(self.path.clone()),
            Place::Tablespace(oid) => {
                MemberPath::new(&[format!("pg_tblspc/{oid}/").as_bytes(), self.path.as_bytes()].concat()).ok()
            }
        }
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("place", &self.place)
            .field("path", &self.path)
            .field("kind", &self.kind)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Why a visit ended early.
#[derive(Debug, thiserror::Error)]
pub enum VisitError<E> {
    /// The base cannot be read on.
    #[error(transparent)]
    Base(crate::base::BaseError),
    /// The visitor asked for it.
    #[error(transparent)]
    Visitor(E),
}
