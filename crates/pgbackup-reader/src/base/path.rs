//! Where a file of a base backup lies, once it is known that it lies inside.

use std::fmt;

/// The path of a file inside a data directory or inside a tablespace: relative, with `/` between its parts, and proven to
/// lead nowhere else.
///
/// It is bytes, not text: PostgreSQL names its own files in ASCII, but a base backup also holds what somebody once put into
/// the data directory, in whatever encoding that was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberPath(Box<[u8]>);

/// Why a path is not taken from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathRefusal {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It begins at the root of the file system.
    #[error("it is absolute")]
    Absolute,
    /// A part of it is `..`.
    #[error("it leads out of the backup by \"..\"")]
    Upwards,
    /// A part of it is empty or `.`, so that one file could have several names.
    #[error("a part of it is empty or \".\"")]
    NotCanonical,
    /// It holds a byte of zero, where the operating system would end it.
    #[error("it holds a byte of zero")]
    Nul,
    /// It is longer than PostgreSQL's MAXPGPATH (1024, src/include/pg_config_manual.h), which ends its own paths.
    #[error("it is longer than 1023 bytes")]
    TooLong,
    /// It has more parts than any path that PostgreSQL makes.
    #[error("it has more than 32 parts")]
    TooDeep,
}

/// PostgreSQL's own paths have at most five parts; what users put beside them may have more.
const MAX_PARTS: usize = 32;

/// MAXPGPATH without the byte of zero.
const MAX_BYTES: usize = 1023;

impl MemberPath {
    /// Takes a path as a manifest spells it: without `./` before it or `/` after it.
    ///
    /// # Errors
    /// Where it would lead out of the backup, or is no path that PostgreSQL could have.
    pub fn new(path: &[u8]) -> Result<Self, PathRefusal> {
        if path.is_empty() {
            return Err(PathRefusal::Empty);
        }
        if path[0] == b'/' {
            return Err(PathRefusal::Absolute);
        }
        if path.contains(&0) {
            return Err(PathRefusal::Nul);
        }
        if path.len() > MAX_BYTES {
            return Err(PathRefusal::TooLong);
        }
        for (at, part) in path.split(|&b| b == b'/').enumerate() {
            match part {
                b".." => return Err(PathRefusal::Upwards),
                b"" | b"." => return Err(PathRefusal::NotCanonical),
                _ if at >= MAX_PARTS => return Err(PathRefusal::TooDeep),
                _ => {}
            }
        }
        Ok(Self(path.into()))
    }

    /// Takes a path as archives spell it: `./` may stand before it and `/` after it. The directory itself is `None`.
    ///
    /// # Errors
    /// As [`MemberPath::new`].
    pub fn from_archive(path: &[u8]) -> Result<Option<Self>, PathRefusal> {
        let path = match path {
            b"." | b"./" => return Ok(None),
            [b'.', b'/', rest @ ..] => rest,
            path => path,
        };
        let path = path.strip_suffix(b"/").filter(|rest| !rest.is_empty()).unwrap_or(path);
        Self::new(path).map(Some)
    }

    /// The path of a file in this directory.
    ///
    /// # Errors
    /// As [`MemberPath::new`].
    pub fn join(&self, name: &[u8]) -> Result<Self, PathRefusal> {
        Self::new(&[&self.0, &b"/"[..], name].concat())
    }

    /// The path as it is in the backup.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, which all paths of PostgreSQL's own files are.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Its parts, from the outermost directory to the file's name.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/')
    }

    /// The path as the operating system takes it.
    #[cfg(unix)]
    pub fn as_path(&self) -> &std::path::Path {
        use std::os::unix::ffi::OsStrExt;
        std::path::Path::new(std::ffi::OsStr::from_bytes(&self.0))
    }
}

impl fmt::Display for MemberPath {
    /// Shows what a terminal could take for an instruction as escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

impl fmt::Debug for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", shown(&self.0))
    }
}

/// Bytes from a backup as text that can be shown: control characters and bytes that are no UTF-8 as escapes, and no more
/// than 200 characters of it.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_of_a_backup_are_refused() {
        for (path, refusal) in [
            (&b""[..], PathRefusal::Empty),
            (b"/etc/passwd", PathRefusal::Absolute),
            (b"../x", PathRefusal::Upwards),
            (b"base/../../x", PathRefusal::Upwards),
            (b"base/..", PathRefusal::Upwards),
            (b"base//1", PathRefusal::NotCanonical),
            (b"base/./1", PathRefusal::NotCanonical),
            (b"a\0b", PathRefusal::Nul),
            (&[b'a'; 1024], PathRefusal::TooLong),
            (&b"a/".repeat(40)[..79], PathRefusal::TooDeep),
        ] {
            assert_eq!(MemberPath::new(path), Err(refusal), "{}", shown(path));
        }
        assert!(MemberPath::new(b"base/1/..1259").is_ok());
    }

    #[test]
    fn an_archive_may_spell_a_path_with_a_dot_before_and_a_slash_after() {
        let path = |text: &[u8]| MemberPath::from_archive(text).map(|p| p.map(|p| p.to_string()));
        assert_eq!(path(b"./base/1/"), Ok(Some("base/1".into())));
        assert_eq!(path(b"base"), Ok(Some("base".into())));
        assert_eq!(path(b"./"), Ok(None));
        assert_eq!(path(b".//etc"), Err(PathRefusal::Absolute));
        assert_eq!(path(b"/"), Err(PathRefusal::Absolute));
        assert_eq!(path(b"base//"), Err(PathRefusal::NotCanonical));
    }

    #[test]
    fn a_name_cannot_write_escapes_to_a_terminal() {
        assert_eq!(MemberPath::new(b"a\x1b[31m\xffz\n").unwrap().to_string(), "a\\u{1b}[31m\\xffz\\n");
    }
}
