//! Understands the statements that pg_dump and pg_dumpall write, as far as they say what a dump declares.
//!
//! Sources: src/bin/pg_dump/pg_dump.c, pg_dumpall.c and dumputils.c (buildACLCommands, buildDefaultACLCommands) of
//! PostgreSQL 15 to 18. A statement that is not understood is passed over: the restore itself judges it.

mod acts;
mod alter;
mod beginning;
mod create;
mod effect;
mod entries;
mod grants;
mod select;
mod session;

use std::collections::{HashMap, HashSet};

use crate::copy_format::CopyFormat;
use crate::digest::NoDigest;
use crate::facts::{Facts, Owned, Relation, TableData};
use crate::lexer::{Statement, TokenKind};
use crate::object_kind::ObjectKind;
use crate::psql::Connect;
use crate::requirements::needs::Context;
use crate::tag;
use crate::temporary::TemporaryTables;
use crate::words::Words;
use acts::Acts;

pub(crate) use effect::{CopyTarget, Effect, LargeObjectCall};

/// Gathers facts, statement by statement.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) facts: Facts,
    /// The database that the statements now go to.
    pub(crate) database: Option<String>,
    /// The schema of names that have none: from search_path, or the archive entry's.
    pub(crate) schema: Option<String>,
    /// The client's encoding as it is set now; `None` is the database's own.
    pub(crate) encoding: Option<String>,
    /// Tables that go with the session.
    pub(crate) temporary: TemporaryTables,
    /// Whom it is by its own words.
    acts: Acts,
    /// Whom `\connect` names.
    user: Option<String>,
    /// The name in pg_dump's last comment, as in its table of contents.
    tag: String,
    tables: HashMap<Name, usize>,
    /// Databases with a table.
    with_tables: HashSet<Option<String>>,
    /// Relations that ALTER TABLE can mean and that are no tables.
    relations: HashMap<Name, &'static str>,
    owners: HashMap<(String, Name), usize>,
    /// What [`Facts`] lists once each; its lists are looked through by this.
    databases: HashSet<String>,
    settings: HashSet<String>,
    /// Grantees and grantors of the last grant.
    last_grant: [HashSet<String>; 2],
    /// What the archive's table of contents calls the object that the statements make.
    pub(crate) label: Option<String>,
    /// Whether `search_path` is empty, so that only what is built in has a name without a schema.
    pub(crate) built_in: bool,
}

/// Database, schema and name.
type Name = (Option<String>, Option<String>, String);

impl Collector {
    pub(crate) fn into_facts(self) -> Facts {
        let mut facts = self.facts;
        // In PostgreSQL 15 and older views and sequences are altered as tables.
        for owned in facts.owners.iter_mut().filter(|owned| owned.kind == tag::TABLE) {
            let name = (owned.database.clone(), owned.schema.clone(), owned.name.clone());
            if let Some(kind) = self.relations.get(&name) {
                owned.kind = (*kind).to_owned();
            }
        }
        facts
    }

    /// The table of this name in the current database, made if it is new.
    pub(crate) fn table(&mut self, schema: Option<String>, name: String) -> &mut TableData {
        let key = (self.database.clone(), schema, name);
        let Self { facts: Facts { tables, .. }, with_tables, .. } = self;
        let index = *self.tables.entry(key).or_insert_with_key(|(database, schema, name)| {
            if !with_tables.contains(database) {
                with_tables.insert(database.clone());
            }
            tables.push(TableData {
                database: database.clone(),
                schema: schema.clone(),
                name: name.clone(),
                has_data: false,
                rows: None,
                bytes: 0,
                created: false,
            });
            tables.len() - 1
        });
        &mut tables[index]
    }

    /// Rows go into this table.
    pub(crate) fn has_rows(&mut self, table: Relation) {
        let now = std::mem::replace(&mut self.database, table.database);
        self.table(table.schema, table.name).has_data = true;
        self.database = now;
    }

    /// Whether there is a table of this name by now.
    pub(crate) fn has_table(&self, table: &Relation) -> bool {
        self.tables.contains_key(&(table.database.clone(), table.schema.clone(), table.name.clone()))
    }

