//! The pass over a plain dump: its text is read as psql reads it, from its first line to its last.

mod end;
mod follower;
pub(crate) mod role_changes;
mod rows;
mod schema_elements;
pub(crate) mod transactions;
pub(crate) mod unfollowed;

use std::collections::BTreeMap;
use std::io;

use crate::changes;
use crate::charset::Charset;
use crate::collector::{Collector, CopyTarget, Effect};
use crate::columns::ZonedColumns;
use crate::declared::Declarations;
use crate::dump::Dump;
use crate::embedding::Embedding;
use crate::error::DumpError;
use crate::facts::Facts;
use crate::large_objects::{LargeObject, LargeObjectData};
use crate::lexer::{Item, Lexer, Meta, Statement, TokenKind};
use crate::names::Names;
use crate::plain::Plain;
use crate::psql::{Connect, Psql, Step, Variables};
use crate::read_ahead::ReadAhead;
use crate::rows::{RowMode, RowTotals};
use crate::scan::{Damage, Scan, error_state};
use compressed::Compression;
use end::End;
use follower::Follower;
use schema_elements::Elements;
use unfollowed::Affects;

/// Reads the whole text.
pub(crate) fn scan(dump: &Dump, plain: &Plain, mode: &mut RowMode<'_>) -> Result<Scan, DumpError> {
    scan_and_keep(dump, plain, mode, MAX_KEPT)
}

/// Keeps no more than about so many bytes of what the text declares.
pub(crate) fn scan_and_keep(
    dump: &Dump,
    plain: &Plain,
    mode: &mut RowMode<'_>,
    max_kept: usize,
) -> Result<Scan, DumpError> {
    let reader = dump.reader().map_err(|error| dump.unreadable(error))?;
    // Decompression keeps a processor busy by itself.
    let source: Box<dyn io::Read + Send> =
        if plain.compression.is_some() { Box::new(ReadAhead::of(reader)) } else { Box::new(reader) };
    let mut lexer = Lexer::new(source);
    lexer.keep_inserts = true;
    lexer.variables = Some(Variables::default());
    let mut pass = ScriptPass {
        lexer,
        from_pg_dump: plain.from_pg_dump,
        psql: Psql::default(),
        script: Follower::default(),
        copies: Vec::new(),
        collector: Collector::default(),
        damage: Vec::new(),
        open: None,
        cluster_open: None,
        last: None,
        mode,
        totals: RowTotals::default(),
        zoned: ZonedColumns::default(),
        large_objects: BTreeMap::new(),
        large_object: None,
        declarations: Declarations::default(),
        names: Names::default(),
        kept: 0,
        max_kept,
    };
    let end = pass.run();
    let nul = pass.lexer.nul;
    match end {
        Ok(end) => pass.judge_end(end),
        Err(error) if error.raw_os_error().is_some() => return Err(dump.unreadable(error)),
        Err(error) => {
            let what = plain.compression.map_or("text", Compression::label);
            let place = pass.place();
            pass.say(format!("the {what} stream {} ({error}), {place}", error_state(&error)));
        }
    }
    if let Some(at) = nul {
        let what = "holds NUL bytes, which no SQL text has: part of the file was never written".to_owned();
        pass.damage.push(Damage { what, at: Some(at), table: None });
    }
    pass.take_made();
    let (unfollowed, end) = pass.script.end(pass.collector.database.clone(), pass.psql.open_branch());
    let mut facts = pass.collector.into_facts();
    let rows = pass.totals.into_rows();
    facts.take_rows(&rows);
    let (declared, added, abridged) = pass.declarations.into_lists();
    let large_objects = pass.large_objects.into_iter().collect();
    let names = pass.names;
    Ok(Scan { damage: pass.damage, facts, declared, added, abridged, rows, large_objects, names, unfollowed, end })
}

struct ScriptPass<'a, 'v, R> {
    lexer: Lexer<R>,
    from_pg_dump: bool,
    psql: Psql,
    script: Follower,
    /// COPY statements that go to the server with one that is not whole yet (`\;`): their rows follow that.
    copies: Vec<CopyTarget>,
    collector: Collector,
    damage: Vec<Damage>,
    /// The line of a pg_dump header whose trailer has not come yet.
    open: Option<u64>,
    cluster_open: Option<u64>,
    /// The table whose rows are being read.
    last: Option<String>,
    mode: &'a mut RowMode<'v>,
    totals: RowTotals,
    zoned: ZonedColumns,
    /// By database.
    large_objects: BTreeMap<Option<String>, LargeObjectData>,
    /// The one that the statements now write.
    large_object: Option<LargeObject>,
    declarations: Declarations,
    names: Names,
    /// About how many bytes the facts take.
    kept: usize,
    max_kept: usize,
}

