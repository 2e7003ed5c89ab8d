//! What becomes of rows as they are read: they are counted, digested, or shown to a [`Visitor`].

use std::collections::HashMap;

use crate::copy_format::CopyFormat;
use crate::digest::{self, CopyDigester, CopyLines, Digest, NoDigest, Recipe, Row, RowHasher, Treatment};
use crate::embedding::Embedding;
use crate::recode::Recoder;

/// Where rows go: what a COPY or INSERT statement names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination {
    /// The name given to `\connect`; `None` is the database that the restore connects to.
    pub database: Option<String>,
    /// `None` where neither the statement nor `search_path` names one.
    pub schema: Option<String>,
    /// With `--load-via-partition-root` the root, whatever partition the rows were in.
    pub table: String,
    /// `None` where the statement names none, which means all: in the table's order, generated ones not in a COPY and
    /// DEFAULT in an INSERT.
    pub columns: Option<Vec<String>>,
}

/// The rows that a dump holds for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRows {
    /// Where they go.
    pub destination: Destination,
    /// Where the first of them stands in a script, from 1; 0 in an archive.
    pub line: u64,
    /// How many rows there are; where [`NoDigest::is_uncountable`], how many the text shows.
    pub rows: u64,
    /// Of COPY text or INSERT statements, decompressed.
    pub bytes: u64,
    /// Whether they are INSERT statements.
    pub inserts: bool,
    /// What the rows add up to, or why that cannot be said.
    pub digest: Result<Digest, NoDigest>,
    /// The places in the row of values that INSERT statements leave to their default; the digest is without them.
    pub defaults: Vec<usize>,
    /// Whether all of their bytes are ASCII, so that the encoding does not matter.
    pub ascii: bool,
    /// Whether the server may leave some of them out: ON CONFLICT DO NOTHING.
    pub at_most: bool,
}

/// Looks at the rows of some tables while a dump is read ([`crate::Dump::visit`]).
pub trait Visitor: Send {
    /// Whether any rows of this table are wanted, whatever their columns.
    fn may_want(&self, destination: &Destination) -> bool;

    /// How the form of this destination's rows is made; `None` where they are not wanted. Asked once for every block of rows.
    fn wants(&mut self, destination: &Destination) -> Option<Recipe>;

    /// Sees one row. In the order of the dump.
    fn row(&mut self, destination: &Destination, row: VisitedRow<'_>);
}

/// A row that a visitor sees.
pub struct VisitedRow<'a> {
    /// From 1, among all rows of its destination.
    pub number: u64,
    row: &'a Row,
    hasher: &'a mut RowHasher,
}

impl VisitedRow<'_> {
    /// The hash of the row's form.
    pub fn hash(&mut self) -> i64 {
        self.hasher.hash(self.row)
    }

    /// The hash of each value on its own.
    pub fn value_hashes(&mut self) -> Vec<i64> {
        self.hasher.value_hashes(self.row)
    }

    /// Its values.
    pub fn row(&self) -> &Row {
        self.row
    }
}

/// What a pass over a dump does with rows.
pub(crate) enum RowMode<'v> {
    Count,
    Digest,
    Visit(&'v mut dyn Visitor),
}

/// The columns of tables that hold moments, by schema and table and database; what is known of them when rows are read.
pub(crate) trait Columns {
    /// For each of the destination's columns how its text is treated; empty where all are taken as they are.
    fn treatments(&self, destination: &Destination) -> Vec<Treatment>;
}

/// All rows of a pass.
#[derive(Debug, Default)]
pub(crate) struct RowTotals {
    tables: Vec<Table>,
    index: HashMap<Destination, usize>,
    /// What stands before the rows of the last INSERT, and where they go.
    last_insert: (Vec<u8>, usize),
    row: Row,
    kept: usize,
    /// How characters of the rows are made up.
    pub(crate) embedding: Embedding,
    /// Whether the rows are in another encoding than the rest of the dump.
    pub(crate) other_encoding: bool,
    /// The line that is being read.
    pub(crate) line: u64,
}

#[derive(Debug)]
struct Table {
    rows: TableRows,
    /// Of INSERT statements, from their first row on.
    hasher: Option<RowHasher>,
    /// Whether a visitor wants the rows.
    wanted: bool,
}

