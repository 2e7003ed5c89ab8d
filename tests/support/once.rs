//! Directories that the tests need and that real servers make: each is made once, by the first test that asks for it.
//!
//! They stay under `target/` until what they are made from changes. Tests run as processes of their own, hence the lock.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The directory of this kind and name. `made_from` is all that decides what is in it; `make` fills it where there is none of that.
///
/// Where `make` panics nothing stays, and each test that wants the directory tries for itself, and fails.
pub fn directory(kind: &str, name: &str, made_from: &[&str], make: impl FnOnce(&Path)) -> PathBuf {
    assert!(!name.contains('-'), "what follows the last hyphen tells what it was made from");
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join(kind);
    fs::create_dir_all(&all).unwrap();
    let made = all.join(format!("{name}-{}", key(made_from)));
    if made.exists() {
        return made;
    }
    let lock = File::create(all.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if !made.exists() {
        forget_former(&all, name);
        let partial = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(&all).unwrap();
        make(partial.path());
        fs::rename(partial.keep(), &made).unwrap();
    }
    made
}

fn key(made_from: &[&str]) -> String {
    let mut digest = Sha256::new();
    for text in made_from {
        // With their lengths, so that no two lists are the same text.
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Removes what was made of this name from something else, and what a killed process left.
fn forget_former(all: &Path, name: &str) {
    for entry in fs::read_dir(all).unwrap() {
        let entry = entry.unwrap();
        let former = entry.file_name().to_string_lossy().rsplit_once('-').is_some_and(|(of, _)| of == name);
        if former {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}
