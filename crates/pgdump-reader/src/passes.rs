//! The passes over a dump: a look at its beginning, and the ways to read it to its end.

use std::io::Read as _;

use crate::archive::data::RowSink;
use crate::archive::pass::ArchivePass;
use crate::archive::{Container, custom, directory, tar};
use crate::charset::Charset;
use crate::columns::ZonedColumns;
use crate::declared::Declared;
use crate::digest::{Recipe, Row};
use crate::dump::{Content, Dump};
use crate::embedding::Embedding;
use crate::error::DumpError;
use crate::facts::Facts;
use crate::names::Names;
use crate::rows::{Destination, RowMode, RowTotals, VisitedRow, Visitor};
use crate::scan::Scan;
use crate::schema::schema_or_public;
use crate::script;

impl Dump {
    /// What it declares at its beginning: an archive's table of contents, or a plain dump up to its first rows and no more
    /// than a megabyte. No rows are counted.
    ///
    /// # Errors
    /// When the beginning could not be read.
    pub fn glance(&self) -> Result<Facts, DumpError> {
        match &self.content {
            Content::Archive(archive) => Ok(Facts::of_archive(archive)),
            Content::Plain(_) => {
                const BEGINNING: u64 = 1 << 20;
                let reader = self.reader().map_err(|error| self.unreadable(error))?;
                Ok(Facts::of_beginning(reader.take(BEGINNING)))
            }
        }
    }

    /// Reads the dump to its end: is it whole, what does it declare, and what rows does it hold?
    ///
    /// # Errors
    /// When the reading itself failed; what is wrong with the dump is in [`Scan::damage`].
    pub fn scan(&self) -> Result<Scan, DumpError> {
        run(self, &mut RowMode::Digest)
    }

    /// The same without digests of the rows, which are only counted.
    ///
    /// # Errors
    /// As for [`Dump::scan`].
    pub fn count(&self) -> Result<Scan, DumpError> {
        run(self, &mut RowMode::Count)
    }

    /// Gives the rows of one table, in the order of the dump. Names are without quotes; a table that a script names without a
    /// schema, and for which it sets none, is in `public`.
    ///
    /// # Errors
    /// As for [`Dump::visit`], which has more to say of each row.
    pub fn rows_of(&self, schema: &str, table: &str, each: impl FnMut(&Row) + Send) -> Result<(), DumpError> {
        self.visit(&mut OneTable { schema, table, each })
    }

    /// Reads the dump once more, and shows a visitor the rows that it wants.
    ///
    /// # Errors
    /// When the reading itself failed; rows in damaged places are left out.
    pub fn visit(&self, visitor: &mut dyn Visitor) -> Result<(), DumpError> {
        run(self, &mut RowMode::Visit(visitor)).map(|_| ())
    }
}

/// Hands on the rows of one table.
struct OneTable<'n, F> {
    schema: &'n str,
    table: &'n str,
    each: F,
}

impl<F: FnMut(&Row) + Send> Visitor for OneTable<'_, F> {
    fn may_want(&self, destination: &Destination) -> bool {
        (schema_or_public(destination.schema.as_deref()), destination.table.as_str()) == (self.schema, self.table)
    }

    fn wants(&mut self, destination: &Destination) -> Option<Recipe> {
        self.may_want(destination).then(Recipe::default)
    }

    fn row(&mut self, _destination: &Destination, row: VisitedRow<'_>) {
        (self.each)(row.row());
    }
}

fn run(dump: &Dump, mode: &mut RowMode<'_>) -> Result<Scan, DumpError> {
    let archive = match &dump.content {
        Content::Plain(plain) => return script::scan(dump, plain, mode),
        Content::Archive(archive) => archive,
    };
    let zoned = ZonedColumns::of_archive(archive);
    let mut totals = RowTotals::encoded(Embedding::of(archive.encoding.as_deref()));
    let mut pass = ArchivePass::new(RowSink {
        mode,
        totals: &mut totals,
        columns: &zoned,
        std_strings: archive.std_strings.unwrap_or(true),
        charset: Charset::of(archive.encoding.as_deref()),
    });
    match archive.container {
        Container::Custom => custom::scan(dump, archive, &mut pass)?,
        Container::Directory => directory::scan(dump, archive, &mut pass)?,
        Container::Tar => tar::scan(dump, archive, &mut pass)?,
    }
    let mut facts = Facts::of_archive(archive);
    facts.count_rows(archive, &pass.read);
    let large_objects = vec![(None, pass.large_objects)];
    let damage = pass.into_damage();
    let (declared, abridged) = (Declared::of_archive(archive), archive.abridged);
    let names = Names::of_archive(archive);
    let rows = totals.into_rows();
    Ok(Scan { damage, facts, declared, abridged, rows, large_objects, names, ..Scan::default() })
}