impl RowTotals {
    /// Of rows in an encoding with such characters.
    pub(crate) fn encoded(embedding: Embedding) -> Self {
        Self { embedding, ..Self::default() }
    }

    pub(crate) fn into_rows(self) -> Vec<TableRows> {
        let mut rows: Vec<TableRows> = self.tables.into_iter().map(|table| table.rows).collect();
        rows.sort_by(|a, b| a.destination.cmp(&b.destination));
        rows
    }

    /// About how many bytes the destinations take.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    fn table(&mut self, destination: &Destination, inserts: bool, digest: Result<Digest, NoDigest>) -> usize {
        if let Some(index) = self.index.get(destination) {
            return *index;
        }
        let rows = TableRows {
            destination: destination.clone(),
            line: self.line,
            rows: 0,
            bytes: 0,
            inserts,
            digest,
            defaults: Vec::new(),
            ascii: true,
            at_most: false,
        };
        self.tables.push(Table { rows, hasher: None, wanted: true });
        self.index.insert(destination.clone(), self.tables.len() - 1);
        self.kept += weight(destination);
        self.tables.len() - 1
    }

    /// Begins a block of COPY rows; `None` where a visitor does not want them.
    pub(crate) fn begin_copy(
        &mut self,
        mode: &mut RowMode<'_>,
        destination: &Destination,
        format: &CopyFormat,
        columns: &dyn Columns,
    ) -> Option<CopyBlock> {
        let embedding = match &format.encoding {
            Some(encoding) => Embedding::of(Some(encoding)),
            None => self.embedding,
        };
        let (recoder, doubt) = (Recoder::of(format, embedding), format.doubt);
        let intake = match mode {
            RowMode::Count => Intake::Count(CopyLines::default(), 0),
            RowMode::Digest => {
                let recipe = Recipe { columns: columns.treatments(destination), ..Recipe::default() };
                Intake::Digest(Box::new(CopyDigester::new(RowHasher::new(recipe))))
            }
            RowMode::Visit(visitor) => {
                let hasher = RowHasher::new(visitor.wants(destination)?);
                let index = self.table(destination, false, Err(NoDigest::NotWanted));
                let number = self.tables[index].rows.rows;
                Intake::Visit { lines: CopyLines::default(), hasher, number }
            }
        };
        Some(CopyBlock { destination: destination.clone(), intake, bytes: 0, recoder, doubt })
    }

    /// Takes what became of a block of COPY rows; where it is damaged its digest is worth nothing.
    pub(crate) fn end_copy(&mut self, mode: &mut RowMode<'_>, block: CopyBlock, damaged: bool) {
        let mut block = block;
        block.settle(mode);
        let CopyBlock { destination, intake, bytes, doubt, .. } = block;
        let (rows, digest, ascii) = match intake {
            Intake::Count(_, rows) => (rows, Err(NoDigest::NotWanted), true),
            Intake::Digest(digester) => (digester.rows(), digester.digest(), digester.is_ascii()),
            Intake::Visit { number, .. } => {
                let index = self.table(&destination, false, Err(NoDigest::NotWanted));
                self.tables[index].rows.rows = number;
                return;
            }
        };
        let digest = match doubt {
            _ if damaged => Err(NoDigest::Damaged),
            Some(why) => Err(why),
            None if self.other_encoding && !ascii => Err(NoDigest::Encoding),
            None => digest,
        };
        let index = self.table(&destination, false, Ok(Digest::default()));
        let table = &mut self.tables[index].rows;
        table.rows += rows;
        table.bytes += bytes;
        table.ascii &= ascii;
        table.digest = add(table.digest, digest);
        // Digests over other columns do not add up.
        if table.inserts && !table.defaults.is_empty() {
            table.digest = Err(NoDigest::Defaults);
        }
    }

    /// Takes an INSERT statement, and gives how many rows it has; `statement` is `None` where it is too long to be kept.
    /// `destination_of` says where the rows of a statement go that begins like this.
    pub(crate) fn insert(
        &mut self,
        mode: &mut RowMode<'_>,
        statement: Option<&[u8]>,
        std_strings: bool,
        destination_of: impl FnOnce(&[u8]) -> Option<Destination>,
        columns: &dyn Columns,
    ) -> u64 {
        let split = statement.and_then(|statement| self.split(statement));
        let is_same = |head: &[u8]| !head.is_empty() && self.last_insert.0 == head;
        let split = split.filter(|(head, values)| {
            values.trim_ascii_start().first() == Some(&b'(') && (is_same(head) || digest::is_plain(head))
        });
        let Some((head, values)) = split else {
            // DEFAULT VALUES, a query, or a statement that is too long.
            if let Some(destination) = destination_of(statement.unwrap_or_default()) {
                let index = self.table(&destination, true, Ok(Digest::default()));
                let table = &mut self.tables[index].rows;
                table.rows += 1;
                table.digest = match statement {
                    None => Err(NoDigest::LongRow),
                    Some(statement) if digest::is_plain(statement) => add(table.digest, Err(NoDigest::Expressions)),
                    Some(_) => add(table.digest, Err(NoDigest::Query)),
                };
                self.last_insert.0.clear();
            }
            return 1;
        };
        let index = if !head.is_empty() && self.last_insert.0 == head {
            self.last_insert.1
        } else {
            let Some(destination) = destination_of(head) else { return 1 };
            let index = self.table(&destination, true, Ok(Digest::default()));
            if let RowMode::Visit(visitor) = mode {
                let recipe = visitor.wants(&destination);
                let table = &mut self.tables[index];
                table.wanted = recipe.is_some();
                table.hasher = recipe.map(RowHasher::new);
            }
            self.last_insert = (head.to_vec(), index);
            index
        };
        let Self { tables, row, embedding, other_encoding, .. } = self;
        let (embedding, other_encoding) = (*embedding, *other_encoding);
        let Table { rows: table, hasher, wanted } = &mut tables[index];
        if !*wanted {
            return 0;
        }
        table.inserts = true;
        table.bytes += statement.map_or(0, <[u8]>::len) as u64;
        table.ascii &= statement.is_some_and(<[u8]>::is_ascii);
        let mut digest = Digest::default();
        let mut fault = None;
        let mut number = table.rows;
        let read = digest::values(values, std_strings, row, |row| {
            number += 1;
            match mode {
                RowMode::Count => digest.rows += 1,
                RowMode::Digest => {
                    let hasher = hasher.get_or_insert_with(|| {
                        let mut treatments = columns.treatments(&table.destination);
                        for column in &row.defaults {
                            treatments.resize(treatments.len().max(column + 1), Treatment::AsIs);
                            treatments[*column] = Treatment::Skip;
                        }
                        table.defaults.clone_from(&row.defaults);
                        RowHasher::new(Recipe { columns: treatments, ..Recipe::default() })
                    });
                    if row.defaults != table.defaults {
                        fault = Some(NoDigest::Defaults);
                    }
                    digest.add(hasher.hash(row));
                }
                RowMode::Visit(visitor) => {
                    digest.rows += 1;
                    if let Some(hasher) = hasher {
                        visitor.row(&table.destination, VisitedRow { number, row, hasher });
                    }
                }
            }
        });
        table.at_most |= read == Ok(true);
        // What could not be read is a row at least.
        let rows = digest.rows + u64::from(read.is_err());
        table.rows += rows;
        // Where backslashes are escapes, some that are part of a character look like them.
        let escapes = |text: &[u8]| {
            let opens = |mark: &[u8]| memchr::memmem::find(text, mark).is_some();
            !std_strings || opens(b"E'") || opens(b"e'")
        };
        let doubtful = |text: &[u8]| other_encoding || embedding.is_any() && escapes(text);
        let doubtful = statement.is_some_and(|text| !text.is_ascii() && doubtful(text));
        let fault = fault.or_else(|| doubtful.then_some(NoDigest::Encoding));
        let digest = match (read, fault, &mode) {
            (_, _, RowMode::Count | RowMode::Visit(_)) => Err(NoDigest::NotWanted),
            (Err(why), ..) | (_, Some(why), _) => Err(why),
            _ => Ok(digest),
        };
        table.digest = add(table.digest, digest);
        rows
    }

    /// Takes the next INSERT for one of its own: what was said since may have changed where its rows go.
    pub(crate) fn forget_insert(&mut self) {
        self.last_insert.0.clear();
    }

    /// A table gets rows that cannot be counted: one stands for them where the text has none.
    pub(crate) fn made(&mut self, destination: &Destination) {
        let same = |other: &Destination| {
            (&other.database, &other.schema, &other.table)
                == (&destination.database, &destination.schema, &destination.table)
        };
        if self.tables.iter().any(|table| table.rows.rows > 0 && same(&table.rows.destination)) {
            return;
        }
        let index = self.table(destination, true, Ok(Digest::default()));
        let table = &mut self.tables[index].rows;
        (table.rows, table.digest) = (1, add(table.digest, Err(NoDigest::Made)));
    }

    /// What is known of this destination's rows is worth nothing, for this reason.
    pub(crate) fn doubt(&mut self, destination: &Destination, why: NoDigest) {
        let index = self.table(destination, true, Err(why));
        let table = &mut self.tables[index].rows;
        table.digest = add(table.digest, Err(why));
    }

    fn split<'s>(&self, statement: &'s [u8]) -> Option<(&'s [u8], &'s [u8])> {
        let last = &self.last_insert.0;
        if !last.is_empty() && statement.starts_with(last) && statement.get(last.len()).is_some_and(is_no_word) {
            return Some(statement.split_at(last.len()));
        }
        digest::split(statement)
    }
}

