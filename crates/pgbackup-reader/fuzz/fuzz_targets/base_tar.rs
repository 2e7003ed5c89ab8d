//! A base backup in tar form. The checksums of all headers are made to hold, or nothing would ever be read.
#![no_main]

use std::convert::Infallible;
use std::path::Path;
use std::sync::LazyLock;

use pgbackup_reader::base::Base;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    folder.expect("a folder can be made")
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut bytes = input.to_vec();
    for block in bytes.chunks_exact_mut(512) {
        if block.iter().any(|&b| b != 0) {
            block[148..156].copy_from_slice(b"        ");
            let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    let path = FOLDER.path().join("base.tar");
    std::fs::write(&path, &bytes).expect("a file can be written");
    if let Ok(base) = Base::open(&path) {
        let _ = base.survey();
        let _ = base.visit::<Infallible>(|entry| {
            let path = entry.path.to_string();
            assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."));
            Ok(())
        });
    }
});
