//! The rows of a script: INSERT statements, blocks of COPY, large objects.

use std::io;

use super::ScriptPass;
use super::end::End;
use super::unfollowed::Affects;
use crate::collector::{CopyTarget, LargeObjectCall};
use crate::digest::{self, NoDigest, Row, Target};
use crate::facts::Relation;
use crate::large_objects::LargeObject;
use crate::lexer::{Item, Lexer};
use crate::rows::Destination;
use crate::temporary::Persistence;

impl<R: io::Read> ScriptPass<'_, '_, R> {
    /// An INSERT, and the rows of what goes to the server with it.
    pub(super) fn insert_and_copies(&mut self) -> io::Result<Option<End>> {
        self.insert();
        if self.lexer.joined {
            return Ok(None);
        }
        let copies = std::mem::take(&mut self.copies);
        self.copy_all(copies)
    }

    /// Reads the rows of COPY statements that go to the server together: one block after another.
    pub(super) fn copy_all(&mut self, targets: Vec<CopyTarget>) -> io::Result<Option<End>> {
        if targets.is_empty() {
            return Ok(None);
        }
        let after = self.lexer.leave_line()?;
        for target in targets {
            if let Some(end) = self.copy(target)? {
                return Ok(Some(end));
            }
        }
        self.lexer.resume_line(&after);
        Ok(None)
    }

    pub(super) fn insert(&mut self) {
        let line = self.lexer.line();
        if !self.psql.is_active() {
            return;
        }
        self.script.seen(line);
        self.script.follow(line, self.lexer.variables.get_or_insert_default());
        self.script.wrote(line);
        self.totals.line = line;
        let charset = self.lexer.charset();
        let collector = &mut self.collector;
        let mut lost = false;
        let unknown = self.lexer.take_insert_unknown();
        if unknown.is_some() {
            // What stands in its place here says nothing, not even of the table.
            self.totals.forget_insert();
        }
        let mut doubted = None;
        let mut is_query = false;
        let destination_of = |head: &[u8]| {
            is_query = !digest::is_plain(head);
            let Some(target) = digest::target(head, charset) else {
                lost = true;
                return None;
            };
            let persistence = collector.temporary.persistence(target.schema.as_deref(), &target.table);
            if persistence == Persistence::Temporary {
                return None;
            }
            let schema = target.schema.or_else(|| collector.schema.clone());
            collector.table(schema.clone(), target.table.clone()).has_data = true;
            collector.facts.inserts = true;
            let Target { table, columns, .. } = target;
            let destination = Destination { database: collector.database.clone(), schema, table, columns };
            doubted = match persistence {
                Persistence::Unknown => Some((destination.clone(), NoDigest::PerhapsTemporary)),
                _ => unknown.as_ref().map(|_| (destination.clone(), NoDigest::Expressions)),
            };
            Some(destination)
        };
        if let Some(text) = self.lexer.insert() {
            self.names.take_insert(text, charset);
        }
        let std_strings = self.lexer.std_strings;
        self.totals.insert(self.mode, self.lexer.insert(), std_strings, destination_of, &self.zoned);
        if is_query {
            self.insert_of_query(line);
        }
        if let Some((destination, why)) = doubted {
            self.totals.doubt(&destination, why);
        }
        if let Some(name) = unknown {
            self.script.unknown(line, &name, &self.collector.database);
        }
        if lost {
            self.script.doubt(line, "an INSERT whose table is not known from the text", Affects::Everything);
        }
    }

    /// What else an INSERT does whose rows come from a query.
    pub(super) fn insert_of_query(&mut self, line: u64) {
        let Some(text) = self.lexer.insert().and_then(|text| text.get("insert".len()..)) else { return };
        let text = self.lexer.charset().text(text.to_vec());
        let mut lexer = Lexer::of_text(&text);
        lexer.std_strings = self.lexer.std_strings;
        // Reading from memory cannot fail.
        if let Ok(Some(Item::Unfinished(rest) | Item::Statement(rest))) = lexer.next() {
            self.script.query(line, &rest, &self.collector);
        }
    }

    /// Tables that the script fills with rows that cannot be counted are tables with rows.
    pub(super) fn take_made(&mut self) {
        for relation in self.script.take_made() {
            self.collector.has_rows(relation.clone());
            let Relation { database, schema, name: table } = relation;
            self.totals.made(&Destination { database, schema, table, columns: None });
        }
    }

    /// Reads the rows of a COPY; where they have no end, that is the end.
    pub(super) fn copy(&mut self, mut target: CopyTarget) -> io::Result<Option<End>> {
        if target.persistence == Persistence::Temporary {
            let copied = self.lexer.copy_rows(|_| {})?;
            return Ok(if copied.ended { None } else { Some(End::InRows(target, copied.rows)) });
        }
        if target.persistence == Persistence::Unknown {
            target.format.doubt = Some(NoDigest::PerhapsTemporary);
        }
        let other_encoding = match &target.format.encoding {
            Some(encoding) => self.collector.is_other_encoding(encoding),
            None => self.collector.is_encoded_otherwise(),
        };
        self.totals.other_encoding = other_encoding;
        self.totals.line = self.lexer.line();
        let destination = Destination {
            database: self.collector.database.clone(),
            schema: target.schema.clone(),
            table: target.table.clone(),
            columns: target.columns.clone(),
        };
        self.last = Some(target.label());
        // A table is there even where it has no rows.
        self.collector.table(target.schema.clone(), target.table.clone());
        let Self { lexer, mode, totals, zoned, .. } = self;
        let mut block = totals.begin_copy(mode, &destination, &target.format, zoned);
        let mut row = Row::default();
        let copied = lexer.copy_rows(|piece| {
            if let Some(block) = &mut block {
                block.take(mode, &mut row, piece);
            }
        });
        let damaged = !matches!(&copied, Ok(copied) if copied.ended);
        if let Some(block) = block {
            totals.end_copy(mode, block, damaged);
        }
        let copied = copied?;
        self.last = None;
        self.totals.other_encoding = self.collector.is_encoded_otherwise();
        Ok(if copied.ended { None } else { Some(End::InRows(target, copied.rows)) })
    }

    pub(super) fn large_object(&mut self, call: LargeObjectCall) {
        let data = self.large_objects.entry(self.collector.database.clone()).or_default();
        match call {
            LargeObjectCall::Open(oid) => self.large_object = Some(LargeObject::new(oid, data)),
            LargeObjectCall::Write(bytes) => {
                if let Some(object) = &mut self.large_object {
                    object.take(&bytes, data);
                }
            }
            LargeObjectCall::Close => {
                if let Some(object) = self.large_object.take() {
                    object.finish(data);
                }
            }
        }
    }
}
