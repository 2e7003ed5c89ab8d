//! What a sandbox is given to read: a file, or a folder of files.
//!
//! Whoever has filled the folder is not trusted: a link in it would hand a file of this machine to the dump's code. So
//! only files are taken, and what was looked at is what is opened.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use pgdump_reader::ordinary;

/// What is to be read, opened.
pub enum Input {
    File(File),
    /// The folder with the names of the files that lie directly in it: no dump has others.
    Folder(File, Vec<OsString>),
}

impl Input {
    /// Opens an input, whose own path holds no link.
    ///
    /// # Errors
    /// When it cannot be read, or the folder holds something that is neither a file nor a folder.
    pub fn open(path: &Path) -> io::Result<Input> {
        if !fs::symlink_metadata(path)?.is_dir() {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                return Ok(Input::File(ordinary::open(path)?));
            };
            return Ok(Input::File(ordinary::open_in(&ordinary::open_folder(parent)?, name)?));
        }
        let folder = ordinary::open_folder(path)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let (entry, kind) = entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind)))?;
            if let Some(what) = ordinary::special(kind) {
                let message = format!("{:?} is a {what}, which no dump holds", entry.file_name());
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            if kind.is_file() {
                names.push(entry.file_name());
            }
        }
        names.sort();
        Ok(Input::Folder(folder, names))
    }
}