/// No less than what a destination takes: here, for looking it up, and as a table of the dump's facts.
fn weight(destination: &Destination) -> usize {
    const DESTINATION: usize = 1024;
    let columns = destination.columns.iter().flatten().map(|name| name.len() + size_of::<String>());
    let names = [&destination.database, &destination.schema].into_iter().flatten().map(String::len);
    DESTINATION + 4 * (destination.table.len() + names.sum::<usize>()) + 2 * columns.sum::<usize>()
}

fn is_no_word(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || *byte == b'('
}

fn add(one: Result<Digest, NoDigest>, other: Result<Digest, NoDigest>) -> Result<Digest, NoDigest> {
    match (one, other) {
        (Ok(mut sum), Ok(more)) => {
            sum += more;
            Ok(sum)
        }
        (Err(one), Err(other)) => Err(one.or(other)),
        (Err(why), Ok(_)) | (Ok(_), Err(why)) => Err(why),
    }
}

/// One block of COPY rows while it is read.
pub(crate) struct CopyBlock {
    destination: Destination,
    intake: Intake,
    bytes: u64,
    /// Where rows are not as pg_dump writes them.
    recoder: Option<Box<Recoder>>,
    doubt: Option<NoDigest>,
}

enum Intake {
    Count(CopyLines, u64),
    Digest(Box<CopyDigester>),
    Visit { lines: CopyLines, hasher: RowHasher, number: u64 },
}

