//! How client programs in a container get the input: it is mounted, or uploaded where the engine does not see it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use bollard::Docker;
use pgdump_reader::ordinary;
use sha2::{Digest as _, Sha256};

use super::container;
use super::exec::{self, Exec};
use crate::engine::EngineError;
use crate::engine::input::Input as Opened;

/// Where client programs find the input, and which user can read it.
#[derive(Debug, Clone)]
pub struct Input {
    pub path: String,
    pub user: Option<String>,
}

/// A container whose programs read the input.
pub struct Place<'a> {
    pub docker: &'a Docker,
    pub container: &'a str,
    /// Who its programs run as, where that is not the container's own user.
    pub user: Option<String>,
    /// Where in it an upload goes.
    pub upload: String,
}

/// What a program in a container must see of a mounted input for it to be the one that was meant: on a remote engine the same path may
/// hold another file.
pub struct Expected {
    /// The file that is looked at: the input, or what lists an archive's contents.
    pub inside: &'static str,
    /// SHA-256 in hexadecimal of its first 64 KiB.
    digest: String,
    length: u64,
    /// As whom it can be read, the best first; `None` is the container's own user.
    users: [Option<String>; 2],
}

/// Prints what [`Expected`] compares of the file that is its second argument.
pub const LOOK: &str = r#"[ -z "$2" ] || { head -c 65536 "$2" | sha256sum; wc -c < "$2"; } 2> /dev/null"#;

impl Expected {
    pub fn of(path: &Path) -> Result<Expected, EngineError> {
        let io = |source| EngineError::Io { action: "cannot read the dump", source };
        let (file, folder, inside) = match Opened::open(path).map_err(io)? {
            Opened::File(file) => (file, None, container::INPUT),
            Opened::Folder(folder, _) => {
                let toc = ordinary::open_in(&folder, "toc.dat".as_ref()).map_err(io)?;
                (toc, Some(folder), container::INPUT_TOC)
            }
        };
        let metadata = file.metadata().map_err(io)?;
        let digest = head_digest(&file).map_err(io)?;
        // One who may only read what everybody may is tighter; the owner is needed for the common mode 0600.
        let owner = Some(format!("{}:{}", metadata.uid(), metadata.gid()));
        let readable_by_all = metadata.mode() & 0o004 != 0
            && match folder {
                Some(folder) => folder.metadata().map_err(io)?.mode() & 0o005 == 0o005,
                None => true,
            };
        let users = if readable_by_all { [None, owner] } else { [owner, None] };
        Ok(Expected { inside, digest, length: metadata.len(), users })
    }

    /// The input, where [`LOOK`] has printed this as the container's own user, who is the best to read it as.
    pub fn seen(&self, printed: &str) -> Option<Input> {
        (self.users[0].is_none() && self.is_same(printed))
            .then(|| Input { path: container::INPUT.to_owned(), user: None })
    }

    fn is_same(&self, printed: &str) -> bool {
        let mut words = printed.split_whitespace();
        words.next() == Some(self.digest.as_str()) && words.nth(1) == Some(self.length.to_string().as_str())
    }
}

impl Place<'_> {
    /// Whether the mounted input is the one that was meant, and who in the container can read it.
    pub async fn find(&self, path: &Path) -> Result<Option<Input>, EngineError> {
        let expected = Expected::of(path)?;
        for user in &expected.users {
            let argv = ["sh", "-c", LOOK, "sh", "", expected.inside].map(String::from).into();
            let exec = Exec {
                container: self.container,
                argv,
                env: Vec::new(),
                user: user.clone().or_else(|| self.user.clone()),
                stdin: false,
            };
            let (_, output) = exec::capture(self.docker, exec, None).await?;
            if expected.is_same(&output) {
                return Ok(Some(Input { path: container::INPUT.to_owned(), user: user.clone() }));
            }
        }
        Ok(None)
    }

    /// Copies the input into the sandbox, as a tar stream that the container unpacks.
    pub async fn upload(&self, path: &Path) -> Result<Input, EngineError> {
        let (reader, writer) = tokio::io::duplex(256 * 1024);
        // Before anything is unpacked: half of a dump is none.
        let input =
            Opened::open(path).map_err(|source| EngineError::Io { action: "cannot upload the dump", source })?;
        let packed = tokio::task::spawn_blocking(move || pack(input, tokio_util::io::SyncIoBridge::new(writer)));
        let script = r#"mkdir -p "$1" && tar -x -o -C "$1" -f - && chmod -R u+rX "$1/input""#;
        let argv = ["sh", "-c", script, "sh", &self.upload].map(String::from).into();
        let exec = Exec { container: self.container, argv, env: Vec::new(), user: self.user.clone(), stdin: true };
        let (code, output) = exec::capture(self.docker, exec, Some(Box::pin(reader))).await?;
        let packed = packed.await.map_err(|error| std::io::Error::other(error.to_string())).and_then(|result| result);
        match (code, packed) {
            (0, Ok(())) => Ok(Input { path: format!("{}/input", self.upload), user: None }),
            (0, Err(source)) => Err(EngineError::Io { action: "cannot upload the dump", source }),
            _ => Err(EngineError::Call {
                action: "cannot upload the dump into the sandbox",
                reason: output.trim().into(),
            }),
        }
    }
}

/// Writes an input as a tar stream whose only entry is called `input`.
fn pack(input: Opened, to: impl Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    match input {
        Opened::File(mut file) => archive.append_file("input", &mut file)?,
        Opened::Folder(folder, names) => {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Directory);
            header.set_mode(0o755);
            header.set_size(0);
            archive.append_data(&mut header, "input", io::empty())?;
            for name in names {
                let mut file = ordinary::open_in(&folder, &name)?;
                archive.append_file(Path::new("input").join(&name), &mut file)?;
            }
        }
    }
    archive.into_inner()?.flush()
}

/// SHA-256 in hexadecimal of a file's first 64 KiB.
fn head_digest(mut file: &File) -> io::Result<String> {
    let mut head = Vec::new();
    file.rewind()?;
    file.take(65536).read_to_end(&mut head)?;
    Ok(Sha256::digest(&head).iter().map(|byte| format!("{byte:02x}")).collect())
}
