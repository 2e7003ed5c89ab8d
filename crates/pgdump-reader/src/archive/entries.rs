//! The entries of an archive that have data, and where their rows go.

use crate::archive::{Archive, Container, DataState, TocEntry};
use crate::collector::{Collector, Effect};
use crate::lexer::{Item, Lexer};
use crate::rows::Destination;
use crate::tag;

/// An entry whose data the archive has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataEntry {
    pub(crate) id: i32,
    /// In directory and tar archives.
    pub(crate) file: String,
    /// `public.orders`; none for large objects.
    pub(crate) table: Option<String>,
    /// Where its rows go.
    pub(crate) destination: Destination,
    pub(crate) kind: DataKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataKind {
    Rows(RowFormat),
    /// The list of the large objects.
    LargeObjects,
}

/// How a table's rows are written, which says how they must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowFormat {
    /// Rows in COPY's text format, ended by a line `\.` (dumpTableData_copy in src/bin/pg_dump/pg_dump.c).
    Copy,
    /// INSERT statements, ended by an empty line (dumpTableData_insert).
    Inserts,
}

impl DataEntry {
    /// All of an archive, in its order.
    pub(crate) fn of_archive(archive: &Archive) -> impl Iterator<Item = Self> {
        let entries = archive.entries.iter();
        let with_data = entries.filter(|entry| entry.data != DataState::None || entry.filename.is_some());
        with_data.map(|entry| Self::of(entry, archive))
    }

    fn of(entry: &TocEntry, archive: &Archive) -> Self {
        let large_objects = entry.desc == tag::BLOBS;
        let file = match &entry.filename {
            // Before 1.16 the list had this name whatever the entry says (_LoadLOs in pg_backup_directory.c of 18).
            Some(_) if large_objects && !archive.version.since(16) => "blobs.toc".to_owned(),
            // In tar archives the entry names a file that is not there (_StartLOs in pg_backup_tar.c of 17).
            Some(_) if large_objects && archive.container == Container::Tar => format!("blobs_{}.toc", entry.id),
            Some(name) => name.clone(),
            None => String::new(),
        };
        let kind = if large_objects {
            DataKind::LargeObjects
        } else if entry.copy_stmt.is_some() {
            DataKind::Rows(RowFormat::Copy)
        } else {
            DataKind::Rows(RowFormat::Inserts)
        };
        let table = (!large_objects).then(|| table_name(entry));
        Self { id: entry.id, file, table, destination: destination(entry), kind }
    }

    /// For people.
    pub(crate) fn label(&self) -> String {
        let file = if self.file.is_empty() { String::new() } else { format!(" (file {})", self.file) };
        match &self.table {
            Some(table) => format!("the data of {table}{file}"),
            None => format!("the list of large objects{file}"),
        }
    }
}

/// Where an entry's rows go, by its COPY statement: with `--load-via-partition-root` that is not the entry's own table.
fn destination(entry: &TocEntry) -> Destination {
    let own = Destination { database: None, schema: entry.schema.clone(), table: entry.tag.clone(), columns: None };
    let Some(statement) = &entry.copy_stmt else { return own };
    let mut lexer = Lexer::of_text(statement);
    let mut collector = Collector::default();
    collector.schema.clone_from(&entry.schema);
    // Reading from memory cannot fail.
    match lexer.next() {
        Ok(Some(Item::Statement(statement))) => match collector.statement(&statement) {
            Effect::Copy(target) => {
                Destination { database: None, schema: target.schema, table: target.table, columns: target.columns }
            }
            _ => own,
        },
        _ => own,
    }
}

/// `public.orders`, for people.
fn table_name(entry: &TocEntry) -> String {
    match &entry.schema {
        Some(schema) => format!("{schema}.{}", entry.tag),
        None => entry.tag.clone(),
    }
}
