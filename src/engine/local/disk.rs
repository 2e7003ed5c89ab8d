//! How much disk a sandbox takes, seen from outside: what lies in its directory, and what has no name there any more but
//! is held open by one of its processes.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::table;

/// What an entry of a directory takes beside its blocks: nothing is free, not even an empty file.
const ENTRY: u64 = 1024;

/// Bytes of disk that a sandbox takes whose processes descend from `roots`. What cannot be measured is more than any limit.
pub(super) fn used(directory: &Path, roots: &[i32]) -> u64 {
    named(directory).saturating_add(unnamed(directory, roots))
}

/// The sandbox's own files. A copy of its input is none of them.
fn named(directory: &Path) -> u64 {
    let mut total = 0u64;
    let mut waiting: Vec<PathBuf> = ["data", "server-tmp", "client-tmp"].map(|name| directory.join(name)).into();
    while let Some(path) = waiting.pop() {
        let entries = match read_dir(&path) {
            Ok(entries) => entries,
            // Files come and go meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            // Closed to its own owner, or deeper than a path can be long: nothing that PostgreSQL does.
            Err(_) => return u64::MAX,
        };
        for entry in entries.flatten() {
            // Does not follow links.
            let Ok(metadata) = entry.metadata() else { continue };
            total = total.saturating_add(metadata.blocks().saturating_mul(512)).saturating_add(ENTRY);
            if metadata.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    total
}

/// Reads a directory; one that is closed to its owner is opened.
fn read_dir(path: &Path) -> io::Result<fs::ReadDir> {
    match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // Not a link that has taken its place since.
            let folder = nix::fcntl::OFlag::O_PATH | nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_DIRECTORY;
            let mut options = fs::OpenOptions::new();
            std::os::unix::fs::OpenOptionsExt::custom_flags(options.read(true), folder.bits());
            let held = options.open(path)?;
            let itself = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held));
            fs::set_permissions(itself, fs::Permissions::from_mode(0o700))?;
            fs::read_dir(path)
        }
        read => read,
    }
}

/// Files of the same file system without a name, each once, however many hold it open.
fn unnamed(directory: &Path, roots: &[i32]) -> u64 {
    let Ok(device) = fs::metadata(directory).map(|metadata| metadata.dev()) else { return 0 };
    let mut seen = HashSet::new();
    let mut total = 0u64;
    for process in table::tree(&table::recent(), roots) {
        // It may have ended; and bubblewrap, where it is setuid, shows its files to nobody and writes none.
        let Ok(open) = fs::read_dir(format!("/proc/{}/fd", process.pid)) else { continue };
        for file in open.flatten() {
            // Follows to the file itself, which needs no name for that.
            let Ok(metadata) = fs::metadata(file.path()) else { continue };
            let gone = metadata.is_file() && metadata.nlink() == 0 && metadata.dev() == device;
            if gone && seen.insert(metadata.ino()) {
                total = total.saturating_add(metadata.blocks().saturating_mul(512));
            }
        }
    }
    total
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        for name in ["data", "server-tmp", "client-tmp"] {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        place
    }

    #[test]
    fn what_has_no_name_any_more_counts_as_long_as_somebody_holds_it() {
        let place = place();
        let me = [i32::try_from(std::process::id()).unwrap()];
        let before = used(place.path(), &me);
        let path = place.path().join("data/u");
        let mut file = fs::File::create(&path).unwrap();
        fs::remove_file(&path).unwrap();
        file.write_all(&vec![1; 4 << 20]).unwrap();
        let again = file.try_clone().unwrap();
        let held = used(place.path(), &me) - before;
        assert!((4 << 20..5 << 20).contains(&held), "{held}");
        drop((file, again));
        assert!(used(place.path(), &me) - before < 1 << 20);
    }

    #[test]
    fn a_closed_directory_hides_nothing_and_an_empty_file_is_not_free() {
        let place = place();
        let hidden = place.path().join("data/hidden");
        fs::create_dir(&hidden).unwrap();
        fs::write(hidden.join("big"), vec![1; 1 << 20]).unwrap();
        fs::set_permissions(&hidden, fs::Permissions::from_mode(0o000)).unwrap();
        let before = named(place.path());
        assert!(before >= 1 << 20, "{before}");
        for number in 0..1000 {
            fs::write(place.path().join(format!("server-tmp/{number}")), "").unwrap();
        }
        assert!(named(place.path()) - before >= 1000 * ENTRY);
    }

    #[test]
    fn a_sparse_file_counts_as_what_it_takes() {
        let place = place();
        let before = named(place.path());
        fs::File::create(place.path().join("data/sparse")).unwrap().set_len(1 << 40).unwrap();
        assert!(named(place.path()) - before < 1 << 20);
    }
}
