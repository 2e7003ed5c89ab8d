#![doc = include_str!("../README.md")]
//!
//! # How it reads
//!
//! [`open`] sees by content what a dump is and reads what stands at its beginning. [`Dump::scan`] reads it to its end, which
//! alone shows that it is whole: psql exits with 0 on a plain dump that is cut off amid a table's rows, and
//! `pg_restore --list` reads half an archive without complaint. On its way it digests the rows ([`digest`]), so that a
//! restored table can be compared with them; where they differ, [`Dump::visit`] reads them once more to say where.

#![warn(missing_docs)]

mod archive;
mod changes;
mod charset;
mod collector;
mod columns;
mod copy_format;
mod declared;
mod detect;
pub mod digest;
mod dump;
mod embedding;
mod error;
mod facts;
mod granted_kind;
mod held;
mod large_objects;
mod lexer;
mod names;
mod object_kind;
mod object_words;
pub mod ordinary;
mod passes;
mod plain;
mod psql;
mod read_ahead;
mod reader;
pub mod reading;
mod recode;
mod renamed;
mod requirements;
mod row_counts;
mod rows;
mod scan;
mod schema;
mod script;
mod sequences;
pub mod sql;
mod strings;
pub mod tag;
mod temporary;
#[cfg(test)]
mod tests;
mod version;
mod words;

use std::path::Path;

pub use archive::{Archive, ArchiveCompression, ArchiveVersion, Container, DataState, Layout, Section, TocEntry};
pub use charset::bytes_of;
pub use compressed::Compression;
pub use declared::{Added, Declared, Word, split, statements};
pub use dump::Dump;
pub use error::DumpError;
pub use facts::{
    Constraint, CreatedDatabase, Extension, Facts, Grant, Owned, Policy, Relation, RoleUse, RowSecurity, SequenceValue,
    TableData,
};
pub use granted_kind::GrantedKind;
pub use held::{Held, Holding};
pub use large_objects::{LargeObjectData, PAGE as LARGE_OBJECT_PAGE};
pub use names::Names;
pub use object_kind::{Naming, OBJECT_KINDS, ObjectKind, Part, Pass};
pub use object_words::{split_label, subject_of};
pub use plain::{Plain, begins_with_command};
pub use reader::Reader;
pub use renamed::Renamed;
pub use requirements::{
    Collation, FEATURES, Feature, Needs, PrivilegedUse, Requirements, SUBSCRIPTIONS, feature_refused, features_in,
};
pub use rows::{Destination, TableRows, VisitedRow, Visitor};
pub use scan::{Damage, Scan};
pub use schema::schema_or_public;
pub use script::role_changes::RoleChanges;
pub use script::transactions::{Transaction, Transactions};
pub use script::unfollowed::{Affects, Effect, ScriptEnd, Unfollowed};
pub use strings::in_standard_form;
pub use version::major_of;

/// Finds out what a dump is by its content, whatever its name, and reads its header and table of contents.
///
/// Fast: the data are not read, so a dump that opens may still be damaged ([`Dump::scan`]).
///
/// # Errors
/// When there is nothing to read, or it is no dump: the message says what it is instead.
pub fn open(path: &Path) -> Result<Dump, DumpError> {
    detect::open(path)
}

/// Reads the header and the table of contents of a custom archive in memory, such as a program has just written.
///
/// # Errors
/// Why it is none, for people.
pub fn table_of_contents(archive: &[u8]) -> Result<Archive, String> {
    archive::toc::read(archive, Container::Custom).map_err(|error| error.to_string())
}
