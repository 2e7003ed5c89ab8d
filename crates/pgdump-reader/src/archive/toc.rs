//! Reads an archive's header and table of contents (ReadHead and ReadToc in src/bin/pg_dump/pg_backup_archiver.c of
//! PostgreSQL 15, 17 and 18).
//!
//! No length that the file names is believed: text is read in pieces, up to a limit.

use std::collections::HashSet;
use std::io::{self, Read};

use crate::archive::{Archive, ArchiveCompression, ArchiveVersion, Container, DataState, Layout, Section, TocEntry};
use crate::charset::Charset;
use crate::object_kind::{ObjectKind, Reading};
use crate::strings::in_standard_form;
use crate::tag;

/// What begins every archive.
pub(crate) const MAGIC: &[u8; 5] = b"PGDMP";
/// ArchiveFormat in src/bin/pg_dump/pg_backup.h: archCustom.
pub(crate) const FORMAT_CUSTOM: u8 = 1;
/// archTar, which toc.dat of a directory archive says too (_CloseArchive in pg_backup_directory.c).
pub(crate) const FORMAT_TAR: u8 = 3;
/// archDirectory; never written, but what a reader could expect.
pub(crate) const FORMAT_DIRECTORY: u8 = 5;

/// No name, owner or statement of one entry is longer.
const LONGEST_TEXT: u64 = 16 << 20;
/// Beyond this much text in all entries, long definitions are no longer kept.
const KEPT_TEXT: usize = 32 << 20;
/// A definition of this length or less is always kept.
const SHORT_TEXT: u64 = 1 << 10;

/// Why the header or the table of contents could not be read.
#[derive(Debug)]
pub(crate) enum TocError {
    Version(ArchiveVersion),
    /// The file is whole, but of the other kind: format byte 3 where 1 was wanted.
    OtherFormat,
    Header {
        what: String,
        offset: u64,
    },
    Toc {
        what: String,
        offset: u64,
    },
    Read(io::Error),
}

impl std::fmt::Display for TocError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TocError::Version(version) => write!(f, "archive version {version} is not known"),
            TocError::OtherFormat => f.write_str("it is of another format"),
            TocError::Header { what, offset } => write!(f, "{what} (byte {offset} of the header)"),
            TocError::Toc { what, offset } => write!(f, "{what} (byte {offset} of the table of contents)"),
            TocError::Read(error) => error.fmt(f),
        }
    }
}

/// Reads an archive from its first byte to the end of its table of contents.
pub(crate) fn read<R: Read>(source: R, container: Container) -> Result<Archive, TocError> {
    let mut input = Input { source, offset: 0, int_size: 4, offset_size: 8, charset: Charset::default() };
    let (version, compression, time, names) = read_head(&mut input, container).map_err(|fault| match fault {
        HeadFault::Fault(fault) => fault.into_error(|what, offset| TocError::Header { what, offset }, input.offset),
        HeadFault::Version(version) => TocError::Version(version),
        HeadFault::OtherFormat => TocError::OtherFormat,
    })?;
    let [database, server_version, pg_dump_version] = names;
    let mut archive = Archive {
        container,
        version,
        compression,
        created: civil(time),
        created_in_summer_time: u8::try_from(time[6]).ok().map(|flag| flag != 0),
        database,
        server_version,
        pg_dump_version,
        encoding: None,
        std_strings: None,
        search_path: None,
        entries: Vec::new(),
        abridged: false,
        data_start: 0,
        layout: Layout { int_size: input.int_size, offset_size: input.offset_size },
    };
    read_entries(&mut input, &mut archive)
        .map_err(|fault| fault.into_error(|what, offset| TocError::Toc { what, offset }, input.offset))?;
    archive.data_start = input.offset;
    Ok(archive)
}

enum HeadFault {
    Fault(Fault),
    Version(ArchiveVersion),
    OtherFormat,
}

impl From<Fault> for HeadFault {
    fn from(fault: Fault) -> Self {
        HeadFault::Fault(fault)
    }
}