impl CopyBlock {
    /// Takes a piece of COPY text that ends anywhere.
    pub(crate) fn take(&mut self, mode: &mut RowMode<'_>, row: &mut Row, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        match &mut self.recoder {
            None => self.take_in(mode, row, piece),
            Some(recoder) => {
                let rows = recoder.take(piece);
                self.take_in(mode, row, &rows);
            }
        }
    }

    fn take_in(&mut self, mode: &mut RowMode<'_>, row: &mut Row, piece: &[u8]) {
        match &mut self.intake {
            Intake::Count(lines, rows) => lines.take(piece, |_| *rows += 1),
            Intake::Digest(digester) => digester.take(piece),
            Intake::Visit { lines, hasher, number } => {
                let RowMode::Visit(visitor) = mode else { return };
                lines.take(piece, |line| {
                    *number += 1;
                    // A line that is not kept is not looked at either: its table has no digest.
                    if let Some(line) = line {
                        digest::read_line(line, row);
                        visitor.row(&self.destination, VisitedRow { number: *number, row, hasher });
                    }
                });
            }
        }
    }

    /// Waits until all rows that were taken are counted.
    pub(crate) fn settle(&mut self, mode: &mut RowMode<'_>) {
        if let Some(mut recoder) = self.recoder.take() {
            let rows = recoder.finish();
            self.take_in(mode, &mut Row::default(), &rows);
        }
        if let Intake::Digest(digester) = &mut self.intake {
            digester.settle();
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        match &self.intake {
            Intake::Count(_, rows) => *rows,
            Intake::Digest(digester) => digester.rows(),
            Intake::Visit { number, .. } => *number,
        }
    }
}
