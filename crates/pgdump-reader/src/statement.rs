//! Understands the statements that pg_dump and pg_dumpall write, as far as they say what a dump declares.
//!
//! Sources: src/bin/pg_dump/pg_dump.c, pg_dumpall.c and dumputils.c (buildACLCommands, buildDefaultACLCommands) of
//! PostgreSQL 15 to 18. A statement that is not understood is passed over: the restore itself judges it.

mod grants;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::changes;
use super::copy_format::CopyFormat;
use super::facts::{
    Constraint, CreatedDatabase, Extension, Facts, Grant, Owned, Policy, Relation, RowSecurity, SequenceValue,
    TableData,
};
use super::lexer::{Statement, Token, TokenKind};
use super::psql::Connect;
use super::requirements::Context;
use super::sequences;
use super::sql::identifier;
use super::temporary::{Searched, Temporary, Whose};
use super::words::Words;

/// Gathers facts, statement by statement.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pub(super) facts: Facts,
    /// The database that the statements now go to.
    pub(super) database: Option<String>,
    /// The schema of names that have none: from search_path, or the archive entry's.
    pub(super) schema: Option<String>,
    /// The client's encoding as it is set now; `None` is the database's own.
    pub(super) encoding: Option<String>,
    /// Tables that go with the session.
    pub(super) temporary: Temporary,
    /// From `SET SESSION AUTHORIZATION`.
    session: Option<String>,
    /// From `SET ROLE`.
    role: Option<String>,
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
    pub(super) label: Option<String>,
    /// Whether `search_path` is empty, so that only what is built in has a name without a schema.
    pub(super) built_in: bool,
}

/// Database, schema and name.
type Name = (Option<String>, Option<String>, String);

/// A COPY statement whose rows follow in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CopyTarget {
    pub(super) schema: Option<String>,
    pub(super) table: String,
    pub(super) columns: Option<Vec<String>>,
    pub(super) format: CopyFormat,
    pub(super) whose: Whose,
}

/// What a statement means for how the text goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    /// Rows follow.
    Copy(CopyTarget),
    CreatesTable,
    LargeObject(LargeObjectCall),
    StdStrings(bool),
    /// The client's encoding is another one now.
    Encoding,
    /// What the statement sets, or where what follows goes, is not known; why.
    Unknown(&'static str),
}

/// A function that writes a large object's data (StartRestoreLO and ahwrite in pg_backup_archiver.c, PostgreSQL 15 to
/// 18): `SELECT pg_catalog.lo_open('16401', 131072);`, `SELECT pg_catalog.lowrite(0, '\\x…');`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LargeObjectCall {
    Open(u32),
    Write(Vec<u8>),
    Close,
}

impl Collector {
    pub(super) fn into_facts(self) -> Facts {
        let mut facts = self.facts;
        // In PostgreSQL 15 and older views and sequences are altered as tables.
        for owned in facts.owners.iter_mut().filter(|owned| owned.kind == "TABLE") {
            let name = (owned.database.clone(), owned.schema.clone(), owned.name.clone());
            if let Some(kind) = self.relations.get(&name) {
                owned.kind = (*kind).to_owned();
            }
        }
        facts
    }

