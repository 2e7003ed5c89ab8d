//! Why a base backup cannot be read.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::gate::Refusal;
use crate::base::tar::TarError;

/// Why a base backup cannot be read. What is wrong with a single file of PostgreSQL's own in it (its label, its manifest,
/// `pg_control`) has errors of its own, because the rest can be read all the same.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The operating system does not let us read it.
    #[error("{} cannot be read", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// It is no base backup of a known form.
    #[error("{} is no base backup: {why}", path.display())]
    NotABase {
        /// What was given.
        path: PathBuf,
        /// What was looked for and not found.
        why: String,
    },
    /// An archive ends before its end, is damaged, or holds what no base backup holds.
    #[error("{} cannot be read on: {error}", file.display())]
    Tar {
        /// The archive.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        error: TarError,
    },
    /// The compression of an archive is damaged, or it was cut off.
    #[error("{} is damaged or was cut off: {source}", file.display())]
    Compression {
        /// The archive.
        file: PathBuf,
        /// What the decoder says.
        #[source]
        source: io::Error,
    },
    /// A member is refused, because it could do harm where it is laid out.
    #[error("{} holds \"{member}\", which is refused: {refusal}", file.display())]
    Refused {
        /// The archive or directory that holds it.
        file: PathBuf,
        /// Its path, shown so that it does a terminal no harm.
        member: String,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// A file of a plain base grew shorter while it was read.
    #[error("{} has become shorter while it was read: a backup must not change during that", .0.display())]
    Shrunk(PathBuf),
}

impl BaseError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| BaseError::Io { path: path.to_owned(), source }
    }

    /// What an archive's reader met: trouble of the disk, of the compression, or of the archive.
    pub(crate) fn tar(file: &Path, error: TarError) -> Self {
        let file = file.to_owned();
        match error {
            // Decoders make their errors themselves; what the operating system says has a number.
            TarError::Read(source) if source.raw_os_error().is_some() => BaseError::Io { path: file, source },
            TarError::Read(source) => BaseError::Compression { file, source },
            error => BaseError::Tar { file, error },
        }
    }
}