/// struct tm: seconds first, months from 0, years from 1900, a flag for summer time last (negative where not known).
type Time = [i32; 7];
type Head = (ArchiveVersion, ArchiveCompression, Time, [String; 3]);

fn read_head<R: Read>(input: &mut Input<R>, container: Container) -> Result<Head, HeadFault> {
    let mut magic = [0; 5];
    input.exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(Fault::odd("it does not begin with PGDMP").into());
    }
    let version = ArchiveVersion { major: input.byte()?, minor: input.byte()?, revision: input.byte()? };
    let readable = ArchiveVersion { revision: 0, ..version };
    if readable < ArchiveVersion::OLDEST || readable > ArchiveVersion::NEWEST {
        return Err(HeadFault::Version(version));
    }
    input.int_size = input.byte()?;
    input.offset_size = input.byte()?;
    // pg_restore takes integers of up to 32 bytes; no machine that runs PostgreSQL has written other than 4 and 8.
    if !(2..=8).contains(&input.int_size) || !(4..=8).contains(&input.offset_size) {
        let what = format!("numbers of {} and {} bytes", input.int_size, input.offset_size);
        return Err(Fault::Odd(what).into());
    }
    let format = input.byte()?;
    let fits = match container {
        Container::Custom => format == FORMAT_CUSTOM,
        Container::Tar => format == FORMAT_TAR,
        Container::Directory => format == FORMAT_TAR || format == FORMAT_DIRECTORY,
    };
    if !fits {
        return match format {
            FORMAT_CUSTOM | FORMAT_TAR | FORMAT_DIRECTORY => Err(HeadFault::OtherFormat),
            _ => Err(Fault::Odd(format!("unknown format {format}")).into()),
        };
    }
    let compression = if version.since(15) {
        match input.byte()? {
            0 => ArchiveCompression::None,
            1 => ArchiveCompression::Gzip { level: None },
            2 => ArchiveCompression::Lz4,
            3 => ArchiveCompression::Zstd,
            other => ArchiveCompression::Unknown(other),
        }
    } else {
        match input.int()? {
            0 => ArchiveCompression::None,
            -1 => ArchiveCompression::Gzip { level: None },
            level => ArchiveCompression::Gzip { level: Some(level) },
        }
    };
    let mut time: Time = [0; 7];
    for part in &mut time {
        *part = input.int()?;
    }
    let mut names = [const { String::new() }; 3];
    for name in &mut names {
        *name = input.string()?.unwrap_or_default();
    }
    Ok((version, compression, time, names))
}

fn civil([second, minute, hour, day, month, year, _]: Time) -> Option<jiff::civil::DateTime> {
    jiff::civil::DateTime::new(
        i16::try_from(year.checked_add(1900)?).ok()?,
        i8::try_from(month.checked_add(1)?).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        // Civil time has no leap second.
        i8::try_from(second.min(59)).ok()?,
        0,
    )
    .ok()
}

fn read_entries<R: Read>(input: &mut Input<R>, archive: &mut Archive) -> Result<(), Fault> {
    let count = input.int()?;
    if count < 0 {
        return Err(Fault::Odd(format!("{count} entries")));
    }
    let mut kept = 0;
    let mut ids = HashSet::new();
    for _ in 0..count {
        let entry = read_entry(input, archive, &mut kept)?;
        // Data blocks and dependencies name entries by id: one of two would pass for the other.
        if !ids.insert(entry.id) {
            return Err(Fault::Odd(format!("two entries have the id {}", entry.id)));
        }
        match entry.desc.as_str() {
            // Comes before all others (RestoreArchive's special entries, which pg_dump.c makes first).
            tag::ENCODING => {
                archive.encoding = quoted(&entry.defn);
                input.charset = Charset::of(archive.encoding.as_deref());
            }
            tag::STDSTRINGS => archive.std_strings = quoted(&entry.defn).map(|value| value == "on"),
            tag::SEARCHPATH => archive.search_path = search_path(&entry.defn),
            _ => {}
        }
        archive.entries.push(entry);
    }
    if archive.std_strings == Some(false) {
        for text in archive.entries.iter_mut().flat_map(|entry| [&mut entry.defn, &mut entry.drop_stmt]) {
            *text = in_standard_form(text).into_owned();
        }
    }
    Ok(())
}

