//! The full pass over a dump: is it whole, and what does it declare?

use std::collections::HashMap;
use std::io;

use super::archive::{Container, TocEntry};
use super::charset::Charset;
use super::columns::ZonedColumns;
use super::data::{Came, Takers};
use super::declared::{Added, Declared};
use super::directory::{self, Wanted};
use super::embedding::Embedding;
use super::facts::Facts;
use super::large_objects::LargeObjectData;
use super::names::Names;
use super::rows::{Gathered, Plan, TableRows};
use super::unfollowed::{Affects, ScriptEnd, Unfollowed};
use super::{Content, Dump, DumpError, custom, plain, tar};

/// What a full pass has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Empty where the dump is whole.
    pub damage: Vec<Damage>,
    pub facts: Facts,
    /// Every object with its definition.
    pub declared: Vec<Declared>,
    /// What somebody has added to a plain dump.
    pub added: Vec<Added>,
    /// Whether definitions were left out because they are too long in all to be kept.
    pub abridged: bool,
    /// By place.
    pub rows: Vec<TableRows>,
    /// By database, as in [`Place`](super::Place).
    pub large_objects: Vec<(Option<String>, LargeObjectData)>,
    /// Every name in its statements.
    pub names: Names,
    /// What a script does that reading it does not tell, in its order.
    pub unfollowed: Vec<Unfollowed>,
    /// How a script ends.
    pub end: ScriptEnd,
}

impl Scan {
    /// What of a script makes it unknown whether all that the dump holds is looked at.
    pub fn not_followed(&self) -> impl Iterator<Item = &Unfollowed> {
        self.unfollowed.iter().filter(|unfollowed| unfollowed.affects == Affects::Everything)
    }
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
pub(super) const NAMED: usize = 100;

pub(super) fn run(dump: &Dump, plan: &mut Plan<'_>) -> Result<Scan, DumpError> {
    let archive = match &dump.content {
        Content::Plain(plain) => return plain::scan(dump, plain, plan),
        Content::Archive(archive) => archive,
    };
    let zoned = ZonedColumns::of_archive(archive);
    let mut gathered = Gathered::encoded(Embedding::of(archive.encoding.as_deref()));
    let mut progress = Progress {
        damage: Vec::new(),
        more: 0,
        read: HashMap::new(),
        large_objects: LargeObjectData::default(),
        takers: Takers {
            plan,
            gathered: &mut gathered,
            columns: &zoned,
            std_strings: archive.std_strings.unwrap_or(true),
            charset: Charset::of(archive.encoding.as_deref()),
        },
    };
    match archive.container {
        Container::Custom => custom::scan(dump, archive, &mut progress)?,
        Container::Directory => directory::scan(dump, archive, &mut progress)?,
        Container::Tar => tar::scan(dump, archive, &mut progress)?,
    }
    let mut facts = Facts::of_archive(archive);
    facts.count_rows(archive, &progress.read);
    let large_objects = vec![(None, progress.large_objects)];
    let damage = progress.into_damage();
    let (declared, abridged) = (Declared::of_archive(archive), archive.abridged);
    let names = Names::of_archive(archive);
    let rows = gathered.into_rows();
    Ok(Scan { damage, facts, declared, abridged, rows, large_objects, names, ..Scan::default() })
}

/// Gathers damage and row counts while an archive's data are read.
pub(super) struct Progress<'p, 'v> {
    damage: Vec<Damage>,
    more: usize,
    /// By dump id.
    pub(super) read: HashMap<i32, Came>,
    pub(super) large_objects: LargeObjectData,
    pub(super) takers: Takers<'p, 'v>,
}

impl Progress<'_, '_> {
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
    pub(super) fn read_data(&mut self, wanted: &Wanted, came: Came, at: Option<u64>) {
        self.read.insert(wanted.id, came);
        if came.has_rest {
            let what = format!(
                "{} goes on behind its end mark: what stands there is not restored, and no error is given",
                wanted.label()
            );
            self.damage(what, None, wanted.table.clone());
        } else if !came.whole {
            let what = format!("{} ends without its end mark, after {} bytes of data", wanted.label(), came.bytes);
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
        let what = format!("{label} {} ({error})", state(error));
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

/// What an error while decompressing says of the bytes.
pub(super) fn state(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "is cut off",
        io::ErrorKind::OutOfMemory => "cannot be decompressed",
        _ => "is corrupt",
    }
}

/// `public.orders`, for people.
pub(super) fn table_name(entry: &TocEntry) -> String {
    match &entry.schema {
        Some(schema) => format!("{schema}.{}", entry.tag),
        None => entry.tag.clone(),
    }
}
