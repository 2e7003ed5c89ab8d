//! Archives of WAL: where the segments and histories lie that a recovery asks for.
//!
//! What a server takes for the end of the log is that a file could not be brought, for whatever reason. Here the reasons are told
//! apart: a file is [`Found::Absent`] only where the archive could be read and does not hold it.

mod folder;
mod member;
mod opened;

use std::path::PathBuf;

use compressed::Compression;

pub use folder::{ArchiveError, FolderArchive};
pub use member::{FileKind, Member};
pub use opened::Opened;

/// An archive of WAL.
pub trait Archive {
    /// Looks for a file by the name that a server asks for (`%f` of restore_command): that of a segment or of a history. `limit` is
    /// the longest that it can be, in bytes; of what is longer no more than that is read.
    fn open(&self, name: &str, limit: u64) -> Found;

    /// What lies in it; `None` for an archive that cannot be listed, such as a command.
    fn members(&self) -> Option<&[Member]>;
}

/// What was found under a name.
#[derive(Debug)]
pub enum Found {
    /// There is no such file, and the archive was listed without trouble.
    Absent,
    /// There is or may be one, and it cannot be read.
    Broken(Trouble),
    /// A file.
    File(Opened),
}

/// Why a file of an archive cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Trouble {
    /// The system refuses it: permissions, a disk that fails.
    #[error("{} cannot be read: {what}", path.display())]
    Unreadable { path: PathBuf, what: String },
    /// A folder bears the name of a file.
    #[error("{} is a folder", path.display())]
    Folder { path: PathBuf },
    /// A pipe, a socket or a device.
    #[error("{} is a {what}, not a file", path.display())]
    NotAFile { path: PathBuf, what: &'static str },
    /// A symbolic link that leads out of the archive, or nowhere.
    #[error("{} is a symbolic link that leads out of the archive, which is not followed", path.display())]
    LinkOutside { path: PathBuf },
    /// It was there when the archive was listed.
    #[error("{} has vanished since the archive was listed", path.display())]
    Vanished { path: PathBuf },
    /// It became shorter or longer, or was written to, while it was read.
    #[error("{} changed while it was read", path.display())]
    Changed { path: PathBuf },
    /// Its compression is damaged or cut off.
    #[error("{}: the {compression} stream is broken: {what}", path.display())]
    Compression { path: PathBuf, compression: Compression, what: String },
    /// Its name ends like a compression that cannot be read here.
    #[error("{} is compressed in a way that cannot be read here ({ending})", path.display())]
    UnknownCompression { path: PathBuf, ending: &'static str },
    /// Its name ends like a compression, and its content is none.
    #[error("{} is not compressed as its name says", path.display())]
    NotCompressed { path: PathBuf },
    /// A folder of the archive could not be listed, so that nobody knows what is missing.
    #[error("the folder {} cannot be listed: {what}", path.display())]
    Unlisted { path: PathBuf, what: String },
}

impl Trouble {
    /// The file or folder that it is about, relative to the archive.
    pub fn path(&self) -> &std::path::Path {
        match self {
            Trouble::Unreadable { path, .. }
            | Trouble::Folder { path }
            | Trouble::NotAFile { path, .. }
            | Trouble::LinkOutside { path }
            | Trouble::Vanished { path }
            | Trouble::Changed { path }
            | Trouble::Compression { path, .. }
            | Trouble::UnknownCompression { path, .. }
            | Trouble::NotCompressed { path }
            | Trouble::Unlisted { path, .. } => path,
        }
    }
}
