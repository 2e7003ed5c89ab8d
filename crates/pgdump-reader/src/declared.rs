//! Every object that a dump declares, with its definition: an archive's table of contents, or the same read off the
//! comments that pg_dump writes before each object of a plain dump.

use std::collections::HashMap;
use std::sync::Arc;

use crate::archive::{Archive, label};
use crate::lexer::{Item, Lexer, Statement, TokenKind};
use crate::object_kind::{ObjectKind, Part};
use crate::object_words;
use crate::sql;
use crate::tag;
use crate::words::Words;

/// One object as a dump declares it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// The database of a plain dump's `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// The type as pg_dump calls it: `TABLE`, `FK CONSTRAINT`, `COMMENT`.
    pub desc: String,
    /// `None` for what is in no schema.
    pub schema: Option<String>,
    /// The name as pg_dump has it: `orders`, `f(integer)`, `orders orders_pkey` for a constraint. Line breaks are spaces, as
    /// in the comments of a plain dump (sanitize_line in src/bin/pg_dump/dumputils.c and pg_backup_archiver.c).
    pub tag: String,
    /// Empty where the dump states none.
    pub owner: String,
    /// `default_tablespace` while it is made, or that of its entry.
    pub tablespace: Option<String>,
    /// `default_table_access_method` while it is made, where the dump sets it.
    pub access_method: Option<String>,
    /// `search_path` while it is made, as SQL writes the list; `None` where names are qualified, as pg_dump does since 10.3.
    pub search_path: Option<Arc<str>>,
    /// Its statements, without those that set its owner. Empty where they were too long to be kept.
    pub definition: String,
    /// The archive's entry.
    pub id: Option<i32>,
}

impl Declared {
    /// `TABLE public.orders`, as findings name it.
    pub fn label(&self) -> String {
        label(&self.desc, self.schema.as_deref(), &self.tag)
    }

    /// What it says something of, where it is a comment, privileges or a label: the kind as statements call it, and the rest
    /// of the tag.
    pub fn subject(&self) -> Option<(&'static str, &str)> {
        object_words::subject_of(&self.desc, &self.tag)
    }

    /// Whether it says something of the database itself, and not of what the database holds: its comment, its
    /// privileges.
    pub fn is_of_database(&self) -> bool {
        object_words::is_of_database(&self.desc, &self.tag)
    }

    /// The large object that it says something of, by its oid.
    pub fn large_object(&self) -> Option<&str> {
        self.subject().filter(|(kind, _)| *kind == tag::LARGE_OBJECT).map(|(_, oid)| oid)
    }

    /// The same with the name that pg_dump of today gives it: before 9.6 and 11 what belongs to a table was named without it,
    /// and privileges without the kind of their object (ArchiveEntry calls in pg_dump.c).
    fn with_modern_tag(mut self) -> Self {
        if !matches!(
            self.desc.as_str(),
            tag::CONSTRAINT
                | tag::FK_CONSTRAINT
                | tag::CHECK_CONSTRAINT
                | tag::DEFAULT
                | tag::TRIGGER
                | tag::RULE
                | tag::POLICY
        ) {
            return self;
        }
        // Reading from memory cannot fail.
        let Ok(Some(Item::Statement(statement) | Item::Unfinished(statement))) =
            Lexer::of_text(&self.definition).next()
        else {
            return self;
        };
        let mut words = Words::of(&statement);
        let table = match self.desc.as_str() {
            tag::TRIGGER => words.skip_to("on").and_then(|()| words.qualified()),
            tag::RULE => words.skip_to("to").and_then(|()| words.qualified()),
            tag::POLICY => words.skip_to("on").and_then(|()| words.qualified()),
            _ => {
                let altered = words.eat("alter").and_then(|()| words.eat("table").or_else(|| words.eat("domain")));
                let _ = words.eat("only");
                altered.and_then(|()| words.qualified())
            }
        };
        if let Some((_, table)) = table {
            let table = one_line(&table);
            if !self.tag.strip_prefix(&table).is_some_and(|rest| rest.starts_with(' ')) {
                self.tag = format!("{table} {}", self.tag);
            }
        }
        self
    }

