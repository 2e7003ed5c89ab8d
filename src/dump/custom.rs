//! The data blocks of a custom archive (src/bin/pg_dump/pg_backup_custom.c).
//!
//! They are walked from the first to the end of the file, so it does not matter whether the table of contents knows
//! where they are: a dump that went to a pipe has no offsets.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::archive::{ArchiveCompression, DataState};
use super::copy::{Content, Data};
use super::directory::{self, Kind, LargeObjects, Wanted};
use super::scan::Progress;
use super::toc::{Fault, Input};
use super::{Archive, Dump, DumpError, compression};

/// BLK_DATA and BLK_BLOBS in pg_backup_archiver.h.
const BLOCK_DATA: u8 = 1;
const BLOCK_LARGE_OBJECTS: u8 = 3;

type Source = Input<BufReader<File>>;

pub(super) fn scan(dump: &Dump, archive: &Archive, progress: &mut Progress) -> Result<(), DumpError> {
    if let ArchiveCompression::Unknown(number) = archive.compression {
        progress.damage(format!("its header names compression {number}, which does not exist"), Some(11), None);
        return Ok(());
    }
    let mut file = File::open(&dump.path).map_err(|error| dump.unreadable(error))?;
    file.seek(SeekFrom::Start(archive.data_start)).map_err(|error| dump.unreadable(error))?;
    let mut input = Input {
        source: BufReader::with_capacity(compression::READ_SIZE, file),
        offset: archive.data_start,
        int_size: archive.layout.int_size,
        offset_size: archive.layout.offset_size,
    };
    let mut walk = Walk {
        dump,
        archive,
        progress,
        wanted: directory::wanted(archive).into_iter().map(|wanted| (wanted.id, wanted)).collect(),
        large_objects: LargeObjects::default(),
    };
    walk.run(&mut input)?;
    let mut missing: Vec<Wanted> = walk.wanted.into_values().collect();
    let large_objects = walk.large_objects;
    missing.sort_by_key(|wanted| wanted.id);
    for wanted in &missing {
        progress.missing(wanted);
    }
    if missing.is_empty() {
        large_objects.finish(archive, progress);
    }
    Ok(())
}

struct Walk<'a> {
    dump: &'a Dump,
    archive: &'a Archive,
    progress: &'a mut Progress,
    wanted: HashMap<i32, Wanted>,
    large_objects: LargeObjects,
}

