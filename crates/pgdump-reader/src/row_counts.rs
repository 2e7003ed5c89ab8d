//! The number of rows that a pass has counted, for each table that a dump declares.

use std::collections::HashMap;

use crate::archive::Archive;
use crate::archive::data::DataRead;
use crate::digest::NoDigest;
use crate::facts::{Facts, TableData};
use crate::rows::TableRows;
use crate::tag;

impl Facts {
    /// Writes the rows that were counted to the tables that they belong to.
    pub(crate) fn count_rows(&mut self, archive: &Archive, read: &HashMap<i32, DataRead>) {
        let mut rows: HashMap<(Option<&str>, &str), DataRead> = HashMap::new();
        for entry in archive.entries.iter().filter(|entry| entry.desc == tag::TABLE_DATA) {
            if let Some(data) = read.get(&entry.id) {
                rows.insert((entry.schema.as_deref(), &entry.tag), *data);
            }
        }
        for table in &mut self.tables {
            let data = rows.get(&(table.schema.as_deref(), table.name.as_str()));
            table.has_data = data.is_some_and(|data| data.rows > 0);
            table.rows = data.filter(|data| data.whole).map(|data| data.rows);
            table.bytes = data.map_or(0, |data| data.bytes);
        }
    }

    /// The same for a plain dump, which names the tables that the rows go into.
    pub(crate) fn take_rows(&mut self, read: &[TableRows]) {
        let mut tables: HashMap<_, &mut TableData> = HashMap::new();
        for table in &mut self.tables {
            tables.insert((table.database.clone(), table.schema.clone(), table.name.clone()), table);
        }
        for rows in read {
            let destination = &rows.destination;
            let name = (destination.database.clone(), destination.schema.clone(), destination.table.clone());
            if let Some(table) = tables.get_mut(&name) {
                table.has_data |= rows.rows > 0;
                table.bytes += rows.bytes;
                table.rows = match rows.digest {
                    Err(NoDigest::Damaged) => None,
                    _ => Some(table.rows.unwrap_or(0) + rows.rows),
                };
            }
        }
    }
}
