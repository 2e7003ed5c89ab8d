//! What the fuzz targets share: a folder in memory where it can be had, and the whole way of a dump through its readers.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    folder.expect("a folder can be made")
});

/// A path in the folder of this process.
pub fn path(name: &str) -> PathBuf {
    FOLDER.path().join(name)
}

/// Opens and scans a file of these bytes.
pub fn read_file(bytes: &[u8]) {
    let path = path("dump");
    std::fs::write(&path, bytes).expect("a file can be written");
    read(&path);
}

/// Opens and scans a dump.
pub fn read(path: &Path) {
    if let Ok(dump) = pgdump_reader::open(path) {
        let _ = dump.format_label();
        let _ = dump.scan();
    }
}
