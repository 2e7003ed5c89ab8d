//! What can be wrong with the file that a user names.

use std::io;
use std::path::PathBuf;

use crate::archive::ArchiveVersion;
use crate::compression::Compression;

/// Why a dump could not be opened or read. One variant for each cause a user can have made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    #[error("{} does not exist; give the path of a dump", path.display())]
    NotFound { path: PathBuf },
    #[error("{} cannot be read; check its permissions and the disk", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is a {kind}, not a file or a folder; write the dump to a file first", path.display())]
    SpecialFile { path: PathBuf, kind: &'static str },
    #[error("{} is a pipe, and a dump is read more than once; write it to a file first", path.display())]
    Pipe { path: PathBuf },
    #[error(
        "{} holds a {kind}, {name:?}, and pg_dump writes only files; {}",
        path.display(),
        if *kind == "symbolic link" { "copy the dump with what its links lead to (cp -rL)" } else { "remove it" }
    )]
    SpecialMember { path: PathBuf, name: String, kind: &'static str },
    #[error("{} is empty; pg_dump has failed or not run, so look at its error output", path.display())]
    Empty { path: PathBuf },
    #[error("{} decompresses to nothing; pg_dump has failed before {compression}, so look at its error output", path.display())]
    EmptyInside { path: PathBuf, compression: Compression },
    #[error("{} is a folder without a toc.dat, so not a dump in directory format; {hint}", path.display())]
    DirectoryWithoutToc { path: PathBuf, hint: &'static str },
    #[error("{} is the table of contents of a dump in directory format; give the folder that it lies in", path.display())]
    TocAlone { path: PathBuf },
    #[error("{} is a {archive} inside {compression}; decompress it first, as pg_restore cannot read it so", path.display())]
    CompressedArchive { path: PathBuf, compression: Compression, archive: &'static str },
    #[error("{} is not a PostgreSQL dump{}; give the output of pg_dump or pg_dumpall", path.display(), looks_like.map(|what| format!(", it looks like {what}")).unwrap_or_default())]
    NotADump { path: PathBuf, looks_like: Option<&'static str> },
    #[error(
        "{} is an archive of version {version}; pgrehearse reads {} to {}, {}",
        path.display(),
        ArchiveVersion::OLDEST,
        ArchiveVersion::NEWEST,
        if *version < ArchiveVersion::OLDEST { "so dump again with a newer pg_dump" } else { "so update pgrehearse" }
    )]
    UnsupportedArchiveVersion { path: PathBuf, version: ArchiveVersion },
    #[error("the header of {} is damaged at byte {offset}: {what}; take another copy of the dump", path.display())]
    DamagedHeader { path: PathBuf, what: String, offset: u64 },
    #[error("the table of contents of {} is damaged at byte {offset}: {what}; take another copy of the dump", path.display())]
    DamagedToc { path: PathBuf, what: String, offset: u64 },
    #[error(
        "{} was changed as if it were text, so it is no archive any more: {what}; dump again with pg_dump's -f, or without a \
         terminal in between (docker exec and ssh without -t)",
        path.display()
    )]
    ChangedAsText { path: PathBuf, what: &'static str },
    #[error("{} is compressed twice ({outer}, and {inner} inside); decompress it once", path.display())]
    CompressedTwice { path: PathBuf, outer: Compression, inner: Compression },
    #[error("{} takes too much memory to decompress ({compression}): {what}", path.display())]
    TooMuchMemory { path: PathBuf, compression: Compression, what: String },
    #[error("the {compression} data of {} are damaged: {what}; take another copy of the dump", path.display())]
    DamagedCompression { path: PathBuf, compression: Compression, what: String },
}
