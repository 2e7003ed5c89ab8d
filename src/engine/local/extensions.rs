//! A directory of extensions for one sandbox: changed control files, and links to everything else.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::Path;

use crate::engine::{Control, ExtensionRights};

/// The directory's name among those of a sandbox.
pub(super) const DIRECTORY: &str = "extension";

/// Where a sandbox sees the machine's own directory.
pub(super) const ORIGINAL: &str = "/pgrehearse-extension";

/// Fills `into`, which a sandbox sees in the place of `from`.
pub(super) fn lay_out(from: &Path, into: &Path, rights: &ExtensionRights) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o755).create(into)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        // A control file of a single version (`name--1.0.control`) adds to the extension's own.
        let extension =
            name.to_str().and_then(|name| name.strip_suffix(".control")).filter(|name| !name.contains("--"));
        let link = || symlink(Path::new(ORIGINAL).join(&name), into.join(&name));
        match extension.map(|extension| rights.of(extension)) {
            Some(Control::Removed) => {}
            Some(control @ (Control::Trusted | Control::Restricted)) => {
                let mut text = fs::read(from.join(&name))?;
                text.extend_from_slice(control.lines().as_bytes());
                fs::File::create_new(into.join(&name))?.write_all(&text)?;
            }
            Some(Control::AsShipped) | None => link()?,
        }
    }
    Ok(())
}