    /// The table of this name in the current database, made if it is new.
    pub(super) fn table(&mut self, schema: Option<String>, name: String) -> &mut TableData {
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
    pub(super) fn has_rows(&mut self, table: Relation) {
        let now = std::mem::replace(&mut self.database, table.database);
        self.table(table.schema, table.name).has_data = true;
        self.database = now;
    }

    /// Whether there is a table of this name by now.
    pub(super) fn has_table(&self, table: &Relation) -> bool {
        self.tables.contains_key(&(table.database.clone(), table.schema.clone(), table.name.clone()))
    }

    /// As whom the script acts by its own words; `None` is whoever restores it.
    pub(super) fn acting(&self) -> Option<&str> {
        self.role.as_deref().or(self.session.as_deref()).or(self.user.as_deref())
    }

    /// Whether the current database has a table by now.
    pub(super) fn has_tables(&self) -> bool {
        self.with_tables.contains(&self.database)
    }

    /// Goes to another database, with a new session.
    pub(super) fn connect(&mut self, connect: &Connect, user: Option<String>) {
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
        (self.schema, self.session, self.role, self.encoding) = (None, None, None, None);
        self.built_in = false;
        self.temporary = Temporary::default();
    }

    /// Looks for names without a schema in these from now on; none are those of the server's configuration.
    fn search(&mut self, schemas: Vec<String>) {
        self.temporary.searched = Searched::of(schemas.iter().map(String::as_str));
        self.schema = leading_schema(schemas);
    }

    /// Takes a comment: `-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: x` (_printTocEntry in
    /// pg_backup_archiver.c).
    pub(super) fn comment(&mut self, text: &str) {
        let name = text.strip_prefix(" Name: ").and_then(|rest| rest.split_once("; Type: "));
        if let Some((name, _)) = name {
            self.tag.clear();
            self.tag.push_str(name);
        }
    }

    pub(super) fn statement(&mut self, statement: &Statement) -> Effect {
        self.need(statement);
        let mut words = Words::of(statement);
        // Nothing that is not understood matters, so what is left of the statement is passed over.
        self.read(&mut words, statement).unwrap_or(Effect::None)
    }

    /// Takes a statement for what it asks of a server, and for nothing else.
    pub(super) fn need(&mut self, statement: &Statement) {
        let context = Context { label: self.label.as_deref(), built_in: self.built_in };
        self.facts.needs.see(statement, &context);
    }

    fn read(&mut self, words: &mut Words<'_>, statement: &Statement) -> Option<Effect> {
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
                let (_, table) = words.qualified()?;
                (table == "pg_database").then_some(())?;
                self.facts.role_statements.push(statement.text.clone());
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
                "session" => (self.session, self.role) = (None, None),
                "role" => self.role = None,
                "search_path" => {
                    self.search(Vec::new());
                    self.built_in = false;
                }
                "client_encoding" => {
                    self.encode(None);
                    return Some(Effect::Encoding);
                }
                "all" => {
                    self.search(Vec::new());
                    self.built_in = false;
                    self.encode(None);
                    return Some(Effect::Encoding);
                }
                _ => {}
            },
            "truncate" => self.truncate(*words),
            "discard" if words.eat("all").is_some() => {
                (self.session, self.role, self.built_in) = (None, None, false);
                self.search(Vec::new());
                self.encode(None);
                return Some(Effect::Encoding);
            }
            _ => {}
        }
        Some(Effect::None)
    }

    fn set(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        if words.eat("session").is_some() && words.eat("authorization").is_some() {
            let role = words.name_or_text()?;
            if role != "default" {
                self.facts.sessions.insert(role.clone());
            }
            (self.session, self.role) = ((role != "default").then_some(role), None);
            return Some(Effect::None);
        }
        let is_local = words.eat("local").is_some();
        // `SET SCHEMA 'x'`, `SET NAMES 'x'`, `SET TIME ZONE x`.
        if words.eat("schema").is_some() {
            let schema = words.text()?;
            return Some(self.set_to("search_path", Some(schema), *words, is_local));
        }
        if words.eat("names").is_some() {
            let encoding = words.name_or_text();
            return Some(self.set_to("client_encoding", encoding, *words, is_local));
        }
        // `SET ROLE name` takes no equals sign.
        let mut role = *words;
        if role.eat("role").is_some()
            && let Some(role) = role.name_or_text()
        {
            self.role = (role != "none").then_some(role);
            self.facts.sessions.extend(self.role.clone());
            return Some(Effect::None);
        }
        let mut name = words.name()?;
        while words.sign(b'.').is_some() {
            name = format!("{name}.{}", words.name()?);
        }
        if words.sign(b'=').is_none() {
            words.eat("to")?;
        }
        let value = words.name_or_text();
        let rest = *words;
        let effect = self.set_to(&name, value, rest, is_local);
        self.setting(name);
        Some(effect)
    }

    /// `SET name = value`; more values may follow.
    fn set_to(&mut self, name: &str, value: Option<String>, mut rest: Words<'_>, is_local: bool) -> Effect {
        let is_default = matches!(&value, Some(value) if value == "default");
        let value = value.filter(|_| !is_default);
        match name {
            _ if is_local && matches!(name, "client_encoding" | "search_path" | "standard_conforming_strings") => {
                return Effect::Unknown("SET LOCAL, which ends with its transaction");
            }
            "client_encoding" => {
                self.encode(value);
                return Effect::Encoding;
            }
            "standard_conforming_strings" => {
                let off = ["off", "false", "0", "no"];
                return Effect::StdStrings(!value.is_some_and(|value| off.contains(&value.to_lowercase().as_str())));
            }
            "default_tablespace" => {
                if let Some(tablespace) = value.filter(|tablespace| !tablespace.is_empty()) {
                    self.facts.tablespaces.insert(tablespace);
                }
            }
            "row_security" => {
                self.facts.row_security_on |= value.is_some_and(|value| ["on", "true", "1", "yes"].contains(&&*value));
            }
            // Dumps older than 10.3 set it for each object (K_VERS_1_13 in pg_backup_archiver.h).
            "search_path" => {
                self.built_in = matches!(&value, Some(value) if value.is_empty());
                let mut schemas: Vec<String> = value.into_iter().collect();
                while rest.sign(b',').is_some() {
                    schemas.extend(rest.name_or_text());
                }
                self.search(schemas);
            }
            _ => {}
        }
        Effect::None
    }

    /// Takes what the client's encoding is set to.
    pub(super) fn encode(&mut self, encoding: Option<String>) {
        if let (Some(database), Some(encoding)) = (&self.database, &encoding) {
            self.facts.encodings.entry(database.clone()).or_insert_with(|| encoding.clone());
        }
        self.facts.encoding = self.facts.encoding.take().or_else(|| encoding.clone());
        self.encoding = encoding;
    }

    /// Whether text is now in another encoding than that which the facts give for the database.
    pub(super) fn is_encoded_otherwise(&self) -> bool {
        match (&self.encoding, self.stated_encoding()) {
            (Some(now), Some(stated)) => !is_same_encoding(now, stated),
            (None, Some(_)) => true,
            _ => false,
        }
    }

    /// The same of rows whose own statement says their encoding. Where the script says none for the rest, that is in the
    /// database's own, which the text does not say.
    pub(super) fn is_other_encoding(&self, encoding: &str) -> bool {
        self.stated_encoding().is_none_or(|stated| !is_same_encoding(encoding, stated))
    }

    fn stated_encoding(&self) -> Option<&str> {
        match &self.database {
            Some(database) => self.facts.encoding_of(database),
            None => self.facts.encoding.as_deref(),
        }
    }

    fn setting(&mut self, name: String) {
        if self.settings.insert(name.clone()) {
            self.facts.settings.push(name);
        }
    }

    /// `SELECT pg_catalog.set_config('search_path', '', false)`
    fn select(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        if let Some(into) = changes::into(*words) {
            let (schema, name) = into.table;
            if !into.is_own && !self.temporary.makes(schema.as_deref()) {
                let schema = schema.or_else(|| self.schema.clone());
                self.table(schema, name).created = true;
            }
            return Some(Effect::None);
        }
        let sets = sequences::set_by_calls(*words);
        if !sets.is_empty() {
            return Some(self.set_sequences(sets));
        }
        // `SELECT * FROM pg_catalog.pg_restore_relation_stats(…)` (dumpRelationStats in pg_dump.c, 18).
        if words.sign(b'*').is_some() {
            words.eat("from")?;
            let (_, function) = words.qualified()?;
            self.facts.statistics += u64::from(function.starts_with("pg_restore_") && function.ends_with("_stats"));
            return Some(Effect::None);
        }
        let (_, function) = words.qualified()?;
        if let Some(call) = large_object_call(&function, words) {
            return Some(Effect::LargeObject(call));
        }
        if function == "set_config" {
            words.sign(b'(')?;
            let unknown = Effect::Unknown("set_config with something that is no constant");
            let Some(name) = words.text() else { return Some(unknown) };
            words.sign(b',')?;
            let matters = ["search_path", "client_encoding", "standard_conforming_strings"].contains(&name.as_str());
            let value = words.text();
            let Some(value) = value.filter(|_| words.sign(b',').is_some()) else {
                return Some(if matters { unknown } else { Effect::None });
            };
            let is_local = words.eat("true").is_some();
            let effect = match name.as_str() {
                "search_path" if is_local => Effect::Unknown("set_config for one transaction alone"),
                "search_path" => {
                    self.built_in = value.is_empty();
                    self.search(value.split(',').map(str::trim).map(unquote).collect());
                    Effect::None
                }
                _ => self.set_to(&name, Some(value), *words, is_local),
            };
            self.setting(name);
            return Some(effect);
        } else if function == "lo_create" {
            self.facts.large_objects += u64::from(self.label.is_none());
        }
        Some(Effect::None)
    }

    /// Takes what a statement sets sequences to.
    fn set_sequences(&mut self, sets: Vec<sequences::Set>) -> Effect {
        let mut effect = Effect::None;
        for set in sets {
            match set.sequence {
                Some(named) => self.set_sequence(named, set.value),
                None => effect = Effect::Unknown("setval of a sequence that is named by no constant"),
            }
        }
        effect
    }

    fn set_sequence(&mut self, (schema, name): (Option<String>, String), value: sequences::Value) {
        let schema = schema.or_else(|| self.schema.clone());
        let sequence = Relation { database: self.database.clone(), schema, name };
        self.facts.sequences.push(SequenceValue { sequence, value });
    }

    /// `TRUNCATE … RESTART IDENTITY` starts sequences anew that nothing but the server knows: what was said of any is no
    /// more its last value.
    fn truncate(&mut self, words: Words<'_>) {
        if words.have(&["restart", "identity"]) {
            let said = self.facts.sequences.iter().map(|value| &value.sequence);
            let said: BTreeSet<Relation> = said.filter(|of| of.database == self.database).cloned().collect();
            let anew = said.into_iter().map(|sequence| SequenceValue { sequence, value: None });
            self.facts.sequences.extend(anew);
        }
    }

    /// `REFRESH MATERIALIZED VIEW public.turnover`
    fn refresh(&mut self, words: &mut Words<'_>) -> Option<()> {
        words.eat("materialized")?;
        words.eat("view")?;
        let _ = words.eat("concurrently");
        let (schema, name) = self.qualified(words)?;
        let view = Relation { database: self.database.clone(), schema, name };
        let empties = words.eat("with").is_some() && words.eat("no").is_some();
        if empties {
            self.facts.refreshed.remove(&view)
        } else {
            self.facts.refreshed.insert(view)
        };
        Some(())
    }

    /// `CREATE MATERIALIZED VIEW x AS …`, which fills it where it does not end in `WITH NO DATA`, as pg_dump writes it.
    fn filled_as_made(&mut self, mut words: Words<'_>) -> Option<()> {
        let _ = words.eat("unlogged");
        words.eat("materialized")?;
        words.eat("view")?;
        words.if_not_exists();
        let (schema, name) = self.qualified(&mut words)?;
        if !words.end_with(&["with", "no", "data"]) {
            self.facts.refreshed.insert(Relation { database: self.database.clone(), schema, name });
        }
        Some(())
    }

    fn create(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        if words.eat("or").is_some() {
            words.eat("replace")?;
        }
        self.session_owner(*words);
        let _ = words.eat("trusted");
        let _ = words.eat("unlogged");
        let mut own = *words;
        let _ = own.eat("global").or_else(|| own.eat("local"));
        if own.eat("temporary").or_else(|| own.eat("temp")).is_some() {
            // It goes with the session.
            return Some(Effect::None);
        }
        let mut foreign = *words;
        let foreign = foreign.eat("foreign").and_then(|()| foreign.eat("table")).map(|()| foreign);
        if let Some(rest) = foreign {
            *words = rest;
            self.view(words, "FOREIGN TABLE")?;
            return Some(Effect::None);
        }
        match words.word()? {
            "role" | "group" => self.creates_role(words.name()?),
            "user" if words.eat("mapping").is_some() => self.user_mapping(words)?,
            "user" => self.creates_role(words.name()?),
            "tablespace" => {
                let name = words.name()?;
                self.facts.tablespaces_created.insert(name);
            }
            "database" => self.database(words)?,
            "extension" => {
                words.if_not_exists();
                let name = words.name()?;
                let _ = words.eat("with");
                let schema = words.eat("schema").and_then(|()| words.name());
                let version = words.eat("version").and_then(|()| words.name_or_text());
                self.facts.extensions.push(Extension { database: self.database.clone(), name, schema, version });
            }
            "procedural" | "language" => {
                let _ = words.eat("language");
                self.facts.languages.insert(words.name()?);
            }
            "policy" => self.policy(words)?,
            "table" => {
                words.if_not_exists();
                let (schema, name) = words.qualified()?;
                if self.temporary.makes(schema.as_deref()) {
                    return Some(Effect::None);
                }
                let schema = schema.or_else(|| self.schema.clone());
                self.table(schema, name).created = true;
                return Some(Effect::CreatesTable);
            }
            "view" => self.view(words, "VIEW")?,
            "recursive" => {
                words.eat("view")?;
                self.view(words, "VIEW")?;
            }
            "sequence" => self.view(words, "SEQUENCE")?,
            "materialized" => {
                words.eat("view")?;
                self.view(words, "MATERIALIZED VIEW")?;
            }
            _ => {}
        }
        Some(Effect::None)
    }

    /// With `--use-set-session-authorization` there is no OWNER TO: what is created belongs to the session's role.
    fn session_owner(&mut self, mut words: Words<'_>) -> Option<()> {
        let owner = self.session.clone()?;
        let kind = words.kind(ALTERED)?;
        words.if_not_exists();
        let (schema, name) = match kind {
            _ if WITHOUT_SCHEMA.contains(&kind) => (None, words.name()?),
            _ => self.qualified(&mut words)?,
        };
        let tagged = self.tag.strip_prefix(&name).is_some_and(|rest| rest.starts_with('('));
        let name = if tagged { self.tag.clone() } else { name };
        self.owner(kind, schema, name, owner);
        Some(())
    }

    fn view(&mut self, words: &mut Words<'_>, kind: &'static str) -> Option<()> {
        words.if_not_exists();
        let (schema, name) = self.qualified(words)?;
        self.relation(schema, name, kind);
        Some(())
    }

    fn relation(&mut self, schema: Option<String>, name: String, kind: &'static str) {
        self.relations.insert((self.database.clone(), schema, name), kind);
    }

    fn database(&mut self, words: &mut Words<'_>) -> Option<()> {
        let mut created = CreatedDatabase { name: words.name()?, ..CreatedDatabase::default() };
        let _ = words.eat("with");
        while let Some(option) = words.name() {
            let _ = words.sign(b'=');
            let Some(value) = words.name_or_text() else { break };
            let field = match option.as_str() {
                "owner" => &mut created.owner,
                "encoding" => &mut created.encoding,
                "locale" => &mut created.locale,
                "lc_collate" => &mut created.lc_collate,
                "lc_ctype" => &mut created.lc_ctype,
                "locale_provider" => &mut created.locale_provider,
                "icu_locale" | "builtin_locale" => &mut created.provider_locale,
                "tablespace" => &mut created.tablespace,
                _ => continue,
            };
            *field = Some(value);
        }
        if let Some(tablespace) = &created.tablespace {
            self.facts.tablespaces.insert(tablespace.clone());
        }
        self.facts.creates_database.push(created);
        Some(())
    }

    fn policy(&mut self, words: &mut Words<'_>) -> Option<()> {
        let name = words.name()?;
        words.eat("on")?;
        let (schema, table) = self.qualified(words)?;
        if words.eat("as").is_some() {
            words.word()?;
        }
        if words.eat("for").is_some() {
            words.word()?;
        }
        let mut roles = Vec::new();
        if words.eat("to").is_some() {
            roles = words.roles();
        }
        self.facts.policies.push(Policy { database: self.database.clone(), schema, table, name, roles });
        Some(())
    }

    /// `CREATE USER MAPPING FOR role SERVER name`
    fn user_mapping(&mut self, words: &mut Words<'_>) -> Option<()> {
        words.if_not_exists();
        words.eat("for")?;
        let grantees = words.roles();
        words.eat("server")?;
        let name = words.name()?;
        self.facts.grants.push(Grant {
            database: self.database.clone(),
            kind: "USER MAPPING".to_owned(),
            schema: None,
            name,
            grantees,
            grantors: Vec::new(),
            statements: String::new(),
            revokes_public: false,
        });
        Some(())
    }

    /// What the script removes itself is not looked for.
    fn drop(&mut self, words: &mut Words<'_>) -> Option<()> {
        let kind = words.word()?;
        if kind == "materialized" {
            words.eat("view")?;
        }
        words.if_exists();
        match kind {
            "database" => {
                let name = words.name()?;
                self.facts.creates_database.retain(|created| created.name != name);
            }
            "role" | "user" | "group" => loop {
                let role = words.name()?;
                let is_created = self.facts.roles_created.contains(&role);
                if is_created || self.facts.roles_altered.contains(&role) {
                    self.facts.role_statements.push(format!("DROP ROLE {}", identifier(&role)));
                }
                if is_created {
                    self.facts.roles_gone.insert(role);
                }
                words.sign(b',')?;
            },
            "materialized" => loop {
                let (schema, name) = self.qualified(words)?;
                let relation = Relation { database: self.database.clone(), schema, name };
                self.facts.refreshed.remove(&relation);
                words.sign(b',')?;
            },
            _ => {}
        }
        Some(())
    }

    /// `ALTER ROLE name RENAME TO other`
    fn rename_role(&mut self, mut words: Words<'_>, statement: &Statement) -> Option<()> {
        words.eat("role").or_else(|| words.eat("user")).or_else(|| words.eat("group"))?;
        let from = words.name()?;
        words.eat("rename")?;
        words.eat("to")?;
        let to = words.name()?;
        self.facts.role_statements.push(statement.text.clone());
        if self.facts.roles_created.contains(&from) {
            self.facts.roles_gone.insert(from);
        }
        self.creates_role(to);
        Some(())
    }

    fn creates_role(&mut self, role: String) {
        self.facts.roles_gone.remove(&role);
        self.facts.roles_created.insert(role);
    }

    fn alter(&mut self, words: &mut Words<'_>, statement: &Statement) -> Option<()> {
        if self.rename_role(*words, statement).is_some() {
            return Some(());
        }
        if words.eat("default").is_some() {
            words.eat("privileges")?;
            return self.default_privileges(words, statement);
        }
        if words.eat("index").is_some() {
            let (schema, name) = self.qualified(words)?;
            words.eat("attach")?;
            let index = Relation { database: self.database.clone(), schema, name };
            *self.facts.attached.entry(index).or_default() += 1;
            return Some(());
        }
        let kind = words.kind(ALTERED)?;
        if kind == "ROLE" {
            // `ALTER ROLE ALL SET …` names none.
            let all =
                matches!(words.tokens.first().map(|token| &token.kind), Some(TokenKind::Word(word)) if word == "all");
            self.facts.role_statements.push(statement.text.clone());
            let role = words.name().filter(|_| !all)?;
            self.facts.roles_altered.insert(role);
            return Some(());
        }
        if kind == "DATABASE" && self.rename(*words).is_some() {
            return Some(());
        }
        if kind == "DATABASE" && self.database_setting(*words) {
            self.facts.role_statements.push(statement.text.clone());
            return Some(());
        }
        words.if_exists();
        if kind == "TABLE" {
            let _ = words.eat("only");
        }
        let (schema, name) = self.object(words, kind)?;
        match kind {
            "SEQUENCE" => {
                if let Some(value) = sequences::restarted(*words) {
                    self.set_sequence((schema.clone(), name.clone()), value);
                }
            }
            "TABLE" => {
                for (column, value) in sequences::restarted_columns(*words) {
                    if let Some(sequence) = sequences::of_column((schema.clone(), name.clone()), &column) {
                        self.set_sequence(sequence, value);
                    }
                }
            }
            _ => {}
        }
        match words.word()? {
            "owner" => {
                words.eat("to")?;
                let owner = words.name()?;
                let name = self.as_tagged(name);
                self.owner(kind, schema, name, owner);
            }
            "enable" if kind == "TABLE" => {
                words.eat("row")?;
                words.eat("level")?;
                words.eat("security")?;
                self.facts.row_security.push(RowSecurity { database: self.database.clone(), schema, table: name });
            }
            "add" if kind == "TABLE" || kind == "DOMAIN" => {
                words.eat("constraint")?;
                let constraint = words.name()?;
                // What it ends with cannot be told where the end was not kept.
                if statement.cut || is_unverified(words.tokens) {
                    let of = Relation { database: self.database.clone(), schema, name };
                    self.facts.unverified.insert(Constraint { of, name: constraint });
                }
            }
            _ => {}
        }
        Some(())
    }

    fn owner(&mut self, kind: &str, schema: Option<String>, name: String, owner: String) {
        let kind = if kind == "PROCEDURAL LANGUAGE" { "LANGUAGE" } else { kind };
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

    /// `ALTER DATABASE name RENAME TO other`
    fn rename(&mut self, mut words: Words<'_>) -> Option<()> {
        let from = words.name()?;
        words.eat("rename")?;
        words.eat("to")?;
        self.facts.renamed.push(from, words.name()?);
        Some(())
    }

    /// `ALTER DATABASE name SET …`, `… CONNECTION LIMIT …`, `… IS_TEMPLATE …` sets no owner.
    fn database_setting(&self, mut words: Words<'_>) -> bool {
        words.name().is_some() && words.eat("owner").is_none()
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
        let whose = self.temporary.whose(schema.as_deref(), &table);
        let schema = schema.or_else(|| self.schema.clone());
        let columns = words.names();
        words.skip_to("from")?;
        words.eat("stdin")?;
        let mut format = CopyFormat::read(words);
        if is_binary {
            format.doubt = Some(super::digest::NoDigest::Binary);
        }
        Some(Effect::Copy(CopyTarget { schema, table, columns, format, whose }))
    }

    /// Schema and name; a name without a schema is in the one that search_path names.
    fn qualified(&self, words: &mut Words<'_>) -> Option<(Option<String>, String)> {
        let (schema, name) = words.qualified()?;
        Some((schema.or_else(|| self.schema.clone()), name))
    }

    /// The name of any kind of object, as pg_dump's table of contents has it.
    fn object(&self, words: &mut Words<'_>, kind: &str) -> Option<(Option<String>, String)> {
        match kind {
            "FUNCTION" | "PROCEDURE" | "AGGREGATE" | "ROUTINE" => {
                let (schema, name) = self.qualified(words)?;
                let arguments = words.parentheses()?;
                Some((schema, format!("{name}{arguments}")))
            }
            "OPERATOR" => {
                let (schema, name) = words.operator()?;
                words.parentheses()?;
                Some((schema.or_else(|| self.schema.clone()), name))
            }
            "OPERATOR CLASS" | "OPERATOR FAMILY" => {
                let (schema, name) = self.qualified(words)?;
                words.eat("using")?;
                let method = words.name()?;
                Some((schema, format!("{name} {method}")))
            }
            "LARGE OBJECT" => Some((None, words.word()?.to_owned())),
            _ if WITHOUT_SCHEMA.contains(&kind) => Some((None, words.name()?)),
            _ => self.qualified(words),
        }
    }
}

