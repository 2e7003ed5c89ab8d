//! What the demo rehearses: embedded in the program, unpacked for the run, and gone after it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use compressed::Compression;

use crate::engine::lease::{Lease, RunDirectory, RunFile};
use crate::profile::Target;
use crate::session::{RecoveryOptions, Run, RunError, Targets, WalWish};

/// What `demo/make` makes of `demo/shop.sql`.
const SHOP: &[u8] = include_bytes!("../../../demo/shop.dump");

/// What reports call it instead of the file that it is written to for the run.
const SHOP_NAME: &str = "shop.dump (embedded in pgrehearse)";

/// What `demo/make-recovery` makes of `demo/recovery.sql`: a folder `base`, one for each archive of WAL, and a file `now`.
const RECOVERY: &[u8] = include_bytes!("../../../demo/recovery.tar.xz");

/// The archives in it, each with what reports call the base backup with this archive, in the order of
/// [`crate::profile::RECOVERY_DEMO`].
const ARCHIVES: [(&str, &str); 3] = [
    ("wal", "shop, whole archive"),
    ("wal-with-a-gap", "shop, archive with a gap"),
    ("wal-after-recovery", "shop, archive after a recovery"),
];

/// A run that can begin, and the files that it needs, which are gone when they are dropped.
pub struct Staged {
    pub run: Run,
    pub files: Files,
}

/// What was written to the state directory. It is held, and not looked at.
pub enum Files {
    Dump { _file: RunFile },
    Backup { _directory: RunDirectory },
}

/// The shop's dump, in all targets.
///
/// # Errors
/// Where it cannot be written to the state directory.
pub fn shop(lease: &Lease, targets: Vec<Target>) -> Result<Staged, RunError> {
    let unwritten = |source| RunError::State { action: "cannot write the demo's dump to the state directory", source };
    let file = lease.file(SHOP).map_err(unwritten)?;
    let run = Run::new(file.path(), Targets::These(targets)).called(SHOP_NAME);
    Ok(Staged { run, files: Files::Dump { _file: file } })
}

/// The base backup with each of its archives, each in a target of its own.
///
/// # Errors
/// Where it cannot be unpacked into the state directory.
pub async fn recovery(lease: &Arc<Lease>, targets: Vec<Target>) -> Result<Staged, RunError> {
    let lease = Arc::clone(lease);
    let unpacking = tokio::task::spawn_blocking(move || {
        let directory = lease.directory()?;
        let as_of = unpack(directory.path())?;
        Ok((directory, as_of))
    });
    let unpacked: Result<_, io::Error> = unpacking.await?;
    let (directory, as_of) = unpacked.map_err(|source| RunError::State {
        action: "cannot unpack the demo's base backup into the state directory",
        source,
    })?;
    let mut archives = ARCHIVES.iter().zip(targets);
    let first = archives.next().ok_or_else(|| RunError::Crashed("the demo has no targets".to_owned()))?;
    let base = directory.path().join("base");
    let with = |run: Run, ((folder, name), target): (&(&str, &str), Target)| {
        let wal = Some(WalWish::Folder(directory.path().join(folder)));
        let recovery = RecoveryOptions { wal, as_of: Some(as_of), ..RecoveryOptions::default() };
        run.called(*name).alone(Targets::These(vec![target]), recovery)
    };
    let run = with(Run::new(&base, Targets::These(Vec::new())), first);
    let run = archives.fold(run, |run, archive| with(run.and(&base), archive));
    Ok(Staged { run, files: Files::Backup { _directory: directory } })
}

/// Unpacks the base backup and its archives; the result is the moment at which they were made.
fn unpack(directory: &Path) -> io::Result<jiff::Timestamp> {
    let decoded = Compression::Xz.decode_file(RECOVERY)?;
    tar::Archive::new(decoded).unpack(directory)?;
    let now = std::fs::read_to_string(directory.join("now"))?;
    now.trim().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgbackup_reader::FolderArchive;
    use pgbackup_reader::base::Base;

    #[test]
    fn the_embedded_backup_unpacks_to_a_base_and_the_archives_that_are_rehearsed() {
        let directory = tempfile::tempdir().unwrap();
        unpack(directory.path()).unwrap();
        let base = Base::open(&directory.path().join("base")).unwrap();
        assert_eq!(base.head().major(), Some(17));
        assert!(base.head().control().unwrap().data_checksum_version > 0);
        for (folder, _) in ARCHIVES {
            FolderArchive::open(&directory.path().join(folder)).unwrap();
        }
        assert_eq!(ARCHIVES.len(), crate::profile::RECOVERY_DEMO.len());
    }
}
