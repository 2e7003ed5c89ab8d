//! A copy of the sandbox's input, for when the unprivileged user may not read the original.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::user::{self, RunAs};

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
///
/// A link in a dump's directory may lead within it; one that leads out would hand a file of this machine to the
/// dump's code.
pub(super) fn copy(input: &Path, directory: &Path, run_as: Option<&RunAs>) -> io::Result<PathBuf> {
    let below = directory.join("input");
    fs::DirBuilder::new().mode(0o700).create(&below)?;
    let copy = below.join("dump");
    copy_entry(input, input, &copy, run_as)?;
    user::give(&below, run_as)?;
    Ok(copy)
}

fn copy_entry(root: &Path, from: &Path, to: &Path, run_as: Option<&RunAs>) -> io::Result<()> {
    let real = fs::canonicalize(from)?;
    if !real.starts_with(root) {
        let message = format!("{} is a link that leads out of the dump", from.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let kind = fs::metadata(&real)?.file_type();
    if kind.is_dir() {
        if from != root && fs::symlink_metadata(from)?.is_symlink() {
            // It could lead in a circle, and no dump has one.
            return Ok(());
        }
        fs::DirBuilder::new().mode(0o700).create(to)?;
        for entry in fs::read_dir(&real)? {
            let entry = entry?;
            copy_entry(root, &entry.path(), &to.join(entry.file_name()), run_as)?;
        }
    } else if kind.is_file() {
        fs::copy(&real, to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o400))?;
    }
    user::give(to, run_as)
}
