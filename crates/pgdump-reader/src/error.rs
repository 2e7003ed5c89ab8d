//! What can be wrong with the file that a user names.

use std::io;
use std::path::PathBuf;

use crate::archive::ArchiveVersion;
use compressed::Compression;

/// Why a dump could not be opened or read. One variant for each cause a user can have made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// Nothing is at the path.
    #[error("{} does not exist; give the path of a dump", path.display())]
    NotFound {
        /// The path that was given.
        path: PathBuf,
    },
    /// The system does not give the bytes.
    #[error("{} cannot be read; check its permissions and the disk", path.display())]
    Unreadable {
        /// The path that was given.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is a device, a socket or the like.
    #[error("{} is a {kind}, not a file or a folder; write the dump to a file first", path.display())]
    SpecialFile {
        /// The path that was given.
        path: PathBuf,
        /// What it is: `socket`, `symbolic link`.
        kind: &'static str,
    },
    /// It is a pipe, which can be read only once.
    #[error("{} is a pipe, and a dump is read more than once; write it to a file first", path.display())]
    Pipe {
        /// The path that was given.
        path: PathBuf,
    },
    /// A directory archive holds something else than files.
    #[error(
        "{} holds a {kind}, {name:?}, and pg_dump writes only files; {}",
        path.display(),
        if *kind == "symbolic link" { "copy the dump with what its links lead to (cp -rL)" } else { "remove it" }
    )]
    SpecialMember {
        /// The path that was given.
        path: PathBuf,
        /// Its name in the folder.
        name: String,
        /// What it is: `socket`, `symbolic link`.
        kind: &'static str,
    },
    /// The file has no byte.
    #[error("{} is empty; pg_dump has failed or not run, so look at its error output", path.display())]
    Empty {
        /// The path that was given.
        path: PathBuf,
    },
    /// The compressed file decompresses to nothing.
    #[error("{} decompresses to nothing; pg_dump has failed before {compression}, so look at its error output", path.display())]
    EmptyInside {
        /// The path that was given.
        path: PathBuf,
        /// How the file is compressed.
        compression: Compression,
    },
    /// It is a folder, but not one that `pg_dump -Fd` has written.
    #[error("{} is a folder without a toc.dat, so not a dump in directory format; {hint}", path.display())]
    DirectoryWithoutToc {
        /// The path that was given.
        path: PathBuf,
        /// What to give instead.
        hint: &'static str,
    },
    /// It is the `toc.dat` of a directory archive, without the folder.
    #[error("{} is the table of contents of a dump in directory format; give the folder that it lies in", path.display())]
    TocAlone {
        /// The path that was given.
        path: PathBuf,
    },
    /// It is an archive that somebody has compressed as a whole.
    #[error("{} is a {archive} inside {compression}; decompress it first, as pg_restore cannot read it so", path.display())]
    CompressedArchive {
        /// The path that was given.
        path: PathBuf,
        /// How the file is compressed.
        compression: Compression,
        /// What is inside: `custom archive of pg_dump`.
        archive: &'static str,
    },
    /// The content is that of something else.
    #[error("{} is not a PostgreSQL dump{}; give the output of pg_dump or pg_dumpall", path.display(), looks_like.map(|what| format!(", it looks like {what}")).unwrap_or_default())]
    NotADump {
        /// The path that was given.
        path: PathBuf,
        /// What it is instead, where that is known.
        looks_like: Option<&'static str>,
    },
    /// The archive is older or newer than what is read.
    #[error(
        "{} is an archive of version {version}; pgrehearse reads {} to {}, {}",
        path.display(),
        ArchiveVersion::OLDEST,
        ArchiveVersion::NEWEST,
        if *version < ArchiveVersion::OLDEST { "so dump again with a newer pg_dump" } else { "so update pgrehearse" }
    )]
    UnsupportedArchiveVersion {
        /// The path that was given.
        path: PathBuf,
        /// The version that the header states.
        version: ArchiveVersion,
    },
    /// The first bytes are those of an archive, and what follows in the header is impossible.
    #[error("the header of {} is damaged at byte {offset}: {what}; take another copy of the dump", path.display())]
    DamagedHeader {
        /// The path that was given.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// In bytes from the beginning of the file, or of the member `toc.dat`.
        offset: u64,
    },
    /// The table of contents cannot be read to its end.
    #[error("the table of contents of {} is damaged at byte {offset}: {what}; take another copy of the dump", path.display())]
    DamagedToc {
        /// The path that was given.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// In bytes from the beginning of the file, or of the member `toc.dat`.
        offset: u64,
    },
    /// A terminal or a shell has changed the bytes of an archive.
    #[error(
        "{} was changed as if it were text, so it is no archive any more: {what}; dump again with pg_dump's -f, or without a \
         terminal in between (docker exec and ssh without -t)",
        path.display()
    )]
    ChangedAsText {
        /// The path that was given.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// What comes out of the decompressor is compressed again.
    #[error("{} is compressed twice ({outer}, and {inner} inside); decompress it once", path.display())]
    CompressedTwice {
        /// The path that was given.
        path: PathBuf,
        /// How the file is compressed.
        outer: Compression,
        /// How its content is.
        inner: Compression,
    },
    /// To decompress it takes more memory than is allowed.
    #[error("{} takes too much memory to decompress ({compression}): {what}", path.display())]
    TooMuchMemory {
        /// The path that was given.
        path: PathBuf,
        /// How the file is compressed.
        compression: Compression,
        /// What is wrong.
        what: String,
    },
    /// The first bytes do not decompress.
    #[error("the {compression} data of {} are damaged: {what}; take another copy of the dump", path.display())]
    DamagedCompression {
        /// The path that was given.
        path: PathBuf,
        /// How the file is compressed.
        compression: Compression,
        /// What is wrong.
        what: String,
    },
}
