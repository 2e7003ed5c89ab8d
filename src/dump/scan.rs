//! The full pass over a dump: is it whole, and what does it declare?

use std::collections::HashMap;
use std::io;

use super::archive::{Container, TocEntry};
use super::copy::Data;
use super::directory::{self, Wanted};
use super::facts::Facts;
use super::{Content, Dump, DumpError, custom, plain, tar};

/// What a full pass has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Empty where the dump is whole.
    pub damage: Vec<Damage>,
    pub facts: Facts,
}

/// A place where a dump is not what pg_dump writes: something is cut off, missing or corrupt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// For people: `ends inside the COPY data of public.orders, line 9012`.
    pub what: String,
    /// Bytes from the beginning of the file (of the decompressed text of a compressed plain dump).
    pub at: Option<u64>,
    /// The table whose data it hits.
    pub table: Option<String>,
}

/// A dump damaged all over names this many places one by one.
const NAMED: usize = 100;

pub(super) fn run(dump: &Dump) -> Result<Scan, DumpError> {
    let archive = match &dump.content {
        Content::Plain(plain) => return plain::scan(dump, plain),
        Content::Archive(archive) => archive,
    };
    let mut progress = Progress::default();
    match archive.container {
        Container::Custom => custom::scan(dump, archive, &mut progress)?,
        Container::Directory => directory::scan(dump, archive, &mut progress)?,
        Container::Tar => tar::scan(dump, archive, &mut progress)?,
    }
    let mut facts = Facts::of_archive(archive);
    facts.count_rows(archive, &progress.read);
    Ok(Scan { damage: progress.into_damage(), facts })
}

/// What is known of one table's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) any: bool,
    pub(super) count: Option<u64>,
}

/// Gathers damage and row counts while an archive's data are read.
#[derive(Debug, Default)]
pub(super) struct Progress {
    damage: Vec<Damage>,
    more: usize,
    /// By dump id.
    pub(super) read: HashMap<i32, Rows>,
}

impl Progress {
    pub(super) fn damage(&mut self, what: String, at: Option<u64>, table: Option<String>) {
        if self.damage.len() < NAMED {
            self.damage.push(Damage { what, at, table });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn missing(&mut self, wanted: &Wanted) {
        self.damage(format!("{} is missing", wanted.label()), None, wanted.table.clone());
    }

    /// Takes the data of an entry that were read without an error.
    pub(super) fn read_data(&mut self, wanted: &Wanted, data: &Data, at: Option<u64>) {
        self.read.insert(wanted.id, Rows { any: data.has_rows(), count: data.rows() });
        if !data.is_whole() {
            let what = format!("{} ends without its end mark, after {} bytes of data", wanted.label(), data.bytes());
            self.damage(what, at, wanted.table.clone());
        }
    }

    /// An error while reading is damage where the bytes are at fault, and an error of the pass where the disk is.
    pub(super) fn read_error(
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
        let what = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("{label} is cut off ({error})")
        } else {
            format!("{label} is corrupt ({error})")
        };
        self.damage(what, at, table);
        Ok(())
    }

    fn into_damage(mut self) -> Vec<Damage> {
        if self.more > 0 {
            let what = format!("and {} more places are damaged", self.more);
            self.damage.push(Damage { what, at: None, table: None });
        }
        self.damage
    }
}

/// `public.orders`, for people.
pub(super) fn table_name(entry: &TocEntry) -> String {
    match &entry.schema {
        Some(schema) => format!("{schema}.{}", entry.tag),
        None => entry.tag.clone(),
    }
}
