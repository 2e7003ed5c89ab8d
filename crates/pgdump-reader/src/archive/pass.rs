//! A pass over the data of an archive: where its rows go, and what it finds damaged.

use std::collections::HashMap;
use std::io::{self, Read};

use crate::archive::Archive;
use crate::archive::data::{DataRead, EntryReader, RowSink};
use crate::archive::entries::{DataEntry, DataKind};
use crate::archive::large_object_lists::{LargeObjectCount, Lines, parse_line};
use crate::dump::Dump;
use crate::error::DumpError;
use crate::large_objects::LargeObjectData;
use crate::scan::{Damage, MAX_DAMAGE, error_state};
use crate::tag;

/// Gathers damage, rows and large objects while an archive's data are read.
pub(crate) struct ArchivePass<'p, 'v> {
    damage: Vec<Damage>,
    /// Damaged places that are not listed one by one.
    more: usize,
    /// What was read of each entry, by dump id.
    pub(crate) read: HashMap<i32, DataRead>,
    pub(crate) large_objects: LargeObjectData,
    pub(crate) large_object_count: LargeObjectCount,
    pub(crate) sink: RowSink<'p, 'v>,
}

impl<'p, 'v> ArchivePass<'p, 'v> {
    pub(crate) fn new(sink: RowSink<'p, 'v>) -> Self {
        Self {
            damage: Vec::new(),
            more: 0,
            read: HashMap::new(),
            large_objects: LargeObjectData::default(),
            large_object_count: LargeObjectCount::default(),
            sink,
        }
    }

    pub(crate) fn damage(&mut self, what: String, at: Option<u64>, table: Option<String>) {
        if self.damage.len() < MAX_DAMAGE {
            self.damage.push(Damage { what, at, table });
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn missing(&mut self, entry: &DataEntry) {
        self.damage(format!("{} is missing", entry.label()), None, entry.table.clone());
    }

    /// Takes the data of an entry that were read without an error.
    pub(crate) fn entry_read(&mut self, entry: &DataEntry, read: DataRead, at: Option<u64>) {
        self.read.insert(entry.id, read);
        if read.has_rest {
            let what = format!(
                "{} goes on behind its end mark: what stands there is not restored, and no error is given",
                entry.label()
            );
            self.damage(what, None, entry.table.clone());
        } else if !read.whole {
            let what = format!("{} ends without its end mark, after {} bytes of data", entry.label(), read.bytes);
            self.damage(what, at, entry.table.clone());
        }
    }

    /// An error while reading is damage where the bytes are at fault, and an error of the pass where the disk is.
    pub(crate) fn read_error(
        &mut self,
        error: &io::Error,
        label: String,
        at: Option<u64>,
        table: Option<String>,
        dump: &Dump,
    ) -> Result<(), DumpError> {
        if error.raw_os_error().is_some() {
            return Err(dump.unreadable(io::Error::new(error.kind(), error.to_string())));
        }
        let what = format!("{label} {} ({error})", error_state(error));
        self.damage(what, at, table);
        Ok(())
    }

    /// Reads a file of a directory archive or a member of a tar file whole: an entry's data, or a list of large objects.
    pub(crate) fn read_file(&mut self, entry: &DataEntry, source: &mut dyn Read, at: Option<u64>) -> io::Result<()> {
        match entry.kind {
            DataKind::Rows(format) => {
                let sink = &mut self.sink;
                let mut reader = EntryReader::new(format, &entry.destination, sink);
                let result = reader.read_from(source, &entry.destination, sink, None);
                let read = reader.finish(sink, result.is_err());
                result.map_err(|error| read.with_rows(error))?;
                self.entry_read(entry, read, at);
            }
            DataKind::LargeObjects => {
                let mut lines = Lines::new(source);
                while let Some(line) = lines.next()? {
                    if parse_line(&line).is_none() {
                        let what = format!("{} has a line that names no large object", entry.label());
                        self.damage(what, at, None);
                    } else {
                        self.large_object_count.listed += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Compares how many large objects are listed, were found, and are in the table of contents.
    pub(crate) fn check_large_objects(&mut self, archive: &Archive) {
        let declared: usize = if archive.version.since(16) {
            archive.entries.iter().map(|entry| entry.large_object_oids().count()).sum()
        } else {
            archive.entries.iter().filter(|entry| entry.desc == tag::BLOB).count()
        };
        let LargeObjectCount { listed, found } = self.large_object_count;
        if found != listed {
            self.damage(format!("{listed} large objects are listed and {found} are there"), None, None);
        }
        // A dump of data alone declares none.
        let has_data = archive.entries.iter().any(|entry| entry.desc == tag::BLOBS);
        if has_data && declared > 0 && declared as u64 != listed && !archive.abridged {
            let what = format!("{declared} large objects are declared and the data of {listed} are there");
            self.damage(what, None, None);
        }
    }

    pub(crate) fn into_damage(mut self) -> Vec<Damage> {
        if self.more > 0 {
            let what = format!("and {} more places are damaged", self.more);
            self.damage.push(Damage { what, at: None, table: None });
        }
        self.damage
    }
}