    /// The objects of an archive, in its order. Rows, large objects and what belongs to the archive itself are left out.
    pub fn of_archive(archive: &Archive) -> Vec<Self> {
        // One entry can stand for many large objects; pg_restore repeats the statements for each (IssueACLPerBlob in
        // pg_backup_archiver.c).
        let batches: HashMap<i32, Vec<&str>> = archive
            .entries
            .iter()
            .filter(|entry| entry.desc == tag::BLOB_METADATA)
            .map(|entry| (entry.id, entry.large_object_oids().collect()))
            .collect();
        let entries = archive.entries.iter().filter(|entry| !entry.desc.is_empty() && is_object(&entry.desc));
        entries
            .map(|entry| Self {
                database: None,
                desc: entry.desc.clone(),
                schema: entry.schema.as_deref().map(one_line),
                tag: one_line(&entry.tag),
                owner: entry.owner.clone(),
                tablespace: entry.tablespace.clone(),
                access_method: entry.table_access_method.clone(),
                // What pg_restore sets for each entry where the archive says nothing (_selectOutputSchema in
                // pg_backup_archiver.c).
                search_path: match (&archive.search_path, &entry.schema) {
                    (None, Some(schema)) => Some(path_of(schema)),
                    _ => None,
                },
                definition: match &batches.get(&entry.dependencies.first().copied().unwrap_or_default()) {
                    Some(oids) if entry.desc == tag::ACL => for_each_object(&entry.defn, oids),
                    _ => entry.defn.clone(),
                },
                id: Some(entry.id),
            })
            .map(Self::with_modern_tag)
            .collect()
    }
}

/// A schema, and what is built in.
fn path_of(schema: &str) -> Arc<str> {
    format!("{}, pg_catalog", sql::identifier(schema)).into()
}

/// The statements about the first of some large objects, for all of them.
fn for_each_object(statements: &str, oids: &[&str]) -> String {
    let Some(first) = oids.first() else { return statements.to_owned() };
    let (of_first, mark) = (format!(" LARGE OBJECT {first} "), " LARGE OBJECT ");
    oids.iter().map(|oid| statements.replace(&of_first, &format!("{mark}{oid} ")) + "\n").collect()
}

/// Whether a type of entry is an object of the schema (`_tocEntryRequired` and `ArchiveEntry` calls in pg_dump.c,
/// PostgreSQL 13 to 18).
fn is_object(desc: &str) -> bool {
    ObjectKind::of_tag(desc).is_none_or(|kind| kind.part == Part::Schema)
}

/// A name as pg_dump's comments have it, which are one line.
fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

/// A statement of a plain dump that stands outside of what pg_dump has written: somebody has added it, and it creates an object
/// or sets privileges all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The same as of [`Declared::database`].
    pub database: Option<String>,
    /// As whom it runs, by the script's own words; `None` is whoever restores it.
    pub role: Option<String>,
    /// `CREATE`, `GRANT`, `REVOKE` or `ALTER DEFAULT PRIVILEGES`, as it stands there.
    pub statement: String,
}

/// Reads the objects of a plain dump off its comments and statements.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    pub(crate) list: Vec<Declared>,
    pub(crate) added: Vec<Added>,
    /// Whether the last comment was an object's: what follows is its definition.
    open: bool,
    /// What the script has set for what follows.
    access_method: Option<String>,
    search_path: Option<Arc<str>>,
    /// Bytes of all definitions.
    kept: usize,
    /// Whether definitions were too long in all to be kept.
    pub(crate) abridged: bool,
    /// Of each of the list: whether a statement has followed its comment.
    stated: Vec<bool>,
}

/// Definitions that are longer than this in all are not kept; those of 100 000 tables take half of it.
const MAX_KEPT_BYTES: usize = 96 << 20;

impl Declarations {
    /// Takes a comment between statements: `-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: x` begins an
    /// object (_printTocEntry in pg_backup_archiver.c, PostgreSQL 13 to 18). The bytes that it takes are returned.
    pub(crate) fn comment(&mut self, text: &str, database: Option<&str>) -> usize {
        // What pg_dump writes in the place of a statement (dumpNamespace in pg_dump.c).
        if text == " *not* creating schema, since initdb creates it" {
            if let Some(stated) = self.stated.last_mut().filter(|_| self.open) {
                *stated = true;
            }
            return 0;
        }
        let Some(rest) = text.strip_prefix(" Name: ") else {
            // `-- Data for Name: …`, `-- Statistics for Name: …`, or the end of the dump.
            if !text.is_empty() && !text.starts_with(" TOC entry") && !text.starts_with(" Dependencies:") {
                self.open = false;
            }
            return 0;
        };
        self.open = false;
        let Some(mut declared) = header(rest) else { return 0 };
        if !is_object(&declared.desc) {
            return 0;
        }
        declared.database = database.map(str::to_owned);
        declared.access_method.clone_from(&self.access_method);
        declared.search_path.clone_from(&self.search_path);
        self.open = true;
        let size = size_of::<Declared>() + declared.tag.len() + declared.owner.len();
        self.list.push(declared);
        self.stated.push(false);
        size
    }

