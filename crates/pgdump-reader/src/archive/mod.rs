//! pg_dump's archives: what their header and table of contents say.

pub(crate) mod custom;
pub(crate) mod data;
pub(crate) mod directory;
pub(crate) mod entries;
pub(crate) mod large_object_lists;
pub(crate) mod pass;
pub(crate) mod tar;
pub(crate) mod toc;

use std::fmt;

use crate::object_words;
use crate::tag;
use compressed::Compression;

/// A dump in custom, directory or tar format, as its table of contents describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// How it is stored.
    pub container: Container,
    /// The version of its format.
    pub version: ArchiveVersion,
    /// How its data are compressed.
    pub compression: ArchiveCompression,
    /// When the dump began, in the local time of the machine that made it (no zone is recorded).
    pub created: Option<jiff::civil::DateTime>,
    /// Whether that was summer time there (`tm_isdst`); `None` where the machine did not know.
    pub created_in_summer_time: Option<bool>,
    /// The database that was dumped.
    pub database: String,
    /// The version of the server that was dumped: `15.18 (Debian 15.18-0+deb12u1)`.
    pub server_version: String,
    /// The version of the pg_dump that wrote it: `17.6 (Debian 17.6-1)`.
    pub pg_dump_version: String,
    /// The dump's `client_encoding`, from its ENCODING entry.
    pub encoding: Option<String>,
    /// `standard_conforming_strings`, from its STDSTRINGS entry.
    pub std_strings: Option<bool>,
    /// `search_path` as the SEARCHPATH entry sets it (archives of 1.13 and newer).
    pub search_path: Option<String>,
    /// In the order of the file, which is the order of a restore without `--jobs`.
    pub entries: Vec<TocEntry>,
    /// Set where the table of contents holds more text than is kept in memory: long definitions are left out then.
    pub abridged: bool,
    /// Where the data blocks of a custom archive begin.
    pub(crate) data_start: u64,
    /// The sizes of its numbers.
    pub layout: Layout,
}

/// How an archive is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// `pg_dump -Fc`: one file.
    Custom,
    /// `pg_dump -Fd`: a folder with a `toc.dat`.
    Directory,
    /// `pg_dump -Ft`: a tar file whose first member is `toc.dat`.
    Tar,
}

impl Container {
    /// As it is shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Container::Custom => "custom",
            Container::Directory => "directory",
            Container::Tar => "tar",
        }
    }
}

/// The version of the archive format, not of PostgreSQL.
///
/// K_VERS_* in src/bin/pg_dump/pg_backup_archiver.h: 1.12 since PostgreSQL 9.0, 1.13 since 10.3, 1.14 since 12, 1.15
/// since 16, 1.16 since 17.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchiveVersion {
    /// 1 in all archives there are.
    pub major: u8,
    /// Grows with what pg_dump writes: 16 since PostgreSQL 17.
    pub minor: u8,
    /// 0 in all versions that are read.
    pub revision: u8,
}

impl ArchiveVersion {
    /// The oldest that is read: of PostgreSQL 9.0.
    pub const OLDEST: Self = Self::new(1, 12);
    /// The newest that is read: of PostgreSQL 17 and 18.
    pub const NEWEST: Self = Self::new(1, 16);

    /// With revision 0, as all have it.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor, revision: 0 }
    }

    /// Whether it is at least this version, whatever the revision.
    pub(crate) fn since(self, minor: u8) -> bool {
        (self.major, self.minor) >= (1, minor)
    }
}

impl fmt::Display for ArchiveVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.revision != 0 {
            write!(f, ".{}", self.revision)?;
        }
        Ok(())
    }
}

/// How an archive's header says that its data are compressed.
///
/// Since 1.15 one byte names the algorithm (pg_compress_algorithm in src/include/common/compression.h: 0 none, 1 gzip,
/// 2 lz4, 3 zstd); before, an integer gives zlib's level, with 0 for none and -1 for zlib's default (ReadHead in
/// pg_backup_archiver.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArchiveCompression {
    /// The data are stored as they are.
    None,
    /// The level where the header gives one.
    Gzip {
        /// zlib's, from 1 to 9; -1 is its default.
        level: Option<i32>,
    },
    /// The lz4 frame format.
    Lz4,
    /// RFC 8878.
    Zstd,
    /// An algorithm that this program does not know.
    Unknown(u8),
}

impl ArchiveCompression {
    /// What decompresses it, where something has to.
    pub fn algorithm(self) -> Option<Compression> {
        match self {
            ArchiveCompression::None | ArchiveCompression::Unknown(_) => None,
            ArchiveCompression::Gzip { .. } => Some(Compression::Gzip),
            ArchiveCompression::Lz4 => Some(Compression::Lz4),
            ArchiveCompression::Zstd => Some(Compression::Zstd),
        }
    }

    /// As it is shown to people.
    pub fn label(self) -> &'static str {
        match self {
            ArchiveCompression::None => "not compressed",
            ArchiveCompression::Unknown(_) => "unknown compression",
            other => other.algorithm().map_or("not compressed", Compression::label),
        }
    }
}

