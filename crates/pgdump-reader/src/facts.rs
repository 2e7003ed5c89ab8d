//! What a dump declares, as data.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::archive::{Archive, TocEntry};
use super::data::Came;
use super::digest::NoDigest;
use super::embedding::Embedding;
use super::lexer::{Item, Lexer};
use super::object_kind::{ObjectKind, Reading};
use super::psql::{Psql, Step};
use super::renamed::Renamed;
use super::requirements::Needs;
use super::rows::TableRows;
use super::statement::{Collector, Effect};

/// What a dump declares: for an archive by its table of contents, for a plain dump by its statements.
///
/// A plain dump can hold several databases; `database` is then the name given to `\connect`, and `None` is the database
/// that the restore connects to. What an archive says of the database itself (its owner, privileges and settings)
/// only takes effect with `pg_restore --create`, so it stands in [`Facts::creates_database`] alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The dump's `client_encoding`; the first, where it has several.
    pub encoding: Option<String>,
    /// That of each database of a pg_dumpall, which is its own.
    pub encodings: BTreeMap<String, String>,
    pub creates_database: Vec<CreatedDatabase>,
    /// The names given to `\connect`, in order, each once; a database that the script renames has its first one everywhere.
    pub databases: Vec<String>,
    pub renamed: Renamed,
    /// At any time: [`Facts::roles_left`] are those that are there at its end.
    pub roles_created: BTreeSet<String>,
    /// Those of them that a script drops or renames itself.
    pub roles_gone: BTreeSet<String>,
    pub tablespaces_created: BTreeSet<String>,
    /// Every tablespace that an object is put into.
    pub tablespaces: BTreeSet<String>,
    /// Procedural languages that it creates.
    pub languages: BTreeSet<String>,
    pub owners: Vec<Owned>,
    pub grants: Vec<Grant>,
    pub policies: Vec<Policy>,
    /// Whether the dump itself was made under row level security (`pg_dump --enable-row-security`), so that rows that its
    /// role may not see are not in it. Only a script says so.
    pub row_security_on: bool,
    /// Tables whose row level security is switched on.
    pub row_security: Vec<RowSecurity>,
    pub extensions: Vec<Extension>,
    /// The settings that it SETs for the session, in order, each once.
    pub settings: Vec<String>,
    pub tables: Vec<TableData>,
    /// Roles that the session becomes: `SET SESSION AUTHORIZATION`, `SET ROLE`.
    pub sessions: BTreeSet<String>,
    /// Roles whose attributes or settings it changes: `ALTER ROLE`.
    pub roles_altered: BTreeSet<String>,
    /// `CREATE ROLE …`, `ALTER ROLE …`, `DROP ROLE …`, `ALTER DATABASE … SET …` and `GRANT role TO role`, as they stand there: they can hold the digests of
    /// passwords, and are never shown.
    pub role_statements: Vec<String>,
    /// The settings of an archive's database, as statements; they only take effect with `pg_restore --create`.
    pub database_properties: String,
    pub large_objects: u64,
    /// Entries or statements with what the planner knows of a table.
    pub statistics: u64,
    /// Whether rows are INSERT statements.
    pub inserts: bool,
    /// What sequences are set to, in order; the last word on a sequence counts.
    pub sequences: Vec<SequenceValue>,
    /// Constraints that the dump itself has as not verified: `NOT VALID`, `NOT ENFORCED`.
    pub unverified: BTreeSet<Constraint>,
    /// How many indexes of partitions it attaches to each index of a partitioned table.
    pub attached: BTreeMap<Relation, u64>,
    /// Materialized views that it fills, by REFRESH or as it makes them.
    pub refreshed: BTreeSet<Relation>,
    /// What its definitions ask of a server.
    pub needs: Needs,
}

/// What a `setval` of the dump says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceValue {
    pub sequence: Relation,
    /// `last_value` and `is_called`; `None` where they are not written as constants.
    pub value: Option<(i64, bool)>,
}

/// A table, an index, a view or the like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub name: String,
}

/// A constraint and the table or domain that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraint {
    pub of: Relation,
    pub name: String,
}