    /// What was declared, what was added, and whether definitions were left out. A comment alone declares nothing: somebody
    /// has taken the statement out.
    pub(crate) fn into_lists(self) -> (Vec<Declared>, Vec<Added>, bool) {
        let stated = self.list.into_iter().zip(self.stated);
        let list = stated.filter(|(_, stated)| *stated).map(|(declared, _)| declared.with_modern_tag());
        (list.collect(), self.added, self.abridged)
    }

    /// Takes a statement, which belongs to the object whose comment was the last. The bytes that it takes are returned.
    pub(crate) fn statement(&mut self, statement: &Statement, database: Option<&str>, role: Option<&str>) -> usize {
        let is_owner = sets_owner(statement);
        let is_session = sets_session(statement);
        if let Some(stated) = self.stated.last_mut().filter(|_| self.open && (is_owner || !is_session)) {
            *stated = true;
        }
        if is_owner {
            return 0;
        }
        if is_session {
            self.session(statement);
            return 0;
        }
        let last = self.list.last_mut().filter(|_| self.open);
        let Some(last) = last.filter(|last| last.definition.is_empty() || follows(last, statement)) else {
            if !is_added(statement) {
                return 0;
            }
            let (database, role) = (database.map(str::to_owned), role.map(str::to_owned));
            self.added.push(Added { database, role, statement: statement.text.clone() });
            return statement.text.len() + size_of::<Added>();
        };
        if statement.text.is_empty() || statement.cut || self.kept + statement.text.len() > MAX_KEPT_BYTES {
            self.abridged = true;
            last.definition.clear();
            self.open = false;
            return 0;
        }
        last.definition.push_str(&statement.text);
        last.definition.push_str(";\n");
        self.kept += statement.text.len();
        statement.text.len()
    }
}

impl Declarations {
    /// Takes what a script sets for the objects that follow: `SET default_table_access_method = heap`, and up to 10.2 `SET
    /// search_path = public, pg_catalog`.
    fn session(&mut self, statement: &Statement) {
        let mut words = statement.tokens.iter().map(|token| match &token.kind {
            TokenKind::Word(word) | TokenKind::Name(word) | TokenKind::Text(word) => word.as_str(),
            TokenKind::Sign(_) => "",
        });
        let (Some("set"), Some(name)) = (words.next(), words.next()) else { return };
        let mut values = words.skip(1).filter(|word| !word.is_empty());
        match name {
            "default_table_access_method" => self.access_method = values.next().map(str::to_owned),
            "search_path" => {
                let names: Vec<String> = values.map(sql::identifier).collect();
                self.search_path = (!names.is_empty()).then(|| names.join(", ").into());
            }
            _ => {}
        }
    }
}

/// The parts of `f(integer); Type: FUNCTION; Schema: public; Owner: x; Tablespace: y`. Names can hold any of the marks, so
/// the first reading is taken in which the type is one.
fn header(rest: &str) -> Option<Declared> {
    for (at, _) in rest.match_indices("; Type: ") {
        let (tag, after) = (&rest[..at], &rest[at + "; Type: ".len()..]);
        let Some((desc, after)) = after.split_once("; Schema: ") else { continue };
        if desc.is_empty() || !desc.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ') {
            continue;
        }
        let Some((schema, owner)) = after.rsplit_once("; Owner: ") else { continue };
        let (owner, tablespace) = match owner.rsplit_once("; Tablespace: ") {
            Some((owner, tablespace)) => (owner, Some(tablespace.to_owned())),
            None => (owner, None),
        };
        let stated = |text: &str| (text != "-" && !text.is_empty()).then(|| text.to_owned());
        return Some(Declared {
            desc: desc.to_owned(),
            schema: stated(schema),
            tag: tag.to_owned(),
            owner: stated(owner).unwrap_or_default(),
            tablespace: tablespace.filter(|tablespace| !tablespace.is_empty()),
            ..Declared::default()
        });
    }
    None
}