/// The sizes in which an archive writes its numbers: those of the machine that made it, without any padding (WriteInt
/// and WriteOffset in src/bin/pg_dump/pg_backup_archiver.c, PostgreSQL 13 to 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of an integer, beside the byte for its sign.
    pub int_size: u8,
    /// Bytes of a place in the file.
    pub offset_size: u8,
}

/// One entry of the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TocEntry {
    /// The dump id, as `pg_restore -l` shows first and other entries depend on.
    pub id: i32,
    /// The oid of the system catalog that the object was in.
    pub table_oid: u32,
    /// The object's oid in the database that was dumped.
    pub oid: u32,
    /// The name: `orders`, `f(integer)`, `TABLE orders` (for an ACL), `orders orders_pkey` (for a constraint).
    pub tag: String,
    /// The type: `TABLE`, `TABLE DATA`, `ACL`.
    pub desc: String,
    /// When a restore creates it.
    pub section: Section,
    /// The statements that make it; empty where it only has data, or was left out ([`Archive::abridged`]).
    /// Strings are as [`in_standard_form`](crate::in_standard_form) has them.
    pub defn: String,
    /// The statement that drops it, for `pg_restore --clean`; empty where nothing does.
    pub drop_stmt: String,
    /// `COPY … FROM stdin;`; `None` where the data are INSERT statements or there are none.
    pub copy_stmt: Option<String>,
    /// `None` for what is in no schema.
    pub schema: Option<String>,
    /// The tablespace that it is put into; `None` is the default one of its database.
    pub tablespace: Option<String>,
    /// Since 1.14.
    pub table_access_method: Option<String>,
    /// `pg_class.relkind`, since 1.16.
    pub relkind: Option<char>,
    /// Empty where the object has no owner.
    pub owner: String,
    /// From servers before 12.
    pub with_oids: bool,
    /// Dump ids.
    pub dependencies: Vec<i32>,
    /// Whether it had data when it was dumped.
    pub has_dumper: bool,
    /// Where its data are.
    pub data: DataState,
    /// The data file of a directory or tar archive.
    pub filename: Option<String>,
}

impl TocEntry {
    /// `TABLE public.orders`, `ACL TABLE public.orders`.
    pub fn label(&self) -> String {
        label(&self.desc, self.schema.as_deref(), &self.tag)
    }

    /// What it says something of, where it is a comment, privileges or a label: the kind as statements call it, and the rest
    /// of the tag.
    pub fn subject(&self) -> Option<(&'static str, &str)> {
        object_words::subject_of(&self.desc, &self.tag)
    }

    /// The oids of the large objects that the entry stands for. Since 17 (archives of 1.16) one entry has all that have owner
    /// and privileges in common, and its definition lists them, one in each line (getLOs in pg_dump.c).
    pub(crate) fn large_object_oids(&self) -> impl Iterator<Item = &str> {
        let is_metadata = self.desc == tag::BLOB_METADATA;
        self.defn.lines().map(str::trim).filter(move |line| is_metadata && !line.is_empty())
    }

    /// Whether it says something of the database itself, and not of what the database holds: its comment, its
    /// privileges.
    pub fn is_of_database(&self) -> bool {
        object_words::is_of_database(&self.desc, &self.tag)
    }
}

/// `TABLE public.orders`, of the parts that a table of contents has.
pub(crate) fn label(desc: &str, schema: Option<&str>, tag: &str) -> String {
    let Some(schema) = schema.filter(|schema| !schema.is_empty()) else {
        return format!("{desc} {tag}");
    };
    // What hangs on an object bears its kind in the tag.
    match object_words::subject_of(desc, tag) {
        Some((kind @ (tag::CONSTRAINT | tag::POLICY | tag::RULE | tag::TRIGGER), rest)) => {
            match rest.rsplit_once(" ON ") {
                // A domain's constraint is `ON DOMAIN d` (dumpDomain in pg_dump.c).
                Some((name, on)) => match object_words::split_label(on) {
                    Some((tag::DOMAIN, domain)) => format!("{desc} {kind} {name} ON DOMAIN {schema}.{domain}"),
                    _ => format!("{desc} {kind} {name} ON {schema}.{on}"),
                },
                None => format!("{desc} {kind} {schema}.{rest}"),
            }
        }
        Some((kind, rest)) => format!("{desc} {kind} {schema}.{rest}"),
        None => format!("{desc} {schema}.{tag}"),
    }
}

/// Which part of a restore an entry belongs to.
///
/// teSection in src/bin/pg_dump/pg_backup.h: 1 none, 2 pre-data, 3 data, 4 post-data (0 is not used).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Comments, privileges and the like, which follow what they are about.
    None,
    /// Definitions that data rest on: schemas, types, functions, tables.
    PreData,
    /// Rows, large objects, values of sequences.
    Data,
    /// What is quicker or only possible once the data are there: indexes, constraints, triggers.
    PostData,
}

/// What a custom archive's table of contents says of where an entry's data are.
///
/// K_OFFSET_* in src/bin/pg_dump/pg_backup_archiver.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataState {
    /// Has no data, or is in a directory or tar archive.
    None,
    /// Has data at a place that was not written down: the dump went to a pipe.
    Somewhere,
    /// At this byte of the file.
    At(u64),
}