    /// As whom the script acts by its own words; `None` is whoever restores it.
    pub(crate) fn acting(&self) -> Option<&str> {
        self.acts.as_whom().or(self.user.as_deref())
    }

    /// Whether the current database has a table by now.
    pub(crate) fn has_tables(&self) -> bool {
        self.with_tables.contains(&self.database)
    }

    /// Goes to another database, with a new session.
    pub(crate) fn connect(&mut self, connect: &Connect, user: Option<String>) {
        match connect {
            Connect::Refused => return,
            Connect::To(name) => {
                let name = self.facts.renamed.first(name);
                if self.databases.insert(name.to_owned()) {
                    self.facts.databases.push(name.to_owned());
                }
                self.database = Some(name.to_owned());
            }
            Connect::Own => self.database = None,
            Connect::Same | Connect::Unknown => {}
        }
        self.facts.sessions.extend(user.clone());
        // A new session as the same user where it names none.
        self.user = user.or(self.user.take());
        self.acts = Acts::default();
        (self.schema, self.encoding) = (None, None);
        self.built_in = false;
        self.temporary = TemporaryTables::default();
    }

    /// Takes a comment: `-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: x` (_printTocEntry in
    /// pg_backup_archiver.c).
    pub(crate) fn comment(&mut self, text: &str) {
        let name = text.strip_prefix(" Name: ").and_then(|rest| rest.split_once("; Type: "));
        if let Some((name, _)) = name {
            self.tag.clear();
            self.tag.push_str(name);
        }
    }

    pub(crate) fn statement(&mut self, statement: &Statement) -> Effect {
        self.need(statement);
        let mut words = Words::of(statement);
        // Nothing that is not understood matters, so what is left of the statement is passed over.
        self.read(&mut words, statement).unwrap_or(Effect::None)
    }

    /// Takes a statement for what it asks of a server, and for nothing else.
    pub(crate) fn need(&mut self, statement: &Statement) {
        let context = Context { label: self.label.as_deref(), built_in: self.built_in };
        self.facts.needs.see(statement, &context);
    }

    fn read(&mut self, words: &mut Words<'_>, statement: &Statement) -> Option<Effect> {
        let whole = *words;
        match words.word()? {
            "set" => return self.set(words),
            "select" => return self.select(words),
            "create" => {
                let mut ahead = *words;
                if ahead.eat("database").is_some() || is_of_role(*words) {
                    self.facts.role_statements.push(statement.text.clone());
                }
                if !statement.cut {
                    self.filled_as_made(*words);
                }
                return self.create(words);
            }
            "drop" => self.drop(words)?,
            "comment" => {
                words.eat("on")?;
                words.eat("role").or_else(|| words.eat("database"))?;
                self.facts.role_statements.push(statement.text.clone());
            }
            // What makes a database a template, as pg_dumpall wrote it up to 10.
            "update" => {
                if words.qualified().is_some_and(|(_, table)| table == "pg_database") {
                    self.facts.role_statements.push(statement.text.clone());
                }
                return self.sets_sequences(whole);
            }
            "alter" => self.alter(words, statement)?,
            "grant" => self.grant(words, statement, false)?,
            "revoke" => self.grant(words, statement, true)?,
            "copy" => return self.copy(words),
            "refresh" => self.refresh(words)?,
            "insert" => {
                words.eat("into")?;
                let (schema, table) = self.qualified(words)?;
                self.table(schema, table).has_data = true;
                self.facts.inserts = true;
            }
            "reset" => match words.name()?.as_str() {
                "session" => self.acts.become_session(None, false),
                "role" => self.acts.become_role(None, false),
                "search_path" => {
                    self.search(Vec::new());
                    self.built_in = false;
                }
                "client_encoding" => {
                    self.encode(None);
                    return Some(Effect::Encoding);
                }
                "standard_conforming_strings" => return Some(Effect::StdStrings(true)),
                "all" => {
                    self.search(Vec::new());
                    self.built_in = false;
                    self.encode(None);
                    return Some(Effect::Reset);
                }
                _ => {}
            },
            "begin" | "start" => self.acts.begin(),
            "commit" | "end" => self.acts.end(true, *words),
            "rollback" | "abort" => self.acts.end(false, *words),
            "with" | "values" | "delete" => return self.sets_sequences(whole),
            "truncate" => self.truncate(*words),
            "discard" if words.eat("all").is_some() => {
                self.acts = Acts::default();
                self.built_in = false;
                self.search(Vec::new());
                self.encode(None);
                return Some(Effect::Reset);
            }
            _ => {}
        }
        Some(Effect::None)
    }

