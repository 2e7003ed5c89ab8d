//! Files that a profile names, read with it.

use std::io::Read as _;
use std::path::Path;

use crate::profile::ByteSize;

/// What a file holds, if it is not longer than `most` bytes.
pub fn read(file: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    pgdump_reader::ordinary::open(file)
        .and_then(|file| file.take(most + 1).read_to_end(&mut text))
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    match text.len() as u64 > most {
        true => Err(format!("{} holds more than {}", file.display(), ByteSize(most))),
        false => Ok(text),
    }
}