/// Whether a statement after an object's first one is its own, and not one that somebody has added to the dump: it alters
/// what the tag names.
fn follows(object: &Declared, statement: &Statement) -> bool {
    let words = || {
        statement.tokens.iter().filter_map(|token| match &token.kind {
            TokenKind::Word(name) | TokenKind::Name(name) => Some(name.as_str()),
            TokenKind::Text(_) | TokenKind::Sign(_) => None,
        })
    };
    match words().next() {
        Some("grant" | "revoke") => return object.desc == tag::ACL,
        Some("alter" | "create") => {}
        _ => return false,
    }
    // dumpConstraint in pg_dump.c writes what else there is of a constraint's index.
    if object.desc.ends_with(tag::CONSTRAINT)
        && !words().any(|word| matches!(word, "cluster" | "replica" | "statistics"))
    {
        return false;
    }
    let named = |name: &str| {
        let rest = object.tag.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '(']))
            || object.tag.strip_suffix(name).is_some_and(|rest| rest.ends_with(' '))
    };
    object.desc == tag::DEFAULT_ACL || words().skip(2).any(|word| named(&one_line(word)))
}

/// Whether a statement creates something in its database, or sets privileges there, also of what is created later. What pg_dumpall writes for the whole
/// cluster does not.
fn is_added(statement: &Statement) -> bool {
    let word = |token: &crate::lexer::Token| match &token.kind {
        TokenKind::Word(word) => Some(word.clone()),
        _ => None,
    };
    let mut words = statement.tokens.iter();
    match words.next().and_then(word).as_deref() {
        Some("create") => {
            let of_cluster = ["role", "user", "group", "database", "tablespace"];
            match (words.next().and_then(word).as_deref(), words.next().and_then(word).as_deref()) {
                (Some("user"), Some("mapping")) => true,
                (kind, _) => !kind.is_some_and(|kind| of_cluster.contains(&kind)),
            }
        }
        Some("alter") => words.next().and_then(word).as_deref() == Some("default"),
        Some("grant" | "revoke") => words.any(|token| word(token).as_deref() == Some("on")),
        _ => false,
    }
}

/// `ALTER … OWNER TO …`
fn sets_owner(statement: &Statement) -> bool {
    let mut last = statement.tokens.iter().rev().skip(1);
    let is = |token: Option<&crate::lexer::Token>, word: &str| {
        token.is_some_and(|token| matches!(&token.kind, TokenKind::Word(found) if found == word))
    };
    is(statement.tokens.first(), "alter") && is(last.next(), "to") && is(last.next(), "owner")
}

/// What a plain dump says between objects: `SET default_tablespace = '';`, `RESET SESSION AUTHORIZATION;`
fn sets_session(statement: &Statement) -> bool {
    match statement.tokens.first().map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => matches!(word.as_str(), "set" | "reset" | "select"),
        _ => false,
    }
}

/// One word or sign of a definition, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// A keyword or a name, quoted or not: which names need quotes is another matter in each version.
    Name(String),
    /// A string constant's value, or a body between dollar quotes.
    Text(String),
    /// Any other sign, as its byte.
    Sign(u8),
}

/// The statements of a definition as they stand there, without what ends them.
pub fn split(definition: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut lexer = Lexer::of_text(definition);
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        let (Item::Statement(statement) | Item::Unfinished(statement)) = item else { continue };
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(definition.len());
        let text = definition.get(place(statement.offset)..place(lexer.offset())).unwrap_or_default().trim_end();
        statements.push(text.strip_suffix(';').unwrap_or(text).trim_end());
    }
    statements
}