    fn owner(&mut self, kind: &str, schema: Option<String>, name: String, owner: String) {
        let kind = ObjectKind::word_of(kind);
        let key = (kind.to_owned(), (self.database.clone(), schema.clone(), name.clone()));
        let owners = &mut self.facts.owners;
        match self.owners.get(&key) {
            // The last word counts.
            Some(index) => owners[*index].owner = owner,
            None => {
                self.owners.insert(key, owners.len());
                owners.push(Owned { database: self.database.clone(), kind: kind.to_owned(), schema, name, owner });
            }
        }
    }

    /// The table of contents has only the types of a function's arguments, statements have their names too.
    fn as_tagged(&self, name: String) -> String {
        let before = |name: &str| name.find('(').map(|end| end + 1);
        match before(&name) {
            Some(end) if before(&self.tag) == Some(end) && self.tag[..end] == name[..end] => self.tag.clone(),
            _ => name,
        }
    }

    fn copy(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        // `COPY BINARY t`, of before 7.3; a table can have that name.
        let mut ahead = *words;
        let is_binary =
            ahead.eat("binary").is_some() && matches!(ahead.peek(), Some(TokenKind::Word(word)) if word != "from");
        if is_binary {
            *words = ahead;
        }
        let (schema, table) = words.qualified()?;
        let persistence = self.temporary.persistence(schema.as_deref(), &table);
        let schema = schema.or_else(|| self.schema.clone());
        let columns = words.names();
        words.skip_to("from")?;
        words.eat("stdin")?;
        let mut format = CopyFormat::read(words);
        if is_binary {
            format.doubt = Some(NoDigest::Binary);
        }
        Some(Effect::Copy(CopyTarget { schema, table, columns, format, persistence }))
    }

    /// Schema and name; a name without a schema is in the one that search_path names.
    fn qualified(&self, words: &mut Words<'_>) -> Option<(Option<String>, String)> {
        let (schema, name) = words.qualified()?;
        Some((schema.or_else(|| self.schema.clone()), name))
    }

    /// The name of any kind of object, as pg_dump's table of contents has it.
    fn object(&self, words: &mut Words<'_>, kind: &str) -> Option<(Option<String>, String)> {
        match kind {
            tag::FUNCTION | tag::PROCEDURE | tag::AGGREGATE | tag::ROUTINE => {
                let (schema, name) = self.qualified(words)?;
                let arguments = words.parentheses()?;
                Some((schema, format!("{name}{arguments}")))
            }
            tag::OPERATOR => {
                let (schema, name) = words.operator()?;
                words.parentheses()?;
                Some((schema.or_else(|| self.schema.clone()), name))
            }
            tag::OPERATOR_CLASS | tag::OPERATOR_FAMILY => {
                let (schema, name) = self.qualified(words)?;
                words.eat("using")?;
                let method = words.name()?;
                Some((schema, format!("{name} {method}")))
            }
            tag::LARGE_OBJECT => Some((None, words.word()?.to_owned())),
            _ if ObjectKind::is_word_in_schema(kind) => self.qualified(words),
            _ => Some((None, words.name()?)),
        }
    }
}

/// Whether a CREATE is of a role.
fn is_of_role(mut words: Words<'_>) -> bool {
    words.eat("role").or_else(|| words.eat("group")).is_some()
        || words.eat("user").is_some() && words.eat("mapping").is_none()
}
