//! Dumps in tar format (src/bin/pg_dump/pg_backup_tar.c): `toc.dat`, the data files, `restore.sql`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};

use crate::archive::Archive;
use crate::archive::entries::DataEntry;
use crate::archive::large_object_lists::{is_large_object, oid_of};
use crate::archive::pass::ArchivePass;
use crate::dump::Dump;
use crate::error::DumpError;
use crate::large_objects::LargeObject;

/// Whether these bytes begin with the header of a tar member: its checksum is right (POSIX.1-2017, pax, ustar).
pub(crate) fn is_header(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let Ok(field) = std::str::from_utf8(&header[148..156]) else { return false };
    let field = field.trim_matches(['\0', ' ']);
    let sum: u32 = header[..148].iter().chain(&header[156..]).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    u32::from_str_radix(field, 8) == Ok(sum)
}

/// The name of the first member.
pub(crate) fn first_name(head: &[u8]) -> Vec<u8> {
    head.iter().take(100).take_while(|byte| **byte != 0).copied().collect()
}

pub(crate) enum Found<'a> {
    Toc(Box<dyn Read + 'a>),
    /// It is no dump, and what it looks like.
    Other(Option<&'static str>),
}

/// Finds the table of contents; pg_dump writes it first.
pub(crate) fn find_toc(file: &mut File) -> io::Result<Found<'_>> {
    // More members than this are not looked through: pg_restore finds toc.dat at once in what pg_dump has written.
    const LOOKED_AT: usize = 1000;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let mut looks_like = None;
    let mut place = None;
    for member in archive.entries_with_seek()?.raw(true).take(LOOKED_AT) {
        let Ok(member) = member else { break };
        let name = member.path_bytes().into_owned();
        if name == b"toc.dat" {
            place = Some((member.raw_file_position(), member.size()));
            break;
        }
        looks_like = looks_like.or(guess(&name));
    }
    let Some((start, size)) = place else {
        return Ok(Found::Other(looks_like.or(Some("a tar file; unpack it if a dump is inside"))));
    };
    let mut file = archive.into_inner();
    io::Seek::seek(&mut file, io::SeekFrom::Start(start))?;
    Ok(Found::Toc(Box::new(file.take(size))))
}

/// What a tar file is, by the name of a member.
pub(crate) fn guess(name: &[u8]) -> Option<&'static str> {
    let name = name.strip_prefix(b"./").unwrap_or(name);
    if name == b"backup_label" || name == b"PG_VERSION" || name == b"tablespace_map" || name.starts_with(b"global/") {
        Some("a base backup of pg_basebackup")
    } else if name == b"toc.dat" || name.ends_with(b"/toc.dat") {
        Some("a dump in directory format packed with tar; unpack it and give the folder")
    } else {
        None
    }
}

/// A member that has to be there to its last byte: the tar crate takes a file that is cut off for a shorter member.
struct Whole<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        if read == 0 && !out.is_empty() && self.left > 0 {
            let what = format!("the tar file ends here, {} bytes early", self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
        }
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// Reads every data member.
pub(crate) fn scan(dump: &Dump, archive: &Archive, pass: &mut ArchivePass<'_, '_>) -> Result<(), DumpError> {
    let file = crate::ordinary::open(&dump.path).map_err(|error| dump.unreadable(error))?;
    let mut entries: HashMap<String, DataEntry> =
        DataEntry::of_archive(archive).map(|entry| (entry.file.clone(), entry)).collect();
    let mut tar = tar::Archive::new(BufReader::with_capacity(compressed::READ_SIZE, file));
    let members = tar.entries().map_err(|error| dump.unreadable(error))?.raw(true);
    for member in members {
        let mut member = match member {
            Ok(member) => member,
            Err(error) => {
                pass.damage(format!("the tar file is cut off or damaged: {error}"), None, None);
                break;
            }
        };
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        let place = member.raw_file_position();
        let size = member.size();
        let mut member = Whole { inner: &mut member, left: size };
        if is_large_object(&name) {
            pass.large_object_count.found += 1;
            let data = &mut pass.large_objects;
            let mut object = LargeObject::new(oid_of(&name).unwrap_or(0), data);
            let read = object.read_from(&mut member, data);
            object.finish(data);
            if let Err(error) = read {
                pass.read_error(&error, format!("large object file {name}"), Some(place), None, dump)?;
            }
            continue;
        }
        let Some(entry) = entries.remove(&name) else { continue };
        if !pass.sink.wants(&entry) {
            continue;
        }
        let result = pass.read_file(&entry, &mut member, Some(place));
        if let Err(error) = result {
            pass.read_error(&error, entry.label(), Some(place), entry.table.clone(), dump)?;
        }
    }
    let mut missing: Vec<DataEntry> = entries.into_values().collect();
    missing.sort_by(|a, b| a.file.cmp(&b.file));
    for entry in &missing {
        pass.missing(entry);
    }
    pass.check_large_objects(archive);
    Ok(())
}