/// Whether a CREATE is of a role.
fn is_of_role(mut words: Words<'_>) -> bool {
    words.eat("role").or_else(|| words.eat("group")).is_some()
        || words.eat("user").is_some() && words.eat("mapping").is_none()
}

/// Whether two names of encodings are spellings of the same.
fn is_same_encoding(one: &str, other: &str) -> bool {
    let normal = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase().replace("unicode", "utf8")
    };
    normal(one) == normal(other)
}

/// The schema that names without one are in: the first of search_path that is neither the session's role's own, which hardly
/// any database has, nor the system's.
fn leading_schema(schemas: Vec<String>) -> Option<String> {
    schemas.into_iter().find(|schema| !matches!(schema.as_str(), "" | "pg_catalog" | "$user" | "pg_temp"))
}

/// What ALTER … OWNER TO can follow; longer ones first.
const ALTERED: &[&str] = &[
    "FOREIGN DATA WRAPPER",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "EVENT TRIGGER",
    "FOREIGN TABLE",
    "LARGE OBJECT",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "PROCEDURAL LANGUAGE",
    "AGGREGATE",
    "COLLATION",
    "CONVERSION",
    "DATABASE",
    "DOMAIN",
    "FUNCTION",
    "LANGUAGE",
    "OPERATOR",
    "PROCEDURE",
    "PUBLICATION",
    "ROLE",
    "ROUTINE",
    "SCHEMA",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "TABLESPACE",
    "TABLE",
    "TYPE",
    "VIEW",
];