impl Walk<'_> {
    fn run(&mut self, input: &mut Source) -> Result<(), DumpError> {
        let places: HashMap<i32, DataState> = self.archive.entries.iter().map(|entry| (entry.id, entry.data)).collect();
        loop {
            let start = input.offset;
            if self.wanted.is_empty() {
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
            let Some(wanted) = self.wanted.remove(&id) else {
                let what = format!("holds something at byte {start} that is no data block of its table of contents");
                self.progress.damage(what, Some(start), None);
                return Ok(());
            };
            let fits = match wanted.kind {
                Kind::LargeObjects => kind == BLOCK_LARGE_OBJECTS,
                Kind::Data(_) => kind == BLOCK_DATA,
            };
            if !fits {
                let what = format!("{} begins with the unknown block type {kind}", wanted.label());
                self.progress.damage(what, Some(start), wanted.table);
                return Ok(());
            }
            if let Some(DataState::At(place)) = places.get(&id)
                && *place != start
            {
                let what = format!("{} is at byte {start}, not at byte {place} as listed", wanted.label());
                self.progress.damage(what, Some(start), wanted.table.clone());
            }
            if !self.block(input, &wanted, start)? {
                return Ok(());
            }
        }
    }

    /// Reads one entry's data; false where no further block can be found.
    fn block(&mut self, input: &mut Source, wanted: &Wanted, start: u64) -> Result<bool, DumpError> {
        let Kind::Data(content) = wanted.kind else { return self.large_objects(input, wanted) };
        let (data, ending) = self.read(input, content);
        match ending {
            Ending::Whole => self.progress.read_data(wanted, &data, Some(start)),
            Ending::Corrupt(error) => {
                let table = wanted.table.clone();
                self.progress.read_error(&error, wanted.label(), Some(start), table, self.dump)?;
            }
            Ending::Broken(fault) => {
                self.stop(fault, wanted.label(), input.offset, wanted.table.clone())?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn large_objects(&mut self, input: &mut Source, wanted: &Wanted) -> Result<bool, DumpError> {
        loop {
            let start = input.offset;
            let oid = match input.int() {
                Ok(0) => return Ok(true),
                Ok(oid) => oid as u32,
                Err(fault) => {
                    self.stop(fault, wanted.label(), start, None)?;
                    return Ok(false);
                }
            };
            self.large_objects.listed += 1;
            self.large_objects.seen += 1;
            let label = format!("large object {oid}");
            match self.read(input, Content::LargeObject).1 {
                Ending::Whole => {}
                Ending::Corrupt(error) => {
                    self.progress.read_error(&error, label, Some(start), None, self.dump)?;
                }
                Ending::Broken(fault) => {
                    self.stop(fault, label, input.offset, None)?;
                    return Ok(false);
                }
            }
        }
    }

    fn read(&self, input: &mut Source, content: Content) -> (Data, Ending) {
        let mut data = Data::new(content);
        let mut blocks = Blocks { input, left: 0, ended: false, broken: None };
        let result = match self.archive.compression.algorithm() {
            None => data.read_from(&mut blocks),
            Some(algorithm) => match algorithm.decode_block(&mut blocks) {
                Ok(mut decoder) => data.read_from(&mut decoder),
                Err(error) => Err(error),
            },
        };
        // A stream may be over before its blocks are; a corrupt one leaves them unread.
        let drained = io::copy(&mut blocks, &mut io::sink());
        let ending = match (blocks.broken, result, drained) {
            (Some(fault), ..) => Ending::Broken(fault),
            (None, Err(error), _) => Ending::Corrupt(error),
            (None, Ok(()), Err(error)) => Ending::Broken(Fault::Read(error)),
            (None, Ok(()), Ok(_)) => Ending::Whole,
        };
        (data, ending)
    }

    /// Says that the blocks cannot be followed further.
    fn stop(&mut self, fault: Fault, label: String, at: u64, table: Option<String>) -> Result<(), DumpError> {
        match fault {
            Fault::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.progress.damage(format!("ends inside {label}"), Some(at), table);
                Ok(())
            }
            Fault::Read(error) => self.progress.read_error(&error, label, Some(at), table, self.dump),
            Fault::Odd(what) => {
                self.progress.damage(format!("{label} is corrupt ({what})"), Some(at), table);
                Ok(())
            }
        }
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
}

impl BufRead for Blocks<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.left == 0 && !self.ended {
            match self.input.int() {
                Ok(0) => self.ended = true,
                Ok(length) => match usize::try_from(length) {
                    Ok(length) => self.left = length,
                    Err(_) => return Err(self.fail(Fault::Odd(format!("a block of {length} bytes")))),
                },
                Err(fault) => return Err(self.fail(fault)),
            }
        }
        if self.left == 0 {
            return Ok(&[]);
        }
        match self.input.source.fill_buf() {
            Ok([]) => return Err(self.fail(Fault::Read(io::ErrorKind::UnexpectedEof.into()))),
            Ok(_) => {}
            Err(error) => return Err(self.fail(Fault::Read(error))),
        }
        let available = self.input.source.buffer();
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount;
        self.input.offset += amount as u64;
        self.input.source.consume(amount);
    }
}

impl Read for Blocks<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let read = available.len().min(out.len());
        out[..read].copy_from_slice(&available[..read]);
        self.consume(read);
        Ok(read)
    }
}