/// A `CREATE DATABASE`; what it does not state is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatedDatabase {
    pub name: String,
    pub owner: Option<String>,
    pub encoding: Option<String>,
    /// `LOCALE`, which stands for both of the next two.
    pub locale: Option<String>,
    pub lc_collate: Option<String>,
    pub lc_ctype: Option<String>,
    /// `libc`, `icu` or `builtin`.
    pub locale_provider: Option<String>,
    /// `ICU_LOCALE` or `BUILTIN_LOCALE`.
    pub provider_locale: Option<String>,
    pub tablespace: Option<String>,
}

/// An object and the role that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    pub database: Option<String>,
    /// `TABLE`, `FUNCTION`, `MATERIALIZED VIEW`
    pub kind: String,
    pub schema: Option<String>,
    /// As in pg_dump's table of contents: with argument types for functions.
    pub name: String,
    pub owner: String,
}

/// Privileges of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub database: Option<String>,
    /// `TABLE`, `COLUMN`, `FUNCTION`, `SCHEMA`; `DEFAULT PRIVILEGES`, `ROLE` (membership), `USER MAPPING`.
    pub kind: String,
    pub schema: Option<String>,
    /// `orders`, `orders.price` for a column, `f(integer)`; for default privileges the kind of object: `TABLES`.
    pub name: String,
    /// The roles that get or lose something, each once; PUBLIC is not one.
    pub grantees: Vec<String>,
    /// Who grants: `GRANTED BY`, `SET SESSION AUTHORIZATION`, or `FOR ROLE` of default privileges.
    pub grantors: Vec<String>,
    /// The statements as the dump has them.
    pub statements: String,
    /// Whether it takes something from PUBLIC, which is lost where the restore of the entry fails.
    pub revokes_public: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub table: String,
    pub name: String,
    /// Empty for PUBLIC.
    pub roles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSecurity {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub table: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    pub database: Option<String>,
    pub name: String,
    pub schema: Option<String>,
    /// pg_dump leaves it out, except where it upgrades a cluster in place.
    pub version: Option<String>,
}

/// A table and the rows that the dump has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableData {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub name: String,
    /// At least one row. Before the data are read ([`Facts::of_archive`]): whether there is an entry for data.
    pub has_data: bool,
    /// `None` where they were not counted: damage, or no pass over the data.
    pub rows: Option<u64>,
    /// Of the data as text, decompressed; 0 before they are read.
    pub bytes: u64,
    /// Whether the dump creates it; false in a dump of data alone.
    pub created: bool,
}

/// How often a role is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleUse {
    /// Objects that it owns.
    pub owns: u64,
    /// Objects with privileges for it or by it.
    pub granted: u64,
    /// Policies for it.
    pub policies: u64,
    /// How often the session becomes it, or it is itself altered.
    pub other: u64,
}

impl Facts {
    /// The encoding that text of a database has in the dump.
    pub fn encoding_of(&self, database: &str) -> Option<&str> {
        self.encodings.get(database).or(self.encoding.as_ref()).map(String::as_str)
    }

    /// The roles that it creates and leaves.
    pub fn roles_left(&self) -> impl Iterator<Item = &String> {
        self.roles_created.difference(&self.roles_gone)
    }

    /// Every role that the dump names in a statement that fails where the role does not exist.
    pub fn roles(&self) -> BTreeMap<String, RoleUse> {
        let mut roles: BTreeMap<String, RoleUse> = BTreeMap::new();
        for owned in &self.owners {
            roles.entry(owned.owner.clone()).or_default().owns += 1;
        }
        for grant in &self.grants {
            let named: BTreeSet<&String> = grant.grantees.iter().chain(&grant.grantors).collect();
            for role in named {
                roles.entry(role.clone()).or_default().granted += 1;
            }
        }
        for policy in &self.policies {
            for role in &policy.roles {
                roles.entry(role.clone()).or_default().policies += 1;
            }
        }
        for role in self.sessions.iter().chain(&self.roles_altered) {
            roles.entry(role.clone()).or_default().other += 1;
        }
        roles
    }

