//! Opens what is an ordinary file, and nothing else.
//!
//! A pipe waits for its writer, a device can do anything when it is opened, and a link in a folder that somebody else has
//! filled leads where that somebody wants. Each is refused by name, before and after it is opened: it could have been put
//! there in between.

use std::ffi::OsStr;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// Opens a file to be read, whatever links lead to it.
///
/// # Errors
/// When there is none, it may not be read, or it is something else than a file, which the message names.
pub fn open(path: &Path) -> io::Result<File> {
    refuse_special(std::fs::metadata(path)?.file_type())?;
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    checked(file)
}

/// Opens a folder, to open what lies in it with [`open_in`].
///
/// # Errors
/// When there is none, or its own name is a link.
pub fn open_folder(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)
}

/// Opens a file that lies directly in a folder; a link is refused.
///
/// # Errors
/// As for [`open`].
pub fn open_in(folder: &File, name: &OsStr) -> io::Result<File> {
    if Path::new(name).file_name() != Some(name) || name.as_encoded_bytes().contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its name leads out of the folder"));
    }
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => checked(File::from(file)),
        Err(Errno::ELOOP) => Err(refused("a symbolic link, which is not followed")),
        // A socket cannot be opened at all.
        Err(Errno::ENXIO) => Err(refused("a socket")),
        Err(error) => Err(error.into()),
    }
}

/// What something is that is neither a file nor a folder, for people; `None` for those two.
pub fn special(kind: FileType) -> Option<&'static str> {
    if kind.is_file() || kind.is_dir() {
        None
    } else if kind.is_symlink() {
        Some("symbolic link")
    } else if kind.is_fifo() {
        Some("pipe")
    } else if kind.is_socket() {
        Some("socket")
    } else {
        Some("device")
    }
}

fn checked(file: File) -> io::Result<File> {
    let kind = file.metadata()?.file_type();
    refuse_special(kind)?;
    match kind.is_file() {
        true => Ok(file),
        false => Err(refused("a folder")),
    }
}

fn refuse_special(kind: FileType) -> io::Result<()> {
    match special(kind) {
        None => Ok(()),
        Some("pipe") => {
            Err(refused("a pipe, which is not waited for and cannot be read twice; write it to a file first"))
        }
        Some(what) => Err(refused(&format!("a {what}, not a file"))),
    }
}

fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it is {what}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn said(result: io::Result<File>) -> String {
        result.map(|_| "opened".to_owned()).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        nix::unistd::mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        let _listener = UnixListener::bind(at("socket")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("link to a device")).unwrap();
        assert_eq!(said(open(&at("file"))), "opened");
        assert_eq!(said(open(&at("link"))), "opened");
        assert!(said(open(&at("pipe"))).contains("a pipe, which is not waited for"));
        assert_eq!(said(open(&at("socket"))), "it is a socket, not a file");
        assert_eq!(said(open(&at("link to a device"))), "it is a device, not a file");
        assert_eq!(said(open(&at("folder"))), "it is a folder");

        let folder = open_folder(place.path()).unwrap();
        let inside = |name: &str| said(open_in(&folder, OsStr::new(name)));
        assert_eq!(inside("file"), "opened");
        assert!(inside("link").contains("a symbolic link, which is not followed"));
        assert!(inside("pipe").contains("a pipe"));
        assert_eq!(inside("socket"), "it is a socket");
        assert_eq!(inside("folder"), "it is a folder");
        for name in ["../file", "folder/..", "..", "/etc/passwd", "", "file\0"] {
            assert_eq!(inside(name), "its name leads out of the folder", "{name}");
        }
        assert!(open_folder(&at("file")).is_err());
        std::os::unix::fs::symlink(place.path(), at("link to a folder")).unwrap();
        assert!(open_folder(&at("link to a folder")).is_err());
    }
}