const WITHOUT_SCHEMA: &[&str] = &[
    "DATABASE",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN SERVER",
    "LANGUAGE",
    "PARAMETER",
    "PROCEDURAL LANGUAGE",
    "PUBLICATION",
    "SCHEMA",
    "SERVER",
    "SUBSCRIPTION",
    "TABLESPACE",
];

/// Whether the definition of a constraint ends with `NOT VALID` or `NOT ENFORCED` (pg_get_constraintdef_worker in
/// ruleutils.c, PostgreSQL 18, writes them last).
fn is_unverified(definition: &[Token]) -> bool {
    let [.., before, last] = definition else { return false };
    before.kind.is_word("not") && (last.kind.is_word("valid") || last.kind.is_word("enforced"))
}

/// `lo_open('16401', 131072)`, or what 9.0 to 18 write beside it; `lo_create` makes an object without data.
fn large_object_call(function: &str, words: &mut Words<'_>) -> Option<LargeObjectCall> {
    let mut words = *words;
    words.sign(b'(')?;
    match function {
        "lo_open" => {
            let oid = words.text().or_else(|| words.name())?;
            Some(LargeObjectCall::Open(oid.parse().ok()?))
        }
        "lowrite" => {
            words.name()?;
            words.sign(b',')?;
            Some(LargeObjectCall::Write(bytes_of(&words.text()?)))
        }
        "lo_close" => Some(LargeObjectCall::Close),
        _ => None,
    }
}

/// `\x0102` (appendByteaLiteral in src/fe_utils/string_utils.c writes nothing else); nothing where it is none.
fn bytes_of(text: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> = text.strip_prefix("\\x").map(|digits| {
        digits.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|digit| digit as u8).collect()
    });
    digits.unwrap_or_default().chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// An argument of a psql command or part of search_path, without its quotes.
fn unquote(argument: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = argument.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    argument.to_owned()
}