fn read_entry<R: Read>(input: &mut Input<R>, archive: &mut Archive, kept: &mut usize) -> Result<TocEntry, Fault> {
    let version = archive.version;
    let id = input.int()?;
    if id <= 0 {
        return Err(Fault::Odd(format!("an entry has the id {id}")));
    }
    let has_dumper = input.int()? != 0;
    let table_oid = input.number_text("table oid")?;
    let oid = input.number_text("oid")?;
    let tag = input.string()?.unwrap_or_default();
    let desc = input.string()?.unwrap_or_default();
    let section = match input.int()? {
        1 => Section::None,
        2 => Section::PreData,
        3 => Section::Data,
        4 => Section::PostData,
        other => return Err(Fault::Odd(format!("entry {id} is in the unknown section {other}"))),
    };
    // What roles, owners and requirements are read from is kept whatever its length.
    let needed = ObjectKind::of_tag(&desc).is_some_and(|kind| kind.reading == Reading::Whole);
    let mut definition = |input: &mut Input<R>, needed: bool| {
        let limit = if needed || *kept < KEPT_TEXT { LONGEST_TEXT } else { SHORT_TEXT };
        let text = input.string_up_to(limit)?;
        *kept += text.as_ref().map_or(0, |text| text.as_ref().map_or(0, String::len));
        archive.abridged |= matches!(text, Some(None));
        Ok::<_, Fault>(text.flatten())
    };
    let defn = definition(input, needed)?.unwrap_or_default();
    let drop_stmt = definition(input, false)?.unwrap_or_default();
    let copy_stmt = definition(input, true)?.filter(|text| !text.is_empty());
    let schema = input.string()?.filter(|text| !text.is_empty());
    let tablespace = input.string()?.filter(|text| !text.is_empty());
    let table_access_method = if version.since(14) { input.string()?.filter(|text| !text.is_empty()) } else { None };
    let relkind = if version.since(16) {
        u8::try_from(input.int()?).ok().filter(|kind| *kind != 0).map(char::from)
    } else {
        None
    };
    let owner = input.string()?.unwrap_or_default();
    // Since PostgreSQL 12 always "false" (WriteToc in pg_backup_archiver.c).
    let with_oids = match input.string()?.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Fault::Odd(format!("entry {id} says neither true nor false of WITH OIDS"))),
    };
    let mut dependencies = Vec::new();
    while let Some(text) = input.string()? {
        let dependency = text.trim().parse().map_err(|_| Fault::Odd(format!("entry {id} depends on no number")))?;
        dependencies.push(dependency);
    }
    let (data, filename) = match archive.container {
        Container::Custom => (input.data_state()?, None),
        Container::Directory | Container::Tar => (DataState::None, input.string()?.filter(|name| !name.is_empty())),
    };
    Ok(TocEntry {
        id,
        table_oid,
        oid,
        tag,
        desc,
        section,
        defn,
        drop_stmt,
        copy_stmt,
        schema,
        tablespace,
        table_access_method,
        relkind,
        owner,
        with_oids,
        dependencies,
        has_dumper,
        data,
        filename,
    })
}

/// The first string in single quotes: `SET client_encoding = 'UTF8';`.
fn quoted(statement: &str) -> Option<String> {
    let (_, rest) = statement.split_once('\'')?;
    Some(rest.split_once('\'')?.0.to_owned())
}

/// `SELECT pg_catalog.set_config('search_path', '', false);` (processSearchPathEntry takes it as a whole).
fn search_path(statement: &str) -> Option<String> {
    let (_, rest) = statement.split_once("'search_path'")?;
    quoted(rest)
}

/// What went wrong at the place that the input has come to.
#[derive(Debug)]
pub(crate) enum Fault {
    Odd(String),
    Read(io::Error),
}