    /// What an archive's table of contents declares; its data are not read.
    pub fn of_archive(archive: &Archive) -> Self {
        let mut collector = Collector::default();
        // Archives older than 1.13 set search_path to the object's own schema.
        collector.built_in = archive.search_path.as_deref() == Some("");
        for entry in &archive.entries {
            collector.schema.clone_from(&entry.schema);
            collector.label = Some(entry.label());
            collect_entry(&mut collector, archive, entry);
        }
        let mut facts = collector.into_facts();
        facts.encoding.clone_from(&archive.encoding);
        facts
    }

    /// What the beginning of a text declares, up to its first rows. Damage in it is not told.
    pub(super) fn of_beginning(text: impl std::io::Read) -> Self {
        let mut collector = Collector::default();
        let mut psql = Psql::default();
        let mut lexer = Lexer::new(text);
        // What cannot be read is told by the first item.
        let _ = lexer.skip_mark();
        while let Ok(Some(item)) = lexer.next() {
            match item {
                Item::Statement(statement) => match collector.statement(&statement) {
                    Effect::None | Effect::CreatesTable | Effect::LargeObject(_) | Effect::Unknown(_) => {}
                    Effect::Encoding => lexer.set_encoding(Embedding::of(collector.encoding.as_deref())),
                    Effect::StdStrings(on) => lexer.std_strings = on,
                    Effect::Copy { .. } => break,
                },
                Item::Meta(meta) => {
                    let variables = lexer.variables.get_or_insert_default();
                    let (step, rest) = psql.command(&meta.name, &meta.rest, meta.within, meta.line, variables);
                    if let Step::Connect { connect, user } = step {
                        collector.connect(&connect, user);
                        lexer.set_encoding(Embedding::default());
                    }
                    if !rest.trim_ascii().is_empty() {
                        lexer.inject(&rest);
                    }
                }
                Item::Comment { text, .. } => collector.comment(&text),
                Item::Insert | Item::Unfinished(_) => break,
            }
        }
        collector.into_facts()
    }

    /// Writes the rows that were counted to the tables that they belong to.
    pub(super) fn count_rows(&mut self, archive: &Archive, read: &HashMap<i32, Came>) {
        let mut rows: HashMap<(Option<&str>, &str), Came> = HashMap::new();
        for entry in archive.entries.iter().filter(|entry| entry.desc == "TABLE DATA") {
            if let Some(came) = read.get(&entry.id) {
                rows.insert((entry.schema.as_deref(), &entry.tag), *came);
            }
        }
        for table in &mut self.tables {
            let came = rows.get(&(table.schema.as_deref(), table.name.as_str()));
            table.has_data = came.is_some_and(|came| came.rows > 0);
            table.rows = came.filter(|came| came.whole).map(|came| came.rows);
            table.bytes = came.map_or(0, |came| came.bytes);
        }
    }

