//! A copy of the sandbox's input, for when the unprivileged user may not read the original.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use pgdump_reader::ordinary;

use super::user::{self, RunAs};
use crate::engine::input::Input;

/// What may be restored from: a file or a directory, found behind links.
pub(super) fn resolve(input: &Path) -> io::Result<PathBuf> {
    let path = fs::canonicalize(input)?;
    let kind = fs::metadata(&path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        return Ok(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} is neither a file nor a directory", input.display())))
}

/// A shell script that ends well exactly if everything in `$1` can be opened.
pub(super) const READABLE: &str = r#"
for entry in "$1" "$1"/*; do
    [ -d "$entry" ] && continue
    [ "$entry" = "$1/*" ] && [ ! -d "$1" ] && continue
    : < "$entry" || exit 1
done
"#;

/// Copies `input` (from [`resolve`]) below `directory` and gives the copy to the user. Returns where it is.
pub(super) fn copy(input: &Path, directory: &Path, run_as: Option<&RunAs>) -> io::Result<PathBuf> {
    let below = directory.join("input");
    fs::DirBuilder::new().mode(0o700).create(&below)?;
    let copy = below.join("dump");
    match Input::open(input)? {
        Input::File(file) => copy_file(file, &copy, run_as)?,
        Input::Folder(folder, names) => {
            fs::DirBuilder::new().mode(0o700).create(&copy)?;
            for name in names {
                copy_file(ordinary::open_in(&folder, &name)?, &copy.join(&name), run_as)?;
            }
            user::give(&copy, run_as)?;
        }
    }
    user::give(&below, run_as)?;
    Ok(copy)
}

fn copy_file(mut from: File, to: &Path, run_as: Option<&RunAs>) -> io::Result<()> {
    let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(0o400).open(to)?;
    io::copy(&mut from, &mut copy)?;
    user::give(to, run_as)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_holds_the_files_of_a_folder_and_nothing_that_a_link_leads_to() {
        let place = tempfile::tempdir().unwrap();
        let (dump, into) = (place.path().join("d"), place.path().join("into"));
        fs::create_dir(&dump).unwrap();
        fs::create_dir(&into).unwrap();
        fs::write(place.path().join("secret"), "of this machine").unwrap();
        fs::write(dump.join("toc.dat"), "PGDMP").unwrap();
        fs::create_dir(dump.join("folder")).unwrap();
        let copied = copy(&dump, &into, None).unwrap();
        assert_eq!(fs::read(copied.join("toc.dat")).unwrap(), b"PGDMP");
        assert_eq!(fs::read_dir(copied).unwrap().count(), 1);
        for target in ["../secret", "toc.dat", "/etc"] {
            let _ = fs::remove_dir_all(into.join("input"));
            let link = dump.join("1.dat");
            std::os::unix::fs::symlink(target, &link).unwrap();
            let refused = copy(&dump, &into, None).unwrap_err().to_string();
            assert_eq!(refused, "\"1.dat\" is a symbolic link, which no dump holds");
            fs::remove_file(link).unwrap();
        }
    }
}
