//! The data blocks of a custom archive (src/bin/pg_dump/pg_backup_custom.c).
//!
//! They are walked from the first to the end of the file, so it does not matter whether the table of contents knows
//! where they are: a dump that went to a pipe has no offsets.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::thread;

use crate::archive::Archive;
use crate::archive::data::{DataRead, EntryReader};
use crate::archive::entries::{DataEntry, DataKind, RowFormat};
use crate::archive::pass::ArchivePass;
use crate::archive::toc::{Fault, Input};
use crate::archive::{ArchiveCompression, DataState};
use crate::charset::Charset;
use crate::dump::Dump;
use crate::error::DumpError;
use crate::large_objects::LargeObject;
use crate::read_ahead::ReadAhead;
use compressed::READ_SIZE;

/// BLK_DATA and BLK_BLOBS in pg_backup_archiver.h.
const BLOCK_DATA: u8 = 1;
const BLOCK_LARGE_OBJECTS: u8 = 3;

type Source = Input<BufReader<File>>;

pub(crate) fn scan(dump: &Dump, archive: &Archive, pass: &mut ArchivePass<'_, '_>) -> Result<(), DumpError> {
    if let ArchiveCompression::Unknown(number) = archive.compression {
        pass.damage(format!("its header names compression {number}, which does not exist"), Some(11), None);
        return Ok(());
    }
    let mut file = crate::ordinary::open(&dump.path).map_err(|error| dump.unreadable(error))?;
    file.seek(SeekFrom::Start(archive.data_start)).map_err(|error| dump.unreadable(error))?;
    let mut input = Input {
        source: BufReader::with_capacity(READ_SIZE, file),
        offset: archive.data_start,
        int_size: archive.layout.int_size,
        offset_size: archive.layout.offset_size,
        charset: Charset::of(archive.encoding.as_deref()),
    };
    let mut walk =
        Walk { dump, archive, pass, entries: DataEntry::of_archive(archive).map(|entry| (entry.id, entry)).collect() };
    walk.run(&mut input)?;
    let mut missing: Vec<DataEntry> = walk.entries.into_values().collect();
    missing.sort_by_key(|entry| entry.id);
    for entry in &missing {
        pass.missing(entry);
    }
    how_much(dump, archive, &missing, pass);
    if missing.is_empty() {
        pass.check_large_objects(archive);
    }
    Ok(())
}

/// Says how much is not there, as far as the listed places show. `missing` is in order.
fn how_much(dump: &Dump, archive: &Archive, missing: &[DataEntry], pass: &mut ArchivePass<'_, '_>) {
    let listed =
        archive.entries.iter().filter(|entry| missing.binary_search_by_key(&entry.id, |entry| entry.id).is_ok());
    let last = listed.filter_map(|entry| if let DataState::At(place) = entry.data { Some(place) } else { None }).max();
    if let Some(last) = last.filter(|last| *last > dump.size) {
        let bytes = last - dump.size;
        let what = format!("at least {bytes} bytes are missing: the last data listed begin at byte {last}");
        pass.damage(what, Some(dump.size), None);
    }
}

struct Walk<'a, 'p, 'v> {
    dump: &'a Dump,
    archive: &'a Archive,
    pass: &'a mut ArchivePass<'p, 'v>,
    /// Those that are yet to be read, by dump id.
    entries: HashMap<i32, DataEntry>,
}

