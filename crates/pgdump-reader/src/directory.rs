//! Dumps in directory format (src/bin/pg_dump/pg_backup_directory.c): `toc.dat`, a data file for each table, large
//! objects in files of their own.
//!
//! File names come from the dump, so only a plain name inside the folder is opened, and no symbolic link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path};

use super::ahead::Ahead;
use super::archive::{Container, DataState, TocEntry};
use super::data::{Content, Data};
use super::large_objects::LargeObject;
use super::lexer::{Item, Lexer};
use super::rows::Place;
use super::scan::{Progress, table_name};
use super::statement::{Collector, Effect};
use super::{Archive, Compression, Dump, DumpError};
use crate::ordinary;

/// One entry whose data have to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) id: i32,
    /// In directory and tar archives.
    pub(super) file: String,
    /// `public.orders`; none for large objects.
    pub(super) table: Option<String>,
    /// Where its rows go.
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data(Content),
    /// The list of the large objects.
    LargeObjects,
}

impl Wanted {
    /// For people.
    pub(super) fn label(&self) -> String {
        let file = if self.file.is_empty() { String::new() } else { format!(" (file {})", self.file) };
        match &self.table {
            Some(table) => format!("the data of {table}{file}"),
            None => format!("the list of large objects{file}"),
        }
    }
}

/// All entries that have data.
pub(super) fn wanted(archive: &Archive) -> Vec<Wanted> {
    let has_data = |data: DataState, file: &Option<String>| data != DataState::None || file.is_some();
    let entries = archive.entries.iter().filter(|entry| has_data(entry.data, &entry.filename));
    entries
        .map(|entry| {
            let large_objects = entry.desc == "BLOBS";
            let file = match &entry.filename {
                // Before 1.16 the list had this name whatever the entry says (_LoadLOs in pg_backup_directory.c of 18).
                Some(_) if large_objects && !archive.version.since(16) => "blobs.toc".to_owned(),
                // In tar archives the entry names a file that is not there (_StartLOs in pg_backup_tar.c of 17).
                Some(_) if large_objects && archive.container == Container::Tar => format!("blobs_{}.toc", entry.id),
                Some(name) => name.clone(),
                None => String::new(),
            };
            let kind = if large_objects {
                Kind::LargeObjects
            } else if entry.copy_stmt.is_some() {
                Kind::Data(Content::Rows)
            } else {
                Kind::Data(Content::Inserts)
            };
            let table = (!large_objects).then(|| table_name(entry));
            Wanted { id: entry.id, file, table, place: place(entry), kind }
        })
        .collect()
}

/// Where an entry's rows go, by its COPY statement: with `--load-via-partition-root` that is not the entry's own table.
fn place(entry: &TocEntry) -> Place {
    let own = Place { database: None, schema: entry.schema.clone(), table: entry.tag.clone(), columns: None };
    let Some(statement) = &entry.copy_stmt else { return own };
    let mut lexer = Lexer::new(statement.as_bytes());
    let mut collector = Collector::default();
    collector.schema.clone_from(&entry.schema);
    // Reading from memory cannot fail.
    match lexer.next() {
        Ok(Some(Item::Statement(statement))) => match collector.statement(&statement) {
            Effect::Copy(target) => {
                Place { database: None, schema: target.schema, table: target.table, columns: target.columns }
            }
            _ => own,
        },
        _ => own,
    }
}

/// Opens a file of the folder, compressed or not; `None` where there is none.
pub(super) fn open_member(folder: &Path, name: &str) -> io::Result<Option<(File, Option<Compression>)>> {
    if !is_plain_name(name) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its file name leads out of the folder"));
    }
    let folder = ordinary::open_folder(folder)?;
    for (ending, compression) in Compression::DIRECTORY_ENDINGS {
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
    Compression::DIRECTORY_ENDINGS.iter().filter(|ending| exists(ending)).count() > 1
}

/// The first of what lies in the folder and is neither a file nor a folder, with what it is. pg_dump writes none, and
/// whoever reads the dump would be led elsewhere by it, or wait.
pub(super) fn special_member(folder: &Path) -> io::Result<Option<(String, &'static str)>> {
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
pub(super) fn size(folder: &Path) -> io::Result<u64> {
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
pub(super) fn scan(dump: &Dump, archive: &Archive, progress: &mut Progress<'_, '_>) -> Result<(), DumpError> {
    let mut large_objects = LargeObjects::default();
    // Each list names its own large objects, but before 1.16 several entries could share one.
    let mut files = BTreeSet::new();
    for wanted in wanted(archive) {
        if !files.insert(wanted.file.clone()) {
            // One file for many tables would be read as often.
            if wanted.kind != Kind::LargeObjects {
                let what = format!("{} are those of another table as well", wanted.label());
                progress.damage(what, None, wanted.table);
            }
            continue;
        }
        if lies_there_twice(&dump.path, &wanted.file) {
            let what =
                format!("{} lies there both compressed and not: one of the files is not restored", wanted.label());
            progress.damage(what, None, wanted.table.clone());
        }
        if !progress.takers.wants(&wanted) {
            continue;
        }
        let result = match open(&dump.path, &wanted.file) {
            Ok(Some(mut source)) => read_wanted(&wanted, &mut source, &mut large_objects, progress, None),
            Ok(None) => {
                progress.missing(&wanted);
                continue;
            }
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            progress.read_error(&error, wanted.label(), None, wanted.table.clone(), dump)?;
        }
        if wanted.kind == Kind::LargeObjects {
            scan_large_objects(dump, &wanted.file, progress)?;
        }
    }
    large_objects.seen = large_objects.listed;
    large_objects.finish(archive, progress);
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
            if long { Box::new(Ahead::of(decoder)) } else { decoder }
        }
        None => Box::new(file),
    })
}

