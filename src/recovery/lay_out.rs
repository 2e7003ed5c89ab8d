//! A base backup is laid out in a sandbox: one stream of its files, whatever form it has, and beside it what the recovering server is
//! configured by.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pgbackup_reader::base::{Base, BaseError, Entry, EntryKind, Oid, Place, VisitError};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::SyncIoBridge;

use super::feed::ASK;
use super::{CONFIGURATION, DIRECTORY, RecoveryError};
use crate::engine::{EngineError, Program, Sandbox, Whose};

/// Takes everything out of a stream.
const UNPACK: &str = r#"cd "$1" && tar -x -p -f - && cd "$2" && mkfifo -m 600 ask answer stop"#;

/// How much of the stream waits to be taken, in bytes.
const BUFFER: usize = 256 * 1024;

/// What a program said last, as far as it is kept.
const WORDS: u64 = 4096;

/// Files of the data directory that are not laid out: they say of a server that runs elsewhere, or would configure this one. Whatever
/// they hold is known from reading the backup.
const LEFT_OUT: [&[u8]; 5] =
    [b"postmaster.pid", b"postmaster.opts", b"standby.signal", b"recovery.signal", b"postgresql.auto.conf"];

/// Everybody of the sandbox is who they say they are: nobody else can connect.
const HBA: &str = "local all all trust\nhost all all 127.0.0.1/32 trust\n";

/// Lays out a base, each of those that it builds upon in folders of their own until they are [joined](super::combine). `done` counts the bytes of
/// files that have passed.
///
/// # Errors
/// When a base cannot be read to its end, which is a fact about it, or the sandbox does not take it.
pub async fn lay_out(
    sandbox: &dyn Sandbox,
    base: &Arc<Base>,
    earlier: &[Arc<Base>],
    done: &Arc<AtomicU64>,
) -> Result<(), RecoveryError> {
    let (stream, stdin) = tokio::io::duplex(BUFFER);
    let writing = {
        let bases: Vec<Arc<Base>> = earlier.iter().chain([base]).cloned().collect();
        let (done, directory) = (Arc::clone(done), sandbox.directory());
        let stream = SyncIoBridge::new(stream);
        tokio::task::spawn_blocking(move || write(&bases, stream, &directory, &done))
    };
    let argv = ["sh", "-c", UNPACK, "sh", &sandbox.directory(), DIRECTORY].map(str::to_owned).into();
    let program = Program { argv, whose: Whose::Owner, env: Vec::new(), stdin: Some(Box::pin(stdin)) };
    let running = sandbox.run(program).await?;
    let mut said = Vec::new();
    drop(running.stdout);
    let read = running.stderr.take(WORDS).read_to_end(&mut said).await;
    let code = running.exit.await?;
    read.map_err(|source| EngineError::Io { action: "cannot lay out the base", source })?;
    let written = writing.await.map_err(|error| EngineError::Gone(format!("a bug of pgrehearse: {error}")))?;
    match written {
        Err(WriteError::Base(error)) => Err(RecoveryError::Base(error)),
        // What tar says is why the stream broke.
        Err(WriteError::Stream(_)) | Ok(()) if code != 0 => {
            let said = String::from_utf8_lossy(&said).into_owned();
            let reason = said.lines().next().unwrap_or("tar said nothing").to_owned();
            Err(EngineError::Call { action: "cannot lay out the base", reason }.into())
        }
        Err(WriteError::Stream(source)) => Err(EngineError::Io { action: "cannot lay out the base", source }.into()),
        Ok(()) => Ok(()),
    }
}

enum WriteError {
    Base(BaseError),
    Stream(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError::Stream(error)
    }
}

/// Where a base of a chain is laid out, by its place in it, from 1 on for the full one.
pub(super) fn member(number: usize) -> String {
    format!("chain/{number}")
}