/// What a text declares is kept in memory, and a small compressed file can declare any number of things. Reckoned
/// high, a database of 200 000 tables with owners, keys and privileges stays below.
const MAX_KEPT: usize = 512 << 20;

impl<R: io::Read> ScriptPass<'_, '_, R> {
    fn run(&mut self) -> io::Result<End> {
        self.lexer.skip_mark()?;
        while let Some(item) = self.lexer.next()? {
            if self.kept + self.totals.kept() > self.max_kept {
                return Ok(End::TooMuch);
            }
            let end = match item {
                Item::Comment { text, line } => {
                    self.comment(&text, line);
                    None
                }
                Item::Meta(meta) => self.meta(&meta)?,
                // psql sends what has no semicolon when the text ends, unless something is open.
                Item::Unfinished(statement) if self.from_pg_dump || self.lexer.is_open() => {
                    return Ok(End::InStatement(statement));
                }
                Item::Unfinished(statement) if statement.begins_with("insert") => self.insert_and_copies()?,
                Item::Unfinished(statement) | Item::Statement(statement) => self.statement(&statement)?,
                Item::Insert => self.insert_and_copies()?,
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
        Ok(End::BetweenStatements)
    }

    /// A backslash command.
    fn meta(&mut self, meta: &Meta) -> io::Result<Option<End>> {
        let Self { psql, lexer, .. } = self;
        let was_active = psql.is_active();
        let variables = lexer.variables.get_or_insert_default();
        let (step, rest) = psql.command(&meta.name, &meta.rest, meta.within, meta.line, variables);
        if was_active && !psql.is_active() {
            self.script.doubt(meta.line, "a branch of \\if that psql passes over", Affects::Everything);
        }
        let mut sent = None;
        let mut copy = None;
        match step {
            Step::Nothing => {}
            Step::Send => sent = self.lexer.send(),
            Step::Discard => {
                if self.lexer.joined {
                    let what = format!("\\{} after \\;, which forgets statements that were read", meta.name);
                    self.script.doubt(meta.line, what, Affects::Everything);
                }
                self.copies.clear();
                self.lexer.discard();
            }
            Step::Connect { connect, user } => {
                match &connect {
                    Connect::Unknown => {
                        let what = "\\connect to a database whose name is not known from the text";
                        self.script.doubt(meta.line, what, Affects::Everything);
                    }
                    Connect::Refused => {
                        self.script.doubt(meta.line, "\\connect that psql refuses", Affects::Everything);
                    }
                    _ => self.script.connected(meta.line),
                }
                self.collector.connect(&connect, user);
                self.totals.forget_insert();
                self.script.acts(meta.line, self.collector.acting());
                // As a new session begins; one that psql refuses is none.
                self.lexer.std_strings |= !matches!(connect, Connect::Refused);
                self.encoded();
            }
            Step::Quit => {
                self.script.quit(meta.line);
                // Psql sends what has no semicolon.
                sent = self.lexer.send();
            }
            Step::Copy(text) => copy = self.meta_copy(&text),
            Step::Encoding(encoding) => {
                self.collector.encode(Some(encoding));
                self.encoded();
            }
            Step::Shell => self.script.doubt(meta.line, "\\! runs a command of the shell", Affects::Databases),
            Step::Unfollowed { what, sends } => {
                // Neither is it known what becomes of the rows that came before.
                let database = self.collector.database.clone();
                self.script.doubt(meta.line, what.clone(), Affects::Database(database));
                self.script.doubt(meta.line, what, Affects::Everything);
                if sends {
                    sent = self.lexer.send();
                }
            }
        }
        if let Some(target) = copy {
            self.script.seen(meta.line);
            return self.copy_all(vec![target]);
        }
        if !rest.trim_ascii().is_empty() {
            self.lexer.inject(&rest);
        }
        match sent {
            Some(Item::Statement(statement)) => self.statement(&statement),
            Some(Item::Insert) => self.insert_and_copies(),
            _ => Ok(None),
        }
    }

    /// The COPY that `\copy` sends.
    fn meta_copy(&mut self, text: &str) -> Option<CopyTarget> {
        // Reading from memory cannot fail.
        let Ok(Some(Item::Unfinished(statement))) = Lexer::of_text(text).next() else { return None };
        match self.collect(&statement) {
            Effect::Copy(target) => Some(target),
            _ => None,
        }
    }

    fn statement(&mut self, statement: &Statement) -> io::Result<Option<End>> {
        if !self.psql.is_active() {
            return Ok(None);
        }
        match schema_elements::of(statement, self.collector.acting()) {
            Some(elements) => self.take_elements(elements),
            None => self.take(statement),
        }
        if statement.more {
            return Ok(None);
        }
        if statement.tokens.is_empty() && !self.copies.is_empty() {
            // psql 17 passes over more lines than the rows there.
            self.script.doubt(statement.line, "COPY that ends with \\;;", Affects::Everything);
        }
        let copies = std::mem::take(&mut self.copies);
        self.copy_all(copies)
    }

    /// Takes a schema and what the same statement creates in it, where names without a schema lead into that one.
    fn take_elements(&mut self, elements: Elements) {
        self.take(&elements.head);
        let schema = self.collector.schema.replace(elements.schema);
        let searched = std::mem::take(&mut self.collector.temporary.searched);
        for element in &elements.statements {
            self.take(element);
        }
        self.collector.schema = schema;
        self.collector.temporary.searched = searched;
    }

    /// Takes what one statement says and does.
    fn take(&mut self, statement: &Statement) {
        self.script.seen(statement.line);
        self.script.follow(statement.line, self.lexer.variables.get_or_insert_default());
        let effect = self.collect(statement);
        self.script.acts(statement.line, self.collector.acting());
        self.script.statement(statement, &self.collector, !matches!(effect, Effect::LargeObject(_)));
        if let Some(function) = changes::of_large_objects(statement) {
            self.script.doubt(statement.line, format!("{function} changes large objects"), Affects::Everything);
        }
        self.collector.temporary.statement(statement);
        self.totals.forget_insert();
        match effect {
            Effect::None => {}
            Effect::StdStrings(on) => self.lexer.std_strings = on,
            Effect::Reset => {
                self.lexer.std_strings = true;
                self.encoded();
            }
            Effect::Encoding => self.encoded(),
            Effect::Unknown(what) => self.script.doubt(statement.line, what, Affects::Everything),
            Effect::CreatesTable => {
                let Collector { database, schema, .. } = &self.collector;
                self.zoned.statement(statement, database.as_deref(), schema.as_deref());
            }
            Effect::LargeObject(call) => self.large_object(call),
            Effect::Copy(target) => self.copies.push(target),
        }
    }

    /// Reads what follows in the encoding that is set now.
    fn encoded(&mut self) {
        let embedding = Embedding::of(self.collector.encoding.as_deref());
        self.lexer.set_encoding(embedding);
        self.lexer.set_charset(Charset::of(self.collector.encoding.as_deref()));
        self.totals.embedding = embedding;
        self.totals.other_encoding = self.collector.is_encoded_otherwise();
    }

    /// Takes a statement's facts, and reckons what they take.
    fn collect(&mut self, statement: &Statement) -> Effect {
        let counted =
            |facts: &Facts| facts.tables.len() + facts.settings.len() + facts.sequences.len() + facts.refreshed.len();
        let before = counted(&self.collector.facts);
        let effect = self.collector.statement(statement);
        self.names.take_statement(statement);
        let first = statement.tokens.first().map(|token| &token.kind);
        let declares = matches!(first, Some(TokenKind::Word(word)) if DECLARING.contains(&word.as_str()));
        self.kept +=
            self.declarations.statement(statement, self.collector.database.as_deref(), self.collector.acting());
        if declares || counted(&self.collector.facts) > before {
            self.kept += weight(statement);
        }
        effect
    }
}

/// The first words of statements of which something is kept whatever they say.
const DECLARING: [&str; 6] = ["alter", "create", "drop", "grant", "revoke", "security"];

/// No less than what the facts of a statement take.
fn weight(statement: &Statement) -> usize {
    // A name for an object and, for looking it up, a second one; of what is not read whole nothing later is a name.
    const FACT: usize = 512;
    const NAMES: usize = 12;
    let names = statement.tokens.iter().take(if statement.text.is_empty() { NAMES } else { usize::MAX });
    let names = names.map(|token| match &token.kind {
        TokenKind::Word(name) | TokenKind::Name(name) => name.len(),
        TokenKind::Text(_) | TokenKind::Sign(_) => 0,
    });
    FACT + statement.text.len() + 2 * names.sum::<usize>()
}