impl Walk<'_, '_, '_> {
    fn run(&mut self, input: &mut Source) -> Result<(), DumpError> {
        let places: HashMap<i32, DataState> = self.archive.entries.iter().map(|entry| (entry.id, entry.data)).collect();
        loop {
            let start = input.offset;
            if self.entries.is_empty() {
                // What may follow is not read by pg_restore either. Where pg_dump's output was appended to a file, its
                // second copy of the table of contents, meant to replace the first, comes here.
                return Ok(());
            }
            match input.source.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(self.dump.unreadable(error)),
            }
            let header = input.byte().and_then(|kind| Ok((kind, input.int()?)));
            let (kind, id) = match header {
                Ok(header) => header,
                Err(fault) => return self.stop(fault, "a data block's header".to_owned(), start, None),
            };
            let Some(entry) = self.entries.remove(&id) else {
                let what = format!("holds something at byte {start} that is no data block of its table of contents");
                self.pass.damage(what, Some(start), None);
                return Ok(());
            };
            let fits = match entry.kind {
                DataKind::LargeObjects => kind == BLOCK_LARGE_OBJECTS,
                DataKind::Rows(_) => kind == BLOCK_DATA,
            };
            if !fits {
                let what = format!("{} begins with the unknown block type {kind}", entry.label());
                self.pass.damage(what, Some(start), entry.table);
                return Ok(());
            }
            if let Some(DataState::At(place)) = places.get(&id)
                && *place != start
            {
                let what = format!("{} is at byte {start}, not at byte {place} as listed", entry.label());
                self.pass.damage(what, Some(start), entry.table.clone());
            }
            if !self.block(input, &entry, start)? {
                return Ok(());
            }
        }
    }

    /// Reads one entry's data; false where no further block can be found.
    fn block(&mut self, input: &mut Source, entry: &DataEntry, start: u64) -> Result<bool, DumpError> {
        let DataKind::Rows(format) = entry.kind else { return self.large_objects(input, entry) };
        if !self.pass.sink.wants(entry) {
            // Their lengths are enough to pass over the blocks.
            let mut blocks = Blocks { input, left: 0, ended: false, broken: None };
            return Ok(io::copy(&mut blocks, &mut io::sink()).is_ok());
        }
        let (read, ending) = self.table(input, entry, format);
        match ending {
            Ending::Whole => self.pass.entry_read(entry, read, Some(start)),
            Ending::Corrupt(error) => {
                let (error, table) = (read.with_rows(error), entry.table.clone());
                self.pass.read_error(&error, entry.label(), Some(start), table, self.dump)?;
            }
            Ending::Broken(fault) => {
                let label = format!("{}, after {} whole rows", entry.label(), read.rows);
                self.stop(fault, label, input.offset, entry.table.clone())?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn table(&mut self, input: &mut Source, entry: &DataEntry, format: RowFormat) -> (DataRead, Ending) {
        let sink = &mut self.pass.sink;
        let mut reader = EntryReader::new(format, &entry.destination, sink);
        let ending = self::read(self.archive.compression, input, |source, threaded| {
            reader.read_from(source, &entry.destination, sink, (!threaded).then_some(INLINE))
        });
        (reader.finish(sink, !matches!(ending, Ending::Whole)), ending)
    }

    fn large_objects(&mut self, input: &mut Source, entry: &DataEntry) -> Result<bool, DumpError> {
        loop {
            let start = input.offset;
            let oid = match input.int() {
                Ok(0) => return Ok(true),
                Ok(oid) => oid as u32,
                Err(fault) => {
                    self.stop(fault, entry.label(), start, None)?;
                    return Ok(false);
                }
            };
            self.pass.large_object_count.listed += 1;
            self.pass.large_object_count.found += 1;
            let label = format!("large object {oid}");
            let read = &mut self.pass.large_objects;
            let mut object = LargeObject::new(oid, read);
            let ending =
                self::read(self.archive.compression, input, |source, _| object.read_from(source, read).map(|()| true));
            object.finish(read);
            match ending {
                Ending::Whole => {}
                Ending::Corrupt(error) => {
                    self.pass.read_error(&error, label, Some(start), None, self.dump)?;
                }
                Ending::Broken(fault) => {
                    self.stop(fault, label, input.offset, None)?;
                    return Ok(false);
                }
            }
        }
    }

    /// Says that the blocks cannot be followed further.
    fn stop(&mut self, fault: Fault, label: String, at: u64, table: Option<String>) -> Result<(), DumpError> {
        match fault {
            Fault::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.pass.damage(format!("ends inside {label}"), Some(at), table);
                Ok(())
            }
            Fault::Read(error) => self.pass.read_error(&error, label, Some(at), table, self.dump),
            Fault::Odd(what) => {
                self.pass.damage(format!("{label} is corrupt ({what})"), Some(at), table);
                Ok(())
            }
        }
    }
}

/// So much of an entry is read by one thread; only what is longer is worth a second one.
const INLINE: u64 = 1 << 20;

/// Reads the blocks of one entry. `take` reads from the source that it is given, to its end or, where it learns that no
/// other thread decompresses yet, until it has enough; it says whether it came to the end.
fn read(
    compression: ArchiveCompression,
    input: &mut Source,
    mut take: impl FnMut(&mut dyn Read, bool) -> io::Result<bool>,
) -> Ending {
    let mut blocks = Blocks { input, left: 0, ended: false, broken: None };
    let result = match compression.algorithm() {
        None => take(&mut blocks, true),
        // pg_dump writes blocks of 4 KiB, and every call of a decompressor has its price.
        Some(algorithm) => {
            algorithm.decode_block(BufReader::with_capacity(READ_SIZE, &mut blocks)).and_then(|mut decoder| {
                if take(&mut decoder, false)? {
                    return Ok(true);
                }
                thread::scope(|scope| take(&mut ReadAhead::within(scope, decoder), true))
            })
        }
    };
    // A stream may be over before its blocks are; a corrupt one leaves them unread.
    let drained = io::copy(&mut blocks, &mut io::sink());
    match (blocks.broken, result, drained) {
        (Some(fault), ..) => Ending::Broken(fault),
        (None, Err(error), _) => Ending::Corrupt(error),
        (None, Ok(_), Err(error)) => Ending::Broken(Fault::Read(error)),
        (None, Ok(_), Ok(_)) => Ending::Whole,
    }
}

enum Ending {
    Whole,
    /// The bytes do not decompress, but the blocks around them are sound.
    Corrupt(io::Error),
    /// The blocks themselves are cut off or corrupt.
    Broken(Fault),
}

/// The blocks of one entry, joined: a length and so many bytes, until a length of zero.
struct Blocks<'a> {
    input: &'a mut Source,
    left: usize,
    ended: bool,
    broken: Option<Fault>,
}

