//! Base backups of real servers, and what a hostile one could hold.

mod archives;
mod barmen;
mod bases;
mod chains;
mod configurations;
mod controls;
mod labels;
mod making;
mod manifests;
mod starts;

use std::io::Read;
use std::path::PathBuf;

/// A file of `fixtures`, made by a real server.
fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/base/tests/fixtures").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    match name.strip_suffix(".gz") {
        None => bytes,
        Some(_) => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
            plain
        }
    }
}
