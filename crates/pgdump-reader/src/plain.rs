//! Plain SQL dumps: what their first lines say, and the full pass over their text.

use std::collections::BTreeMap;
use std::io;

use super::ahead::Ahead;
use super::changes;
use super::charset::Charset;
use super::columns::ZonedColumns;
use super::declared::Declarations;
use super::digest::{self, NoDigest, Row, Target};
use super::embedding::Embedding;
use super::facts::{Facts, Relation};
use super::large_objects::{LargeObject, LargeObjectData};
use super::lexer::{Item, Lexer, MARK, Meta, Statement, TokenKind};
use super::names::Names;
use super::psql::{Connect, Psql, Step, Variables};
use super::rows::{Gathered, Place, Plan};
use super::scan::{self, Damage, Scan};
use super::schema_elements::{self, Elements};
use super::script::Script;
use super::sql::COMMANDS;
use super::statement::{Collector, CopyTarget, Effect, LargeObjectCall};
use super::temporary::Whose;
use super::unfollowed::Affects;
use super::{Compression, Dump, DumpError};

/// A dump as SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    pub compression: Option<Compression>,
    /// Whether it begins as pg_dump and pg_dumpall begin their text. Only then has it to end as they end it. It is a
    /// comment that anyone can edit, so it may lie.
    pub from_pg_dump: bool,
    /// Whether it is of pg_dumpall.
    pub cluster: bool,
    /// From the header comment; pg_dumpall writes none before its first database.
    pub pg_dump_version: Option<String>,
    /// From the header comment.
    pub server_version: Option<String>,
    /// The databases that it creates, as far as its first block tells; `pg_dump --create` begins with it.
    pub creates_databases: Vec<String>,
    /// Whether it begins with `\restrict`, which older versions of psql do not know.
    pub restricted: bool,
}

/// TEXT_DUMP_HEADER and TEXT_DUMPALL_HEADER in src/bin/pg_dump/pg_backup_archiver.h, without the lines around them.
const HEADER: &str = " PostgreSQL database dump";
const CLUSTER_HEADER: &str = " PostgreSQL database cluster dump";
/// RestoreArchive in pg_backup_archiver.c and main in pg_dumpall.c (PostgreSQL 15 to 18).
const TRAILER: &str = " PostgreSQL database dump complete";
const CLUSTER_TRAILER: &str = " PostgreSQL database cluster dump complete";

/// Takes a text for SQL, or not, by its beginning.
pub(super) fn recognise(head: &[u8], compression: Option<Compression>) -> Option<Plain> {
    let head = head.strip_prefix(MARK).unwrap_or(head);
    let mut plain = Plain {
        compression,
        from_pg_dump: false,
        cluster: false,
        pg_dump_version: None,
        server_version: None,
        creates_databases: Vec::new(),
        restricted: false,
    };
    let mut lexer = Lexer::new(head);
    let mut collector = Collector::default();
    let mut is_sql = None;
    // A program's messages can stand before it, and take its first statement with them.
    let has_header = head.windows(HEADER.len()).any(|window| window == HEADER.as_bytes());
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        match item {
            Item::Comment { text, .. } => {
                plain.cluster |= text == CLUSTER_HEADER;
                plain.from_pg_dump |= text == HEADER || text == CLUSTER_HEADER;
                if let Some(version) = text.strip_prefix(" Dumped from database version ") {
                    plain.server_version.get_or_insert_with(|| version.to_owned());
                } else if let Some(version) = text.strip_prefix(" Dumped by pg_dump version ") {
                    plain.pg_dump_version.get_or_insert_with(|| version.to_owned());
                }
            }
            Item::Meta(meta) => plain.restricted |= meta.name == "restrict",
            Item::Insert => {}
            Item::Statement(statement) | Item::Unfinished(statement) => {
                // The first one decides.
                if !*is_sql.get_or_insert_with(|| plain.from_pg_dump || has_header || begins_like_sql(&statement)) {
                    return None;
                }
                if let Effect::Copy(_) = collector.statement(&statement) {
                    break;
                }
            }
        }
    }
    let created = collector.into_facts().creates_database;
    plain.creates_databases = created.into_iter().map(|created| created.name).collect();
    // Text has no NUL and hardly any other control character; a dump with a header and lost blocks is still a dump.
    let odd = |byte: &&u8| byte.is_ascii_control() && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b | 8);
    let is_binary = head.contains(&0) || head.iter().filter(odd).count() * 100 > head.len();
    (plain.from_pg_dump || has_header || !is_binary).then_some(plain)
}

