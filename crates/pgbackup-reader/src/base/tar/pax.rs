//! What an extended header changes of the header after it: long paths of GNU and pax records of POSIX.1-2001.

use crate::base::tar::TarError;

/// What the headers before a member say instead of its own.
#[derive(Default)]
pub(super) struct Overrides {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    seen: bool,
}

impl Overrides {
    pub(super) fn is_empty(&self) -> bool {
        !self.seen
    }

    pub(super) fn path(&mut self, path: Vec<u8>, offset: u64) -> Result<(), TarError> {
        self.seen = true;
        once(&mut self.path, path, offset)
    }

    pub(super) fn target(&mut self, target: Vec<u8>, offset: u64) -> Result<(), TarError> {
        self.seen = true;
        once(&mut self.target, target, offset)
    }

    pub(super) fn pax(&mut self, content: &[u8], offset: u64) -> Result<(), TarError> {
        self.seen = true;
        for record in Records(content) {
            let (key, value) = record.map_err(|why| TarError::Extended { offset, why })?;
            match key {
                b"path" => once(&mut self.path, value.to_vec(), offset)?,
                b"linkpath" => once(&mut self.target, value.to_vec(), offset)?,
                b"size" => {
                    let size = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
                    let size = size.and_then(|text| text.parse().ok());
                    let size = size.ok_or(TarError::Extended { offset, why: "its size is no number" })?;
                    once(&mut self.size, size, offset)?;
                }
                key => refuse_sparse(key, offset)?,
            }
        }
        Ok(())
    }
}

/// A header for all members after it. It may hold comments, as archives of git do, but nothing that changes members.
pub(super) fn global(content: &[u8], offset: u64) -> Result<(), TarError> {
    for record in Records(content) {
        let (key, _) = record.map_err(|why| TarError::Extended { offset, why })?;
        if matches!(key, b"path" | b"linkpath" | b"size") {
            return Err(TarError::Extended { offset, why: "it gives all files after it one path or size" });
        }
        refuse_sparse(key, offset)?;
    }
    Ok(())
}

/// The content of a sparse file is not the file's; PostgreSQL writes none, and tar(1) only with `--sparse`.
fn refuse_sparse(key: &[u8], offset: u64) -> Result<(), TarError> {
    if key.starts_with(b"GNU.sparse.") {
        return Err(TarError::Extended {
            offset,
            why: "it describes a sparse file; make the archive without --sparse",
        });
    }
    Ok(())
}

fn once<T>(slot: &mut Option<T>, value: T, offset: u64) -> Result<(), TarError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(TarError::Extended { offset, why: "it says the same thing twice" }),
    }
}

/// Records of pax: `LENGTH key=value` and a line feed; the length counts all of it.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let record = first(self.0);
        self.0 = match record {
            Some((_, _, rest)) => rest,
            None => &[],
        };
        Some(record.map(|(key, value, _)| (key, value)).ok_or("a record of it is damaged"))
    }
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|&b| b == b' ')?;
    let digits = std::str::from_utf8(&bytes[..space]).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    let length: usize = digits.parse().ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let body = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|&b| b == b'=')?;
    Some((&body[..equals], &body[equals + 1..], rest))
}