/// Writes the stream. `directory` is where it is unpacked, as the sandbox sees it.
fn write(bases: &[Arc<Base>], stream: impl Write, directory: &str, done: &AtomicU64) -> Result<(), WriteError> {
    let mut tar = tar::Builder::new(stream);
    tar.sparse(false);
    for name in [CONFIGURATION, DIRECTORY, "tablespaces"] {
        append(&mut tar, Path::new(name), tar::EntryType::Directory, 0o700, 0, &mut io::empty())?;
    }
    let own: [(&str, &str); 4] =
        [("ask.sh", ASK), ("postgresql.conf", ""), ("pg_hba.conf", HBA), ("pg_ident.conf", "")];
    for (name, text) in own {
        let path = Path::new(CONFIGURATION).join(name);
        append(&mut tar, &path, tar::EntryType::Regular, 0o600, text.len() as u64, &mut text.as_bytes())?;
    }
    match bases {
        [base] => {
            write_base(base, &mut tar, Path::new(""), directory, done)?;
            // What says that an archive is asked at all.
            let signal = Path::new("pgdata/recovery.signal");
            append(&mut tar, signal, tar::EntryType::Regular, 0o600, 0, &mut io::empty())?;
        }
        bases => {
            for (at, base) in bases.iter().enumerate() {
                let below = member(at + 1);
                for name in [below.clone(), format!("{below}/tablespaces")] {
                    append(&mut tar, Path::new(&name), tar::EntryType::Directory, 0o700, 0, &mut io::empty())?;
                }
                write_base(base, &mut tar, Path::new(&below), &format!("{directory}/{below}"), done)?;
            }
        }
    }
    tar.into_inner()?.flush()?;
    Ok(())
}

/// Writes the files of a base below a path of the stream, which the sandbox sees as `directory`.
fn write_base(
    base: &Base,
    tar: &mut tar::Builder<impl Write>,
    below: &Path,
    directory: &str,
    done: &AtomicU64,
) -> Result<(), WriteError> {
    let mut linked = BTreeSet::new();
    let mut has_manifest = false;
    for tablespace in base.tablespaces() {
        let path = below.join("tablespaces").join(tablespace.oid.to_string());
        append(tar, &path, tar::EntryType::Directory, 0o700, 0, &mut io::empty())?;
    }
    let visited = base.visit(|entry| -> Result<(), io::Error> {
        if entry.place == Place::Data && LEFT_OUT.contains(&entry.path.as_bytes()) {
            return Ok(());
        }
        has_manifest |= entry.place == Place::Data && entry.path.as_bytes() == b"backup_manifest";
        let path = below.join(place(entry));
        match &entry.kind {
            EntryKind::Directory => {
                append(tar, &path, tar::EntryType::Directory, 0o700, 0, &mut io::empty())?;
            }
            EntryKind::File => {
                let size = entry.size;
                append(tar, &path, tar::EntryType::Regular, 0o600, size, &mut entry.content)?;
                done.fetch_add(size, Ordering::Relaxed);
            }
            EntryKind::TablespaceLink { oid, .. } => {
                linked.insert(*oid);
                link(tar, &path, directory, *oid)?;
            }
        }
        Ok(())
    });
    visited.map_err(|error| match error {
        VisitError::Base(error) => WriteError::Base(error),
        VisitError::Visitor(error) => WriteError::Stream(error),
    })?;
    // Beside archives it is a file of its own, and so may it be where somebody else has laid the base out.
    if let Some(manifest) = base.manifest_path().filter(|_| !has_manifest) {
        let mut file = File::open(manifest)?;
        let size = file.metadata()?.len();
        append(tar, &below.join("pgdata/backup_manifest"), tar::EntryType::Regular, 0o600, size, &mut file)?;
    }
    // Of an archive the links stand in tablespace_map alone.
    for oid in base.tablespaces().iter().map(|tablespace| tablespace.oid).filter(|oid| !linked.contains(oid)) {
        link(tar, &below.join("pgdata/pg_tblspc").join(oid.to_string()), directory, oid)?;
    }
    Ok(())
}

/// Where an entry goes.
fn place(entry: &Entry<'_>) -> PathBuf {
    let path = entry.path.as_path();
    match entry.place {
        Place::Data => Path::new("pgdata").join(path),
        Place::Tablespace(oid) => Path::new("tablespaces").join(oid.to_string()).join(path),
    }
}

/// The link of a tablespace, to where it is laid out.
fn link(tar: &mut tar::Builder<impl Write>, path: &Path, directory: &str, oid: Oid) -> io::Result<()> {
    let mut header = header(tar::EntryType::Symlink, 0o777, 0);
    tar.append_link(&mut header, path, format!("{directory}/tablespaces/{oid}"))
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    path: &Path,
    kind: tar::EntryType,
    mode: u32,
    size: u64,
    content: &mut dyn io::Read,
) -> io::Result<()> {
    tar.append_data(&mut header(kind, mode, size), path, content)
}