impl Blocks<'_> {
    fn fail(&mut self, fault: Fault) -> io::Error {
        let kind = match &fault {
            Fault::Read(error) => error.kind(),
            Fault::Odd(_) => io::ErrorKind::InvalidData,
        };
        self.ended = true;
        self.broken = Some(fault);
        kind.into()
    }

    /// Goes on to the next block where one is over.
    fn advance(&mut self) -> Result<(), Fault> {
        while self.left == 0 && !self.ended {
            match self.input.int()? {
                0 => self.ended = true,
                length => match usize::try_from(length) {
                    Ok(length) => self.left = length,
                    Err(_) => return Err(Fault::Odd(format!("a block of {length} bytes"))),
                },
            }
        }
        Ok(())
    }

    /// Reads the blocks that are in the buffer as a whole: a row is a small one, and each call of the source has its price.
    fn whole_blocks(&mut self, out: &mut [u8]) -> usize {
        if self.left > 0 || self.ended {
            return 0;
        }
        let header = 1 + usize::from(self.input.int_size);
        let mut rest = self.input.source.buffer();
        let mut filled = 0;
        // A length of zero is the end, and a negative one is a mistake; whoever reads next reports both.
        while let Some((&[0, ref length @ ..], after)) = rest.split_at_checked(header)
            && let length = length.iter().rev().fold(0_u64, |length, byte| length << 8 | u64::from(*byte))
            && let Some(block) = usize::try_from(length).ok().and_then(|length| after.get(..length))
            && let Some(place) = out.get_mut(filled..filled + block.len())
            && !block.is_empty()
        {
            place.copy_from_slice(block);
            filled += block.len();
            rest = &after[block.len()..];
        }
        let taken = self.input.source.buffer().len() - rest.len();
        self.input.source.consume(taken);
        self.input.offset += taken as u64;
        filled
    }

    /// Reads from one block.
    fn piece(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        self.advance()?;
        if self.left == 0 || out.is_empty() {
            return Ok(0);
        }
        let most = out.len().min(self.left);
        let read = self.input.source.read(&mut out[..most])?;
        if read == 0 {
            return Err(Fault::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        self.left -= read;
        self.input.offset += read as u64;
        Ok(read)
    }
}

impl Read for Blocks<'_> {
    /// Fills `out` from as many blocks as it takes: a row that is not compressed is a block of its own. What came before
    /// an error is given first; `broken` keeps the error.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        loop {
            filled += self.whole_blocks(&mut out[filled..]);
            match self.piece(&mut out[filled..]) {
                Ok(0) => return Ok(filled),
                Ok(read) => filled += read,
                Err(Fault::Read(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => {
                    let error = self.fail(fault);
                    return if filled == 0 { Err(error) } else { Ok(filled) };
                }
            }
        }
    }
}
