//! Dumps in directory format (src/bin/pg_dump/pg_backup_directory.c): `toc.dat`, a data file for each table, large
//! objects in files of their own.
//!
//! File names come from the dump, so only a plain name inside the folder is opened, and no symbolic link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

use crate::archive::Archive;
use crate::archive::entries::{DataEntry, DataKind};
use crate::archive::large_object_lists::{Lines, parse_line};
use crate::archive::pass::ArchivePass;
use crate::dump::Dump;
use crate::error::DumpError;
use crate::large_objects::LargeObject;
use crate::ordinary;
use crate::read_ahead::ReadAhead;
use compressed::Compression;

/// The ending that a data file has, in the order in which pg_restore looks for them (InitDiscoverCompressFileHandle in
/// src/bin/pg_dump/compress_io.c, PostgreSQL 16 to 18).
const ENDINGS: [(&str, Option<Compression>); 4] =
    [("", None), (".gz", Some(Compression::Gzip)), (".lz4", Some(Compression::Lz4)), (".zst", Some(Compression::Zstd))];

/// Opens a file of the folder, compressed or not; `None` where there is none.
pub(crate) fn open_member(folder: &Path, name: &str) -> io::Result<Option<(File, Option<Compression>)>> {
    if !is_plain_name(name) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its file name leads out of the folder"));
    }
    let folder = ordinary::open_folder(folder)?;
    for (ending, compression) in ENDINGS {
        match ordinary::open_in(&folder, format!("{name}{ending}").as_ref()) {
            Ok(file) => return Ok(Some((file, compression))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether a file of the folder lies there more than once, with several endings: pg_restore reads one of them, and says
/// nothing of the others (open_file in src/bin/pg_dump/compress_io.c).
fn lies_there_twice(folder: &Path, name: &str) -> bool {
    let exists =
        |(ending, _): &(&str, Option<Compression>)| folder.join(format!("{name}{ending}")).symlink_metadata().is_ok();
    ENDINGS.iter().filter(|ending| exists(ending)).count() > 1
}

/// The first of what lies in the folder and is neither a file nor a folder, with what it is. pg_dump writes none, and
/// whoever reads the dump would be led elsewhere by it, or wait.
pub(crate) fn special_member(folder: &Path) -> io::Result<Option<(String, &'static str)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(kind) = ordinary::special(entry.file_type()?) {
            found.push((entry.file_name().to_string_lossy().into_owned(), kind));
        }
    }
    Ok(found.into_iter().min())
}

fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
        && !name.contains('\0')
}

/// Bytes of all files in the folder.
pub(crate) fn size(folder: &Path) -> io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let about = entry?.metadata()?;
        if about.is_file() {
            size += about.len();
        }
    }
    Ok(size)
}

/// Reads every data file.
pub(crate) fn scan(dump: &Dump, archive: &Archive, pass: &mut ArchivePass<'_, '_>) -> Result<(), DumpError> {
    // Each list names its own large objects, but before 1.16 several entries could share one.
    let mut files = BTreeSet::new();
    for entry in DataEntry::of_archive(archive) {
        if !files.insert(entry.file.clone()) {
            // One file for many tables would be read as often.
            if entry.kind != DataKind::LargeObjects {
                let what = format!("{} are those of another table as well", entry.label());
                pass.damage(what, None, entry.table);
            }
            continue;
        }
        if lies_there_twice(&dump.path, &entry.file) {
            let what =
                format!("{} lies there both compressed and not: one of the files is not restored", entry.label());
            pass.damage(what, None, entry.table.clone());
        }
        if !pass.sink.wants(&entry) {
            continue;
        }
        let result = match open(&dump.path, &entry.file) {
            Ok(Some(mut source)) => pass.read_file(&entry, &mut source, None),
            Ok(None) => {
                pass.missing(&entry);
                continue;
            }
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            pass.read_error(&error, entry.label(), None, entry.table.clone(), dump)?;
        }
        if entry.kind == DataKind::LargeObjects {
            scan_large_objects(dump, &entry.file, pass)?;
        }
    }
    // Files that are missing were named one by one.
    pass.large_object_count.found = pass.large_object_count.listed;
    pass.check_large_objects(archive);
    Ok(())
}

fn open(folder: &Path, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
    let Some((file, compression)) = open_member(folder, name)? else { return Ok(None) };
    decoded(file, compression).map(Some)
}

/// Opens a large object's file. pg_dump begins to write zstd and lz4 with the first byte of an object, so that the file of
/// an empty object has no byte at all (`Zstd_write` and `LZ4Stream_write` in src/bin/pg_dump/compress_zstd.c and
/// compress_lz4.c of 17). zlib writes a header and an end of nothing too, so an empty file is a damaged one there. Of a
/// table no data file is empty: an end mark or line breaks stand in each.
fn open_large_object(folder: &Path, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
    let Some((file, compression)) = open_member(folder, name)? else { return Ok(None) };
    let begins_with_its_first_byte = matches!(compression, Some(Compression::Zstd | Compression::Lz4));
    if begins_with_its_first_byte && file.metadata()?.len() == 0 {
        return Ok(Some(Box::new(io::empty())));
    }
    decoded(file, compression).map(Some)
}

fn decoded(file: File, compression: Option<Compression>) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Some(compression) => {
            // Only what is long is worth a thread of its own.
            let long = file.metadata()?.len() > LONG;
            let decoder = compression.decode_file(file)?;
            if long { Box::new(ReadAhead::of(decoder)) } else { decoder }
        }
        None => Box::new(file),
    })
}

/// Bytes of a compressed file.
const LONG: u64 = 256 * 1024;

fn scan_large_objects(dump: &Dump, list: &str, pass: &mut ArchivePass<'_, '_>) -> Result<(), DumpError> {
    // What is wrong with the list itself has been said.
    let Ok(Some(source)) = open(&dump.path, list) else { return Ok(()) };
    let mut lines = Lines::new(source);
    while let Ok(Some(line)) = lines.next() {
        let Some((oid, name)) = parse_line(&line) else { continue };
        let label = format!("large object {oid} (file {name})");
        match open_large_object(&dump.path, &name) {
            Ok(None) => pass.damage(format!("{label} is missing"), None, None),
            Ok(Some(mut source)) => {
                let data = &mut pass.large_objects;
                let mut object = LargeObject::new(oid, data);
                let read = object.read_from(&mut source, data);
                object.finish(data);
                if let Err(error) = read {
                    pass.read_error(&error, label, None, None, dump)?;
                }
            }
            Err(error) => pass.read_error(&error, label, None, None, dump)?,
        }
    }
    Ok(())
}
