//! What comes out of a backup passes here first: nothing that could do harm where it is laid out gets by.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::base::entry::{EntryKind, Place};
use crate::base::path::{MemberPath, PathRefusal};
use crate::base::tablespace::{Oid, path_of};

/// Why a member of a base backup is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its path leads elsewhere, or is none that PostgreSQL could have.
    #[error("of its path, {0}")]
    Path(#[from] PathRefusal),
    /// It is a link. A base backup holds links only of tablespaces.
    #[error("it is a link, and only pg_tblspc/OID and pg_wal may be one; replace it by what it leads to")]
    Link,
    /// It is a device, a pipe or a socket.
    #[error("it is {0}, which no base backup holds")]
    Special(&'static str),
    /// It is there twice.
    #[error("it is there twice")]
    Duplicate,
    /// Something before it says that this is a file or a link, and now it is to be a directory.
    #[error("it lies in \"{0}\", which is no directory")]
    InNoDirectory(String),
}

/// Proves each member of a base backup before it is given out, knowing those before it.
///
/// It keeps 16 bytes for each member, about 40 MB for a million with what a table of hashes takes itself.
pub(crate) struct Gate {
    seen: HashMap<u128, Seen>,
    hashers: [RandomState; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Directory,
    Other,
}

/// What a member says that it is.
pub(crate) enum Claimed<'a> {
    Directory,
    File,
    Link(&'a [u8]),
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { seen: HashMap::new(), hashers: [RandomState::new(), RandomState::new()] }
    }

    /// Lets a member pass, with the kind that it is given out as.
    pub(crate) fn pass(&mut self, place: Place, path: &MemberPath, claimed: Claimed<'_>) -> Result<EntryKind, Refusal> {
        let kind = match claimed {
            Claimed::Directory => EntryKind::Directory,
            Claimed::File => EntryKind::File,
            Claimed::Link(target) => {
                let oid = tablespace_link(place, path).ok_or(Refusal::Link)?;
                EntryKind::TablespaceLink { oid, target: path_of(target) }
            }
        };
        let bytes = path.as_bytes();
        for (end, _) in bytes.iter().enumerate().filter(|(_, b)| **b == b'/') {
            if self.seen.get(&self.key(place, &bytes[..end])) == Some(&Seen::Other) {
                return Err(Refusal::InNoDirectory(super::path::shown(&bytes[..end])));
            }
        }
        let seen = if kind == EntryKind::Directory { Seen::Directory } else { Seen::Other };
        let key = self.key(place, bytes);
        match self.seen.insert(key, seen) {
            None => Ok(kind),
            // A directory twice does no harm, and archives of several parts have it so.
            Some(Seen::Directory) if seen == Seen::Directory => Ok(kind),
            Some(_) => Err(Refusal::Duplicate),
        }
    }

    fn key(&self, place: Place, path: &[u8]) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one((place, path))) << 64 | u128::from(low.hash_one((place, path)))
    }
}

/// `pg_tblspc/OID` in the data directory.
pub(crate) fn tablespace_link(place: Place, path: &MemberPath) -> Option<Oid> {
    let digits = path.as_bytes().strip_prefix(b"pg_tblspc/").filter(|_| place == Place::Data)?;
    Oid::parse(digits)
}