/// Whether a text begins as a command of SQL does, behind comments and white space.
pub fn begins_with_command(text: &str) -> bool {
    let mut lexer = Lexer::of_text(text);
    loop {
        match lexer.next() {
            Ok(Some(Item::Comment { .. })) => {}
            Ok(Some(Item::Statement(statement) | Item::Unfinished(statement))) => return begins_like_sql(&statement),
            // Nothing, or rows of an INSERT, which begin with its word.
            Ok(Some(Item::Insert) | None) => return true,
            Ok(Some(Item::Meta(_))) | Err(_) => return false,
        }
    }
}

fn begins_like_sql(statement: &Statement) -> bool {
    match statement.tokens.first().map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => COMMANDS.contains(&word.as_str()),
        Some(TokenKind::Sign(b'(')) => true,
        _ => false,
    }
}

/// Reads the whole text.
pub(super) fn scan(dump: &Dump, plain: &Plain, plan: &mut Plan<'_>) -> Result<Scan, DumpError> {
    scan_and_keep(dump, plain, plan, MOST_KEPT)
}

/// Keeps no more than about so many bytes of what the text declares.
pub(super) fn scan_and_keep(
    dump: &Dump,
    plain: &Plain,
    plan: &mut Plan<'_>,
    most_kept: usize,
) -> Result<Scan, DumpError> {
    let reader = dump.reader().map_err(|error| dump.unreadable(error))?;
    // Decompression keeps a processor busy by itself.
    let source: Box<dyn io::Read + Send> =
        if plain.compression.is_some() { Box::new(Ahead::of(reader)) } else { Box::new(reader) };
    let mut lexer = Lexer::new(source);
    lexer.keep_inserts = true;
    lexer.variables = Some(Variables::default());
    let mut pass = Pass {
        lexer,
        from_pg_dump: plain.from_pg_dump,
        psql: Psql::default(),
        script: Script::default(),
        copies: Vec::new(),
        collector: Collector::default(),
        damage: Vec::new(),
        open: None,
        cluster_open: None,
        last: None,
        plan,
        gathered: Gathered::default(),
        zoned: ZonedColumns::default(),
        large_objects: BTreeMap::new(),
        large_object: None,
        declarations: Declarations::default(),
        names: Names::default(),
        kept: 0,
        most_kept,
    };
    let end = pass.run();
    let nul = pass.lexer.nul;
    match end {
        Ok(end) => pass.judge_end(end),
        Err(error) if error.raw_os_error().is_some() => return Err(dump.unreadable(error)),
        Err(error) => {
            let what = plain.compression.map_or("text", Compression::label);
            let place = pass.place();
            pass.say(format!("the {what} stream {} ({error}), {place}", scan::state(&error)));
        }
    }
    if let Some(at) = nul {
        let what = "holds NUL bytes, which no SQL text has: part of the file was never written".to_owned();
        pass.damage.push(Damage { what, at: Some(at), table: None });
    }
    pass.take_made();
    let (unfollowed, end) = pass.script.end(pass.collector.database.clone(), pass.psql.open_branch());
    let mut facts = pass.collector.into_facts();
    let rows = pass.gathered.into_rows();
    facts.take_rows(&rows);
    let (declared, added, abridged) = pass.declarations.into_lists();
    let large_objects = pass.large_objects.into_iter().collect();
    let names = pass.names;
    Ok(Scan { damage: pass.damage, facts, declared, added, abridged, rows, large_objects, names, unfollowed, end })
}

struct Pass<'a, 'v, R> {
    lexer: Lexer<R>,
    from_pg_dump: bool,
    psql: Psql,
    script: Script,
    /// COPY statements that go to the server with one that is not whole yet (`\;`): their rows follow that.
    copies: Vec<CopyTarget>,
    collector: Collector,
    damage: Vec<Damage>,
    /// The line of a pg_dump header whose trailer has not come yet.
    open: Option<u64>,
    cluster_open: Option<u64>,
    /// The table whose rows are being read.
    last: Option<String>,
    plan: &'a mut Plan<'v>,
    gathered: Gathered,
    zoned: ZonedColumns,
    /// By database.
    large_objects: BTreeMap<Option<String>, LargeObjectData>,
    /// The one that the statements now write.
    large_object: Option<LargeObject>,
    declarations: Declarations,
    names: Names,
    /// About how many bytes the facts take.
    kept: usize,
    most_kept: usize,
}

/// What a text declares is kept in memory, and a small compressed file can declare any number of things. Reckoned
/// high, a database of 200 000 tables with owners, keys and privileges stays below.
const MOST_KEPT: usize = 512 << 20;