impl Fault {
    fn odd(what: &str) -> Self {
        Fault::Odd(what.to_owned())
    }

    fn into_error(self, make: impl FnOnce(String, u64) -> TocError, offset: u64) -> TocError {
        match self {
            Fault::Odd(what) => make(what, offset),
            Fault::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                make("the file ends here".to_owned(), offset)
            }
            // What a decompressor says is about the bytes, not about the disk.
            Fault::Read(error) if error.raw_os_error().is_none() => make(error.to_string(), offset),
            Fault::Read(error) => TocError::Read(error),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Read(error)
    }
}

/// Reads the archive's primitive values (ReadInt, ReadStr and ReadOffset in pg_backup_archiver.c).
pub(crate) struct Input<R> {
    pub(crate) source: R,
    /// How many bytes have been read.
    pub(crate) offset: u64,
    pub(crate) int_size: u8,
    pub(crate) offset_size: u8,
    /// That of its strings.
    pub(crate) charset: Charset,
}

impl<R: Read> Input<R> {
    pub(crate) fn exact(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        self.source.read_exact(out)?;
        self.offset += out.len() as u64;
        Ok(())
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let mut byte = [0];
        self.exact(&mut byte)?;
        Ok(byte[0])
    }

    /// A sign byte, then the magnitude from its lowest byte on.
    pub(crate) fn int(&mut self) -> Result<i32, Fault> {
        let mut bytes = [0; 9];
        let size = usize::from(self.int_size).min(8);
        self.exact(&mut bytes[..=size])?;
        let [sign, magnitude @ ..] = bytes;
        let magnitude = u64::from_le_bytes(magnitude);
        // Large objects write their oid, which has no sign, through the same routine.
        let magnitude = u32::try_from(magnitude).map_err(|_| Fault::odd("a number is out of range"))?;
        let value = magnitude as i32;
        Ok(if sign != 0 { value.wrapping_neg() } else { value })
    }

    pub(crate) fn string(&mut self) -> Result<Option<String>, Fault> {
        match self.string_up_to(LONGEST_TEXT)? {
            None => Ok(None),
            Some(Some(text)) => Ok(Some(text)),
            Some(None) => Err(Fault::odd("a name is longer than 16 MiB")),
        }
    }

    /// `None` for NULL, `Some(None)` for a text longer than the limit, which is passed over.
    fn string_up_to(&mut self, limit: u64) -> Result<Option<Option<String>>, Fault> {
        let length = self.int()?;
        let Ok(length) = u64::try_from(length) else {
            return Ok(None);
        };
        let mut piece = (&mut self.source).take(length);
        if length > limit {
            let passed = io::copy(&mut piece, &mut io::sink())?;
            self.offset += passed;
            return if passed == length { Ok(Some(None)) } else { Err(cut()) };
        }
        let mut bytes = Vec::new();
        let read = piece.read_to_end(&mut bytes)?;
        self.offset += read as u64;
        if read as u64 == length { Ok(Some(Some(self.charset.text(bytes)))) } else { Err(cut()) }
    }

    /// An oid, written as text.
    fn number_text(&mut self, name: &str) -> Result<u32, Fault> {
        let text = self.string()?.unwrap_or_default();
        text.trim().parse().map_err(|_| Fault::Odd(format!("an entry's {name} is no number")))
    }

    fn data_state(&mut self) -> Result<DataState, Fault> {
        let flag = self.byte()?;
        let mut bytes = [0; 8];
        let size = usize::from(self.offset_size).min(8);
        self.exact(&mut bytes[..size])?;
        match flag {
            1 => Ok(DataState::Somewhere),
            2 => Ok(DataState::At(u64::from_le_bytes(bytes))),
            3 => Ok(DataState::None),
            other => Err(Fault::Odd(format!("unknown data offset flag {other}"))),
        }
    }
}

fn cut() -> Fault {
    Fault::Read(io::ErrorKind::UnexpectedEof.into())
}