    /// The same for a plain dump, which names the tables that the rows go into.
    pub(super) fn take_rows(&mut self, read: &[TableRows]) {
        let mut tables: HashMap<_, &mut TableData> = HashMap::new();
        for table in &mut self.tables {
            tables.insert((table.database.clone(), table.schema.clone(), table.name.clone()), table);
        }
        for rows in read {
            let place = &rows.place;
            let name = (place.database.clone(), place.schema.clone(), place.table.clone());
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

fn collect_entry(collector: &mut Collector, archive: &Archive, entry: &TocEntry) {
    // With --create alone, as pg_restore's _tocEntryRequired has it (pg_backup_archiver.c, PostgreSQL 15 to 18).
    let of_database =
        matches!(entry.desc.as_str(), "ACL" | "COMMENT" | "SECURITY LABEL") && entry.tag.starts_with("DATABASE ");
    if of_database || entry.desc == "DATABASE PROPERTIES" {
        collector.facts.database_properties.push_str(if entry.desc == "ACL" || entry.desc == "SECURITY LABEL" {
            ""
        } else {
            &entry.defn
        });
        return;
    }
    if let Some(tablespace) = entry.tablespace.as_ref().filter(|_| entry.desc != "DATABASE") {
        collector.facts.tablespaces.insert(tablespace.clone());
    }
    let reading = ObjectKind::of_tag(&entry.desc).map_or(Reading::Needs, |kind| kind.reading);
    match entry.desc.as_str() {
        "ACL" | "DEFAULT ACL" => {
            let before = collector.facts.grants.len();
            collect_text(collector, &entry.defn);
            // All statements of the entry go to the server as one, so they stand or fall together.
            if let Some(first) = collector.facts.grants.get_mut(before) {
                first.statements = entry.defn.trim().to_owned();
            }
        }
        "DATABASE" => {
            // Its tablespace is needed only where the restore creates it.
            let tablespaces = collector.facts.tablespaces.clone();
            collect_text(collector, &entry.defn);
            collector.facts.tablespaces = tablespaces;
            if let Some(created) = collector.facts.creates_database.last_mut()
                && !entry.owner.is_empty()
            {
                created.owner = Some(entry.owner.clone());
            }
            return;
        }
        "PROCEDURAL LANGUAGE" => {
            collector.facts.languages.insert(entry.tag.clone());
        }
        "TABLE" => collector.table(entry.schema.clone(), entry.tag.clone()).created = true,
        "TABLE DATA" => {
            let table = collector.table(entry.schema.clone(), entry.tag.clone());
            table.has_data = true;
            collector.facts.inserts |= entry.copy_stmt.is_none();
        }
        "STATISTICS DATA" => collector.facts.statistics += 1,
        "BLOB" => collector.facts.large_objects += 1,
        // Since 17 one entry stands for many: its definition lists their oids, one in each line (getLOs in pg_dump.c).
        "BLOB METADATA" => {
            let listed = entry.defn.lines().filter(|line| !line.trim().is_empty()).count();
            collector.facts.large_objects += listed as u64;
        }
        _ => match reading {
            Reading::Whole | Reading::Declared => collect_text(collector, &entry.defn),
            Reading::Needs | Reading::Nothing => {}
        },
    }
    if reading == Reading::Needs {
        need_text(collector, &entry.defn);
    }
    if let Some(method) = &entry.table_access_method {
        collector.facts.needs.access_methods.insert(method.clone());
    }
    if entry.desc == "BLOB METADATA" && !entry.owner.is_empty() {
        for oid in entry.defn.lines().map(str::trim).filter(|line| !line.is_empty()) {
            collector.facts.owners.push(super::Owned {
                database: None,
                kind: "LARGE OBJECT".to_owned(),
                schema: None,
                name: oid.to_owned(),
                owner: entry.owner.clone(),
            });
        }
    } else if gets_owner(archive, entry) {
        collector.facts.owners.push(super::Owned {
            database: None,
            kind: statement_word(&entry.desc).to_owned(),
            schema: entry.schema.clone(),
            name: entry.tag.clone(),
            owner: entry.owner.clone(),
        });
    }
}

/// What facts call the kind of an entry's object: the word of its statements where that is another one.
fn statement_word(desc: &str) -> &str {
    match ObjectKind::of_tag(desc) {
        Some(kind) if !kind.sql.is_empty() => kind.sql,
        _ => desc,
    }
}

/// Whether a restore writes `ALTER … OWNER TO` for the entry (_printTocEntry in pg_backup_archiver.c, PostgreSQL 15 to
/// 18: it has an owner and a statement that drops it, and is of a type that can have an owner).
fn gets_owner(_archive: &Archive, entry: &TocEntry) -> bool {
    !entry.owner.is_empty()
        && !entry.drop_stmt.is_empty()
        && ObjectKind::of_tag(&entry.desc).is_none_or(|kind| kind.has_owner)
}

fn need_text(collector: &mut Collector, text: &str) {
    let mut lexer = Lexer::of_text(text);
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        if let Item::Statement(statement) = item {
            collector.need(&statement);
        }
    }
}

fn collect_text(collector: &mut Collector, text: &str) {
    let mut lexer = Lexer::of_text(text);
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        if let Item::Statement(statement) = item {
            collector.statement(&statement);
        }
    }
}