/// Bytes of a compressed file.
const LONG: u64 = 256 * 1024;

fn scan_large_objects(dump: &Dump, list: &str, progress: &mut Progress<'_, '_>) -> Result<(), DumpError> {
    // What is wrong with the list itself has been said.
    let Ok(Some(source)) = open(&dump.path, list) else { return Ok(()) };
    let mut lines = Lines::new(source);
    while let Ok(Some(line)) = lines.next() {
        let Some((oid, name)) = list_line(&line) else { continue };
        let label = format!("large object {oid} (file {name})");
        match open_large_object(&dump.path, &name) {
            Ok(None) => progress.damage(format!("{label} is missing"), None, None),
            Ok(Some(mut source)) => {
                let data = &mut progress.large_objects;
                let mut object = LargeObject::new(oid, data);
                let read = object.read_from(&mut source, data);
                object.finish(data);
                if let Err(error) = read {
                    progress.read_error(&error, label, None, None, dump)?;
                }
            }
            Err(error) => progress.read_error(&error, label, None, None, dump)?,
        }
    }
    Ok(())
}

/// Reads one entry's data file, or list of large objects, whole.
pub(super) fn read_wanted(
    wanted: &Wanted,
    source: &mut dyn Read,
    large_objects: &mut LargeObjects,
    progress: &mut Progress<'_, '_>,
    at: Option<u64>,
) -> io::Result<()> {
    match wanted.kind {
        Kind::Data(content) => {
            let takers = &mut progress.takers;
            let mut data = Data::new(content, &wanted.place, takers);
            let read = data.read_from(source, &wanted.place, takers, None);
            let came = data.finish(takers, read.is_err());
            read.map_err(|error| came.before(error))?;
            progress.read_data(wanted, came, at);
        }
        Kind::LargeObjects => {
            let mut lines = Lines::new(source);
            while let Some(line) = lines.next()? {
                if list_line(&line).is_none() {
                    let what = format!("{} has a line that names no large object", wanted.label());
                    progress.damage(what, at, None);
                } else {
                    large_objects.listed += 1;
                }
            }
        }
    }
    Ok(())
}

/// `16401 blob_16401.dat`
fn list_line(line: &[u8]) -> Option<(u32, String)> {
    let (oid, name) = std::str::from_utf8(line).ok()?.trim_end().split_once(' ')?;
    (!name.is_empty()).then_some((oid.parse().ok()?, name.to_owned()))
}

/// `blob_16401.dat`
pub(super) fn oid_of(name: &str) -> Option<u32> {
    name.strip_prefix("blob_")?.split('.').next()?.parse().ok()
}

/// Lines of bounded length.
struct Lines<R> {
    source: BufReader<R>,
}

impl<R: Read> Lines<R> {
    fn new(source: R) -> Self {
        Self { source: BufReader::new(source) }
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        (&mut self.source).take(4096).read_until(b'\n', &mut line)?;
        Ok(if line.is_empty() { None } else { Some(line) })
    }
}

/// Counts large objects: those that the lists name, those that are there, and those that the table of contents has.
#[derive(Debug, Default)]
pub(super) struct LargeObjects {
    pub(super) listed: u64,
    pub(super) seen: u64,
}

impl LargeObjects {
    /// Whether this member of a tar file is a large object's data (_StartLO in pg_backup_tar.c).
    pub(super) fn takes(&mut self, name: &str) -> bool {
        let takes = name.starts_with("blob_") && name.contains(".dat");
        self.seen += u64::from(takes);
        takes
    }

    pub(super) fn finish(&self, archive: &Archive, progress: &mut Progress) {
        // Since 1.16 one BLOB METADATA entry stands for many, whose oids its definition lists line by line.
        let declared: usize = if archive.version.since(16) {
            let metadata = archive.entries.iter().filter(|entry| entry.desc == "BLOB METADATA");
            metadata.map(|entry| entry.defn.lines().filter(|line| !line.trim().is_empty()).count()).sum()
        } else {
            archive.entries.iter().filter(|entry| entry.desc == "BLOB").count()
        };
        if self.seen != self.listed {
            let what = format!("{} large objects are listed and {} are there", self.listed, self.seen);
            progress.damage(what, None, None);
        }
        // A dump of data alone declares none.
        let has_data = archive.entries.iter().any(|entry| entry.desc == "BLOBS");
        if has_data && declared > 0 && declared as u64 != self.listed && !archive.abridged {
            let what = format!("{declared} large objects are declared and the data of {} are there", self.listed);
            progress.damage(what, None, None);
        }
    }
}