/// How the text ends.
enum End {
    BetweenStatements,
    InStatement(Statement),
    InRows(CopyTarget, u64),
    /// It declares more than is kept, so the rest was not read.
    TooMuch,
}

impl<R: io::Read> Pass<'_, '_, R> {
    fn run(&mut self) -> io::Result<End> {
        self.lexer.skip_mark()?;
        while let Some(item) = self.lexer.next()? {
            if self.kept + self.gathered.kept() > self.most_kept {
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
                self.gathered.forget_insert();
                self.script.acts(meta.line, self.collector.acting());
                self.lexer.set_encoding(Embedding::default());
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

    /// Takes a schema and what the same statement makes in it, where names without a schema lead into that one.
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
        self.gathered.forget_insert();
        match effect {
            Effect::None => {}
            Effect::StdStrings(on) => self.lexer.std_strings = on,
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

    /// An INSERT, and the rows of what goes to the server with it.
    fn insert_and_copies(&mut self) -> io::Result<Option<End>> {
        self.insert();
        if self.lexer.joined {
            return Ok(None);
        }
        let copies = std::mem::take(&mut self.copies);
        self.copy_all(copies)
    }

    /// Reads the rows of COPY statements that go to the server together: one block after another.
    fn copy_all(&mut self, targets: Vec<CopyTarget>) -> io::Result<Option<End>> {
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

    /// Reads what follows in the encoding that is set now.
    fn encoded(&mut self) {
        let embedding = Embedding::of(self.collector.encoding.as_deref());
        self.lexer.set_encoding(embedding);
        self.lexer.set_charset(Charset::of(self.collector.encoding.as_deref()));
        self.gathered.embedding = embedding;
        self.gathered.other_encoding = self.collector.is_encoded_otherwise();
    }

    fn insert(&mut self) {
        let line = self.lexer.line();
        if !self.psql.is_active() {
            return;
        }
        self.script.seen(line);
        self.script.follow(line, self.lexer.variables.get_or_insert_default());
        self.script.wrote(line);
        self.gathered.line = line;
        let charset = self.lexer.charset();
        let collector = &mut self.collector;
        let mut lost = false;
        let unknown = self.lexer.take_insert_unknown();
        if unknown.is_some() {
            // What stands in its place here says nothing, not even of the table.
            self.gathered.forget_insert();
        }
        let mut doubted = None;
        let mut is_query = false;
        let place_of = |head: &[u8]| {
            is_query = !digest::is_plain(head);
            let Some(target) = digest::target(head, charset) else {
                lost = true;
                return None;
            };
            let whose = collector.temporary.whose(target.schema.as_deref(), &target.table);
            if whose == Whose::Session {
                return None;
            }
            let schema = target.schema.or_else(|| collector.schema.clone());
            collector.table(schema.clone(), target.table.clone()).has_data = true;
            collector.facts.inserts = true;
            let Target { table, columns, .. } = target;
            let place = Place { database: collector.database.clone(), schema, table, columns };
            doubted = match whose {
                Whose::Unknown => Some((place.clone(), NoDigest::PerhapsTemporary)),
                _ => unknown.as_ref().map(|_| (place.clone(), NoDigest::Expressions)),
            };
            Some(place)
        };
        if let Some(text) = self.lexer.insert() {
            self.names.take_insert(text, charset);
        }
        let std_strings = self.lexer.std_strings;
        self.gathered.insert(self.plan, self.lexer.insert(), std_strings, place_of, &self.zoned);
        if is_query {
            self.insert_of_query(line);
        }
        if let Some((place, why)) = doubted {
            self.gathered.doubt(&place, why);
        }
        if let Some(name) = unknown {
            self.script.unknown(line, &name, &self.collector.database);
        }
        if lost {
            self.script.doubt(line, "an INSERT whose table cannot be told", Affects::Everything);
        }
    }

    /// What else an INSERT does whose rows come from a query.
    fn insert_of_query(&mut self, line: u64) {
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
    fn take_made(&mut self) {
        for relation in self.script.take_made() {
            self.collector.has_rows(relation.clone());
            let Relation { database, schema, name: table } = relation;
            self.gathered.made(&Place { database, schema, table, columns: None });
        }
    }

    /// Reads the rows of a COPY; where they have no end, that is the end.
    fn copy(&mut self, mut target: CopyTarget) -> io::Result<Option<End>> {
        if target.whose == Whose::Session {
            let copied = self.lexer.copy_rows(|_| {})?;
            return Ok(if copied.ended { None } else { Some(End::InRows(target, copied.rows)) });
        }
        if target.whose == Whose::Unknown {
            target.format.doubt = Some(NoDigest::PerhapsTemporary);
        }
        let other_encoding = match &target.format.encoding {
            Some(encoding) => self.collector.is_other_encoding(encoding),
            None => self.collector.is_encoded_otherwise(),
        };
        self.gathered.other_encoding = other_encoding;
        self.gathered.line = self.lexer.line();
        let place = Place {
            database: self.collector.database.clone(),
            schema: target.schema.clone(),
            table: target.table.clone(),
            columns: target.columns.clone(),
        };
        self.last = Some(target.label());
        // A table is there even where it has no rows.
        self.collector.table(target.schema.clone(), target.table.clone());
        let Self { lexer, plan, gathered, zoned, .. } = self;
        let mut block = gathered.begin_copy(plan, &place, &target.format, zoned);
        let mut row = Row::default();
        let copied = lexer.copy_rows(|piece| {
            if let Some(block) = &mut block {
                block.take(plan, &mut row, piece);
            }
        });
        let damaged = !matches!(&copied, Ok(copied) if copied.ended);
        if let Some(block) = block {
            gathered.end_copy(plan, block, damaged);
        }
        let copied = copied?;
        self.last = None;
        self.gathered.other_encoding = self.collector.is_encoded_otherwise();
        Ok(if copied.ended { None } else { Some(End::InRows(target, copied.rows)) })
    }

    fn large_object(&mut self, call: LargeObjectCall) {
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

    fn comment(&mut self, text: &str, line: u64) {
        match text {
            HEADER => {
                if let Some(begun) = self.open.replace(line) {
                    let what = format!(
                        "the dump that begins in line {begun} has no end: the next one begins in line {line} without \
                         its closing comment"
                    );
                    self.say(what);
                }
            }
            CLUSTER_HEADER => self.cluster_open = Some(line),
            TRAILER => {
                self.open = None;
                self.declarations.comment(text, None);
            }
            CLUSTER_TRAILER => {
                self.cluster_open = None;
                self.declarations.comment(text, None);
            }
            other => {
                self.collector.comment(other);
                self.kept += self.declarations.comment(other, self.collector.database.as_deref());
            }
        }
    }

    fn say(&mut self, what: String) {
        let at = Some(self.lexer.offset());
        // A text damaged all over need not be told of place by place.
        if self.damage.len() < scan::NAMED {
            self.damage.push(Damage { what, at, table: self.last.clone() });
        }
    }

    /// Where the pass has come to, for people.
    fn place(&mut self) -> String {
        let line = self.lexer.line();
        match (&self.last, self.lexer.interrupted()) {
            (Some(table), _) => format!("inside the COPY data of {table}, line {line}"),
            (None, Some(statement)) => format!("inside the statement that begins in line {}", statement.line),
            (None, None) => format!("after line {line}"),
        }
    }

    fn judge_end(&mut self, end: End) {
        let line = self.lexer.line();
        match end {
            End::InRows(target, rows) => {
                let table = target.label();
                self.last = Some(table.clone());
                let trailer = if self.is_open() { " and no trailer" } else { "" };
                self.say(format!(
                    "ends inside the COPY data of {table}, line {line}, after {rows} whole rows: no end of data{trailer}"
                ));
            }
            End::InStatement(statement) => {
                let begins = beginning(&statement);
                let begun = statement.line;
                self.say(format!(
                    "ends inside a statement ({begins}) that begins in line {begun}: the rest is missing"
                ));
            }
            End::TooMuch => self.say(format!(
                "declares more objects and privileges than can be kept in {} MiB, in line {line}: what follows was not \
                 read",
                self.most_kept >> 20
            )),
            End::BetweenStatements => {
                if let Some(begun) = self.open.or(self.cluster_open) {
                    self.say(format!(
                        "ends after line {line} without pg_dump's closing comment: what follows is missing from the \
                         dump that begins in line {begun}"
                    ));
                }
            }
        }
    }

    fn is_open(&self) -> bool {
        self.open.is_some() || self.cluster_open.is_some()
    }
}

impl CopyTarget {
    fn label(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.table),
            None => self.table.clone(),
        }
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

/// The first words of a statement, for people; never a value from a row.
fn beginning(statement: &Statement) -> String {
    let mut words = String::new();
    for token in statement.tokens.iter().take(6) {
        match &token.kind {
            TokenKind::Word(word) | TokenKind::Name(word) => {
                if !words.is_empty() && !words.ends_with('.') {
                    words.push(' ');
                }
                words.push_str(word);
            }
            TokenKind::Sign(b'.') => words.push('.'),
            _ => break,
        }
    }
    if words.is_empty() { "a comment or a string".to_owned() } else { words }
}
