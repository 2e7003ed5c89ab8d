//! What lies in an archive.

use std::path::PathBuf;

use crate::wal::{Ending, MemberKind};

/// A file of an archive that has to do with WAL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is, by its name.
    pub kind: MemberKind,
    /// How it is compressed, by its name.
    pub ending: Ending,
    /// Where it lies, relative to the archive.
    pub path: PathBuf,
    /// Its size in bytes as it lies there, compressed or not.
    pub size: u64,
    /// What it is to the file system.
    pub file: FileKind,
}

/// What something is to the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// An ordinary file.
    Regular,
    /// A symbolic link to a file within the archive.
    LinkInside,
    /// A symbolic link that leads elsewhere or nowhere.
    LinkOutside,
    /// A folder.
    Folder,
    /// A pipe, a socket, a device.
    Special(&'static str),
}

impl Member {
    /// The name that a server asks for: without the ending of a compression.
    pub fn asked_name(&self) -> String {
        match self.kind {
            MemberKind::Segment(name) => name.to_string(),
            MemberKind::Partial(name) => format!("{name}.partial"),
            MemberKind::History(timeline) => timeline.history_name(),
            MemberKind::BackupHistory(name, offset) => format!("{name}.{offset:08X}.backup"),
        }
    }
}