/// The statements of a definition, word by word: what white space, comments and quotes make no difference to.
pub fn statements(definition: &str) -> Vec<Vec<Word>> {
    let mut statements = Vec::new();
    let mut lexer = Lexer::of_text(definition);
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        let (Item::Statement(statement) | Item::Unfinished(statement)) = item else { continue };
        let words = statement.tokens.iter().map(|token| match &token.kind {
            TokenKind::Word(name) | TokenKind::Name(name) => Word::Name(name.clone()),
            // A long one is cut in the token, and one between dollar quotes is not in it; both stand whole in the text.
            TokenKind::Text(text) => match statement.text.get(token.span.0..token.span.1) {
                Some(whole) if whole.len() > text.len() + 64 || whole.starts_with('$') => Word::Text(body(whole)),
                _ => Word::Text(text.clone()),
            },
            TokenKind::Sign(sign) => Word::Sign(*sign),
        });
        statements.push(words.collect());
    }
    statements
}

/// What stands between dollar quotes; anything else is as it was.
fn body(quoted: &str) -> String {
    let tag = quoted.strip_prefix('$').and_then(|rest| rest.find('$')).map(|end| &quoted[..end + 2]);
    let between = tag.and_then(|tag| quoted.strip_prefix(tag)?.strip_suffix(tag));
    between.unwrap_or(quoted).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_whatever_its_names_hold() {
        let read = header("f(integer, text); Type: FUNCTION; Schema: public; Owner: bob").unwrap();
        assert_eq!((read.desc.as_str(), read.tag.as_str()), ("FUNCTION", "f(integer, text)"));
        assert_eq!((read.schema.as_deref(), read.owner.as_str()), (Some("public"), "bob"));
        let read = header("a; Type: b; Type: TABLE; Schema: s; Owner: x; Owner: y; Tablespace: fast").unwrap();
        assert_eq!((read.desc.as_str(), read.tag.as_str()), ("TABLE", "a; Type: b"));
        assert_eq!((read.owner.as_str(), read.tablespace.as_deref()), ("y", Some("fast")));
        let read = header("plpgsql; Type: EXTENSION; Schema: -; Owner: -").unwrap();
        assert_eq!((read.schema, read.owner), (None, String::new()));
    }

    #[test]
    fn quotes_and_white_space_make_no_difference_to_a_definition() {
        let a = statements("CREATE TABLE \"t\" (a integer /* x */,\n \"value\" text DEFAULT 'it''s');");
        let b = statements("create table t(a INTEGER, value text default E'it\\'s');\n-- end\n");
        assert_eq!(a, b);
        assert_ne!(a, statements("create table t(a INTEGER, \"Value\" text default 'it''s')"));
    }

    #[test]
    fn statements_are_split_where_they_end() {
        let two = "-- x\nCREATE FUNCTION f() RETURNS int AS $_$ a; b $_$;\nALTER FUNCTION f() STABLE ;\n";
        assert_eq!(split(two), ["CREATE FUNCTION f() RETURNS int AS $_$ a; b $_$", "ALTER FUNCTION f() STABLE"]);
        assert_eq!(
            split("SET x = ';'; /* c */ CREATE VIEW v AS SELECT 'é'"),
            ["SET x = ';'", "CREATE VIEW v AS SELECT 'é'"]
        );
    }

    #[test]
    fn a_short_body_is_its_text_however_it_is_quoted() {
        let define = |body: &str| statements(&format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS {body};"));
        assert_eq!(define("$$select 1$$"), define("'select 1'"));
        assert_ne!(define("$$select 1$$"), define("$$select 2$$"));
        assert_ne!(define("$_$a$_$"), define("$_$$_$"));
    }

    #[test]
    fn what_a_script_sets_for_an_object_is_kept_with_it() {
        let mut declarations = Declarations::default();
        for sql in ["SET search_path = public, pg_catalog", "SET default_table_access_method = heap"] {
            let mut lexer = Lexer::of_text(sql);
            let Ok(Some(Item::Statement(statement) | Item::Unfinished(statement))) = lexer.next() else { panic!() };
            declarations.statement(&statement, None, None);
        }
        declarations.comment(" Name: t; Type: TABLE; Schema: public; Owner: x", None);
        assert_eq!(declarations.list[0].search_path.as_deref(), Some("\"public\", \"pg_catalog\""));
        assert_eq!(declarations.list[0].access_method.as_deref(), Some("heap"));
    }

    #[test]
    fn bodies_of_functions_are_compared_whole() {
        let body = "x".repeat(200_000);
        let define = |end: &str| statements(&format!("CREATE FUNCTION f() RETURNS int AS $_$ {body}{end} $_$;"));
        assert_eq!(define("a"), define("a"));
        assert_ne!(define("a"), define("b"));
    }
}
