//! The kinds of entries that tables of contents have: one row for each, and what is known of it.
//!
//! Their names are those of the `ArchiveEntry` calls in pg_dump.c, PostgreSQL 13 to 18; a newer version that has one more
//! needs one more row here.

use std::cmp::Reverse;
use std::sync::LazyLock;

/// What is known of one kind of entry, or of objects that entries are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectKind {
    /// As tables of contents call it: `FK CONSTRAINT`.
    pub tag: &'static str,
    /// As statements call what it is about: `LANGUAGE` of a `PROCEDURAL LANGUAGE`.
    pub sql: &'static str,
    /// The catalogue that lists it; empty where none does.
    pub catalog: &'static str,
    /// Which section of a dump it belongs to.
    pub part: Part,
    /// Whether a restore writes `ALTER … OWNER TO` for it (`_printTocEntry` in pg_backup_archiver.c, PostgreSQL 15 to 18).
    pub has_owner: bool,
    /// Whether only a superuser may own it, whoever gives it to them (AlterEventTriggerOwner_internal in event_trigger.c,
    /// AlterForeignDataWrapperOwner_internal in foreigncmds.c).
    pub is_of_superuser: bool,
    /// How `GRANT`, and the tag of an `ACL` entry, call it (`dumpACL` calls in pg_dump.c); `None` where it has no privileges.
    pub acl: Option<&'static str>,
    /// What `GRANT` can grant on it; of some kinds (tables, views) it is the same.
    pub granted: Option<GrantedKind>,
    /// Whether `COMMENT ON` takes it.
    pub has_comment: bool,
    /// Whether `SECURITY LABEL ON` takes it.
    pub has_label: bool,
    /// How its `CREATE` statement names it; `None` where no such statement makes it.
    pub naming: Option<Naming>,
    /// What `pg_class.relkind` can be for it, a letter each; empty where pg_class does not list it.
    pub relkinds: &'static str,
    /// When pg_restore restores it.
    pub pass: Pass,
    /// Whether nothing else comes with its entry, so that leaving out one that is refused loses nothing more.
    pub is_alone: bool,
    /// What the statements of its entries are read for.
    pub(crate) reading: Reading,
}

/// How a `CREATE` statement names what it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// With its schema.
    InSchema,
    /// Without one: no schema holds it.
    Alone,
    /// By a name that tells it from others of its table, which the statement names too.
    OnTable,
    /// By what it is about: a cast has no name.
    ByOthers,
}

/// pg_restore goes through an archive three times (`_tocEntryRestorePass` in pg_backup_archiver.c, PostgreSQL 13 to 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// Nearly everything.
    Main,
    /// Privileges, when everything is there.
    Acl,
    /// What would change or hinder the rest.
    PostAcl,
}

/// What privileges can be granted on, as `GRANT` and the catalogues tell it apart: views and foreign tables are tables
/// there. Which letters privileges have says the table "ACL Privilege Abbreviations" of PostgreSQL's documentation (chapter
/// 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantedKind {
    /// As a `GRANT` statement can call all of it.
    pub sql: &'static str,
    /// What `acldefault` calls it (acldefault_sql in acl.c).
    pub code: char,
    /// The privileges that `ALL` stands for in the newest version, by their letters (ACL_ALL_RIGHTS_* in acl.h).
    pub all: &'static str,
    /// The privileges that everybody has of a new one (acldefault in acl.c, PostgreSQL 13 to 18).
    pub of_public: &'static str,
    /// `pg_default_acl.defaclobjtype` where there are default privileges for it.
    pub default_code: Option<char>,
}

/// What an entry is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A definition, or what is said of one.
    Schema,
    /// Rows, large objects, where a sequence stands, what fills a view.
    Data,
    /// What large objects have beside their contents.
    LargeObjects,
    /// What the planner knows.
    Statistics,
    /// How the archive's own text is to be read.
    Archive,
    /// The database itself.
    Database,
}

/// What statements are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// All that they declare; the text is kept whatever its length.
    Whole,
    /// All that they declare.
    Declared,
    /// What they need of a server.
    Needs,
    /// Nothing.
    Nothing,
}

/// Every kind, in the order of their names.
pub const OBJECT_KINDS: &[ObjectKind] = &[
    schema("ACCESS METHOD", "ACCESS METHOD", "pg_am").without_schema().comment(),
    schema("ACL", "", "").read(Reading::Whole).pass(Pass::Acl),
    schema("ACL LANGUAGE", "", "").pass(Pass::Acl),
    schema("AGGREGATE", "AGGREGATE", "pg_proc")
        .in_schema()
        .owner()
        .acl("FUNCTION", GrantedKind::ROUTINE)
        .comment()
        .label(),
    data("BLOB", "LARGE OBJECT", "pg_largeobject_metadata")
        .owner()
        .acl("LARGE OBJECT", GrantedKind::LARGE_OBJECT)
        .comment()
        .label()
        .read(Reading::Nothing),
    of(Part::LargeObjects, "BLOB COMMENTS", "", ""),
    of(Part::LargeObjects, "BLOB METADATA", "LARGE OBJECT", "pg_largeobject_metadata")
        .owner()
        .acl("LARGE OBJECT", GrantedKind::LARGE_OBJECT)
        .comment()
        .label()
        .read(Reading::Nothing),
    data("BLOBS", "", ""),
    schema("CAST", "CAST", "pg_cast").by_others().comment(),
    schema("CHECK CONSTRAINT", "CONSTRAINT", "pg_constraint").comment().read(Reading::Declared),
    schema("COLLATION", "COLLATION", "pg_collation").in_schema().owner().comment(),
    schema("COMMENT", "", "").read(Reading::Nothing).alone(),
    schema("CONSTRAINT", "CONSTRAINT", "pg_constraint").comment().read(Reading::Declared),
    schema("CONVERSION", "CONVERSION", "pg_conversion").in_schema().owner().comment(),
    of(Part::Database, "DATABASE", "DATABASE", "pg_database")
        .without_schema()
        .owner()
        .acl("DATABASE", GrantedKind::DATABASE)
        .comment()
        .label()
        .read(Reading::Whole),
    of(Part::Database, "DATABASE PROPERTIES", "", "pg_db_role_setting").read(Reading::Whole),
    schema("DEFAULT", "", "pg_attrdef"),
    schema("DEFAULT ACL", "", "pg_default_acl").read(Reading::Whole).pass(Pass::Acl),
    schema("DOMAIN", "DOMAIN", "pg_type").in_schema().owner().acl("TYPE", GrantedKind::TYPE).comment().label(),
    schema("DOMAIN CONSTRAINT", "CONSTRAINT", "pg_constraint").comment(),
    of(Part::Archive, "ENCODING", "", "").read(Reading::Whole),
    schema("EVENT TRIGGER", "EVENT TRIGGER", "pg_event_trigger")
        .without_schema()
        .superuser()
        .comment()
        .label()
        .pass(Pass::PostAcl)
        .alone(),
    // No released version writes it: what nobody knows is compared as an object is.
    schema("EXTENDED STATISTICS DATA", "", "pg_statistic_ext_data"),
    schema("EXTENSION", "EXTENSION", "pg_extension").without_schema().comment().read(Reading::Whole),
    schema("FK CONSTRAINT", "CONSTRAINT", "pg_constraint").comment().read(Reading::Declared),
    schema("FOREIGN DATA WRAPPER", "FOREIGN DATA WRAPPER", "pg_foreign_data_wrapper")
        .without_schema()
        .superuser()
        .acl("FOREIGN DATA WRAPPER", GrantedKind::FOREIGN_DATA_WRAPPER)
        .comment()
        .alone(),
    schema("FOREIGN TABLE", "FOREIGN TABLE", "pg_class")
        .relation("f")
        .in_schema()
        .owner()
        .acl("TABLE", GrantedKind::TABLE)
        .comment()
        .label(),
    schema("FUNCTION", "FUNCTION", "pg_proc")
        .in_schema()
        .owner()
        .acl("FUNCTION", GrantedKind::ROUTINE)
        .comment()
        .label(),
    schema("INDEX", "INDEX", "pg_class").relation("iI").on_table().comment(),
    schema("INDEX ATTACH", "", "").read(Reading::Declared),
    schema("MATERIALIZED VIEW", "MATERIALIZED VIEW", "pg_class")
        .relation("m")
        .in_schema()
        .owner()
        .acl("TABLE", GrantedKind::TABLE)
        .comment()
        .label(),
    data("MATERIALIZED VIEW DATA", "", "").read(Reading::Declared).pass(Pass::PostAcl),
    schema("OPERATOR", "OPERATOR", "pg_operator").in_schema().owner().comment(),
    schema("OPERATOR CLASS", "OPERATOR CLASS", "pg_opclass").in_schema().owner().comment(),
    schema("OPERATOR FAMILY", "OPERATOR FAMILY", "pg_opfamily").in_schema().owner().comment(),
    schema("POLICY", "POLICY", "pg_policy").on_table().comment().read(Reading::Whole),
    schema("PROCEDURAL LANGUAGE", "LANGUAGE", "pg_language")
        .without_schema()
        .owner()
        .acl("LANGUAGE", GrantedKind::LANGUAGE)
        .comment()
        .label(),
    schema("PROCEDURE", "PROCEDURE", "pg_proc")
        .in_schema()
        .owner()
        .acl("PROCEDURE", GrantedKind::ROUTINE)
        .comment()
        .label(),
    schema("PUBLICATION", "PUBLICATION", "pg_publication").without_schema().owner().comment().label().alone(),
    schema("PUBLICATION TABLE", "", "pg_publication_rel").alone(),
    schema("PUBLICATION TABLES IN SCHEMA", "", "pg_publication_namespace").alone(),
    schema("RELATION STATISTICS", "", ""),
    schema("ROW SECURITY", "", "").read(Reading::Whole),
    schema("RULE", "RULE", "pg_rewrite").on_table().comment(),
    schema("SCHEMA", "SCHEMA", "pg_namespace")
        .without_schema()
        .owner()
        .acl("SCHEMA", GrantedKind::SCHEMA)
        .comment()
        .label(),
    of(Part::Archive, "SEARCHPATH", "", "").read(Reading::Whole),
    schema("SECURITY LABEL", "", "").alone(),
    schema("SEQUENCE", "SEQUENCE", "pg_class")
        .relation("S")
        .in_schema()
        .owner()
        .acl("SEQUENCE", GrantedKind::SEQUENCE)
        .comment()
        .label(),
    schema("SEQUENCE OWNED BY", "", ""),
    data("SEQUENCE SET", "", "").read(Reading::Declared),
    schema("SERVER", "SERVER", "pg_foreign_server")
        .without_schema()
        .owner()
        .acl("FOREIGN SERVER", GrantedKind::FOREIGN_SERVER)
        .comment(),
    schema("SHELL TYPE", "TYPE", "pg_type").in_schema(),
    schema("STATISTICS", "STATISTICS", "pg_statistic_ext").in_schema().owner().comment(),
    of(Part::Statistics, "STATISTICS DATA", "", ""),
    of(Part::Archive, "STDSTRINGS", "", "").read(Reading::Whole),
    schema("SUBSCRIPTION", "SUBSCRIPTION", "pg_subscription").without_schema().owner().comment().label().alone(),
    schema("SUBSCRIPTION TABLE", "", "pg_subscription_rel"),
    schema("TABLE", "TABLE", "pg_class")
        .relation("rp")
        .in_schema()
        .owner()
        .acl("TABLE", GrantedKind::TABLE)
        .comment()
        .label(),
    schema("TABLE ATTACH", "", ""),
    data("TABLE DATA", "", ""),
    schema("TEXT SEARCH CONFIGURATION", "TEXT SEARCH CONFIGURATION", "pg_ts_config").in_schema().owner().comment(),
    schema("TEXT SEARCH DICTIONARY", "TEXT SEARCH DICTIONARY", "pg_ts_dict").in_schema().owner().comment(),
    schema("TEXT SEARCH PARSER", "TEXT SEARCH PARSER", "pg_ts_parser").in_schema().comment(),
    schema("TEXT SEARCH TEMPLATE", "TEXT SEARCH TEMPLATE", "pg_ts_template").in_schema().comment(),
    schema("TRANSFORM", "TRANSFORM", "pg_transform").by_others().comment(),
    schema("TRIGGER", "TRIGGER", "pg_trigger").on_table().comment(),
    schema("TYPE", "TYPE", "pg_type").in_schema().owner().acl("TYPE", GrantedKind::TYPE).comment().label(),
    schema("USER MAPPING", "USER MAPPING", "pg_user_mapping").by_others().read(Reading::Whole),
    schema("VIEW", "VIEW", "pg_class")
        .relation("v")
        .in_schema()
        .owner()
        .acl("TABLE", GrantedKind::TABLE)
        .comment()
        .label(),
];

const fn of(part: Part, tag: &'static str, sql: &'static str, catalog: &'static str) -> ObjectKind {
    ObjectKind {
        tag,
        sql,
        catalog,
        part,
        has_owner: false,
        is_of_superuser: false,
        acl: None,
        granted: None,
        has_comment: false,
        has_label: false,
        naming: None,
        relkinds: "",
        pass: Pass::Main,
        is_alone: false,
        reading: Reading::Needs,
    }
}

const fn schema(tag: &'static str, sql: &'static str, catalog: &'static str) -> ObjectKind {
    of(Part::Schema, tag, sql, catalog)
}

const fn data(tag: &'static str, sql: &'static str, catalog: &'static str) -> ObjectKind {
    of(Part::Data, tag, sql, catalog)
}

impl ObjectKind {
    const fn owner(mut self) -> Self {
        self.has_owner = true;
        self
    }

    const fn superuser(mut self) -> Self {
        self.is_of_superuser = true;
        self.owner()
    }

    const fn acl(mut self, name: &'static str, kind: GrantedKind) -> Self {
        (self.acl, self.granted) = (Some(name), Some(kind));
        self
    }

    const fn comment(mut self) -> Self {
        self.has_comment = true;
        self
    }

    const fn label(mut self) -> Self {
        self.has_label = true;
        self
    }

    const fn in_schema(mut self) -> Self {
        self.naming = Some(Naming::InSchema);
        self
    }

    const fn without_schema(mut self) -> Self {
        self.naming = Some(Naming::Alone);
        self
    }

    const fn on_table(mut self) -> Self {
        self.naming = Some(Naming::OnTable);
        self
    }

    const fn by_others(mut self) -> Self {
        self.naming = Some(Naming::ByOthers);
        self
    }

    const fn relation(mut self, relkinds: &'static str) -> Self {
        self.relkinds = relkinds;
        self
    }

    const fn pass(mut self, pass: Pass) -> Self {
        self.pass = pass;
        self
    }

    const fn alone(mut self) -> Self {
        self.is_alone = true;
        self
    }

    const fn read(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// The kind of this name in tables of contents; `None` for one that has no row.
    pub fn of_tag(tag: &str) -> Option<&'static Self> {
        OBJECT_KINDS.iter().find(|kind| kind.tag == tag)
    }

    /// The first kind that statements call so.
    pub fn of_sql(sql: &str) -> Option<&'static Self> {
        OBJECT_KINDS.iter().find(|kind| kind.sql == sql && !sql.is_empty())
    }

    /// What statements call an object of this kind: the word of the table of contents where they have no other. Facts call
    /// kinds so.
    pub fn word_of(tag: &str) -> &str {
        match Self::of_tag(tag) {
            Some(kind) if !kind.sql.is_empty() => kind.sql,
            _ => tag,
        }
    }

    /// What can follow ALTER where it is about an owner. Some statements have words that tables of contents have not.
    pub(crate) fn words_of_owned() -> &'static [&'static str] {
        static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
            let owned = OBJECT_KINDS.iter().filter(|kind| kind.has_owner).map(|kind| kind.sql);
            longest_first(owned.chain(["PROCEDURAL LANGUAGE", "ROLE", "ROUTINE", "TABLESPACE"]))
        });
        &WORDS
    }

    /// What can follow CREATE, without the words that stand before a kind (`OR REPLACE`, `UNIQUE`). Some statements have words
    /// that tables of contents have not.
    pub fn words_of_created() -> &'static [&'static str] {
        static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
            let created = OBJECT_KINDS.iter().filter(|kind| kind.naming.is_some()).map(|kind| kind.sql);
            longest_first(created.chain(["PROCEDURAL LANGUAGE", "ROLE", "TABLESPACE"]))
        });
        &WORDS
    }

    /// What can follow GRANT … ON. Some statements have words that tables of contents have not.
    pub fn words_of_granted() -> &'static [&'static str] {
        static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
            let granted = OBJECT_KINDS.iter().filter_map(|kind| kind.acl);
            longest_first(granted.chain(["DOMAIN", "PARAMETER", "ROUTINE", "TABLESPACE"]))
        });
        &WORDS
    }

    /// Whether the name of what statements call so is looked for in schemas: `ALTER TABLE`, `GRANT … ON ROUTINE`.
    pub(crate) fn is_word_in_schema(word: &str) -> bool {
        let mut called = OBJECT_KINDS.iter().filter(|kind| kind.sql == word || kind.acl == Some(word));
        // A routine is of any of three kinds.
        word == GrantedKind::ROUTINE.sql || called.any(ObjectKind::is_in_schema)
    }

    /// Whether a schema holds it, so that its name alone can be of several.
    pub fn is_in_schema(&self) -> bool {
        self.naming == Some(Naming::InSchema)
    }

    /// Whether queries and definitions of others can name it.
    pub fn is_named_in_queries(&self) -> bool {
        self.is_in_schema() && matches!(self.catalog, "pg_class" | "pg_collation" | "pg_proc" | "pg_type")
    }

    /// The relations that have an owner, by the letters that `pg_class.relkind` has for them.
    pub fn relations() -> impl Iterator<Item = (char, &'static Self)> {
        let owned = OBJECT_KINDS.iter().filter(|kind| kind.has_owner);
        owned.flat_map(|kind| kind.relkinds.chars().map(move |letter| (letter, kind)))
    }

    /// Whether its entries belong to the archive or its database, and not to what the database holds: pg_restore decides by
    /// itself on them, whatever a list says (`_tocEntryRequired` in pg_backup_archiver.c, PostgreSQL 13 to 18).
    pub fn is_of_whole(&self) -> bool {
        matches!(self.part, Part::Archive | Part::Database)
    }
}

impl GrantedKind {
    /// Views and all other relations but sequences too.
    pub const TABLE: Self = Self::new("TABLE", 'r', "arwdDxtm").by_default('r');
    /// A column of a relation, which statements list behind the privilege.
    pub const COLUMN: Self = Self::new("TABLE", 'c', "arwx");
    /// A sequence.
    pub const SEQUENCE: Self = Self::new("SEQUENCE", 's', "rwU").by_default('S');
    /// Functions, procedures and aggregates.
    pub const ROUTINE: Self = Self::new("ROUTINE", 'f', "X").public("X").by_default('f');
    /// A schema.
    pub const SCHEMA: Self = Self::new("SCHEMA", 'n', "UC").by_default('n');
    /// Domains too.
    pub const TYPE: Self = Self::new("TYPE", 'T', "U").public("U").by_default('T');
    /// A procedural language.
    pub const LANGUAGE: Self = Self::new("LANGUAGE", 'l', "U").public("U");
    /// A foreign-data wrapper.
    pub const FOREIGN_DATA_WRAPPER: Self = Self::new("FOREIGN DATA WRAPPER", 'F', "U");
    /// A foreign server.
    pub const FOREIGN_SERVER: Self = Self::new("FOREIGN SERVER", 'S', "U");
    /// A large object.
    pub const LARGE_OBJECT: Self = Self::new("LARGE OBJECT", 'L', "rw").by_default('L');
    /// A database.
    pub const DATABASE: Self = Self::new("DATABASE", 'd', "CTc").public("Tc");

    const fn new(sql: &'static str, code: char, all: &'static str) -> Self {
        Self { sql, code, all, of_public: "", default_code: None }
    }

    const fn public(mut self, letters: &'static str) -> Self {
        self.of_public = letters;
        self
    }

    const fn by_default(mut self, code: char) -> Self {
        self.default_code = Some(code);
        self
    }

    /// All of them; one that several kinds of objects share comes with each.
    pub fn every() -> impl Iterator<Item = Self> {
        OBJECT_KINDS.iter().filter_map(|kind| kind.granted).chain([Self::COLUMN])
    }

    /// What this word of [`ObjectKind::words_of_granted`] stands for; `None` for one that belongs to the whole cluster.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "ROUTINE" => Some(Self::ROUTINE),
            "DOMAIN" => Some(Self::TYPE),
            _ => OBJECT_KINDS.iter().find(|kind| kind.acl == Some(word))?.granted,
        }
    }

    /// By what `acldefault` calls it.
    pub fn of_code(code: char) -> Option<Self> {
        Self::every().find(|kind| kind.code == code)
    }
}

/// Each once, longer ones first: `OPERATOR CLASS` is found before `OPERATOR`, and `TABLESPACE` before `TABLE`.
fn longest_first(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable_by_key(|word| (Reverse(word.len()), *word));
    words.dedup();
    words
}

/// What an entry says something of that is a `COMMENT`, an `ACL` or a `SECURITY LABEL`: the kind of the object as
/// statements call it, which its tag begins with, and the rest of the tag (`dumpComment`, `dumpACL` and `dumpSecLabel`
/// in pg_dump.c). `None` for other entries, and for tags that bear no kind, as those of privileges did before 11.
pub fn subject<'a>(desc: &str, tag: &'a str) -> Option<(&'static str, &'a str)> {
    if !matches!(desc, "ACL" | "COMMENT" | "SECURITY LABEL") {
        return None;
    }
    let names = OBJECT_KINDS.iter().flat_map(|kind| [Some(kind.sql), kind.acl]).flatten();
    let rest = |name: &str| tag.strip_prefix(name)?.strip_prefix(' ');
    let fit = names.chain(["COLUMN"]).filter(|name| !name.is_empty()).filter_map(|name| Some((name, rest(name)?)));
    // Of `OPERATOR` and `OPERATOR CLASS` the longer one.
    fit.max_by_key(|(name, _)| name.len())
}

/// Whether an entry says something of the database itself, which takes effect with `--create` alone
/// (`_tocEntryRequired` in pg_backup_archiver.c, PostgreSQL 13 to 18). A view can have a name that begins with
/// `DATABASE `.
pub(crate) fn is_of_database(desc: &str, tag: &str) -> bool {
    matches!(subject(desc, tag), Some(("DATABASE", _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_object_names_it_with_its_kind() {
        assert_eq!(subject("COMMENT", "OPERATOR CLASS x USING btree"), Some(("OPERATOR CLASS", "x USING btree")));
        assert_eq!(subject("COMMENT", "OPERATOR + (integer, integer)"), Some(("OPERATOR", "+ (integer, integer)")));
        assert_eq!(subject("ACL", "FOREIGN SERVER s"), Some(("FOREIGN SERVER", "s")));
        assert_eq!(subject("ACL", "COLUMN t.c"), Some(("COLUMN", "t.c")));
        assert_eq!(subject("ACL", "a table"), None);
        assert_eq!(subject("VIEW", "TABLE sizes"), None);
    }

    #[test]
    fn what_belongs_to_the_database_is_told_by_type_and_tag() {
        assert!(is_of_database("COMMENT", "DATABASE app") && is_of_database("ACL", "DATABASE app"));
        assert!(!is_of_database("VIEW", "DATABASE sizes") && !is_of_database("COMMENT", "VIEW DATABASE sizes"));
    }

    #[test]
    fn every_kind_stands_once_in_the_order_of_its_name() {
        assert!(OBJECT_KINDS.windows(2).all(|two| two[0].tag < two[1].tag));
    }

    #[test]
    fn what_has_privileges_has_an_owner_who_grants_them() {
        for kind in OBJECT_KINDS.iter().filter(|kind| kind.acl.is_some()) {
            assert!(kind.has_owner && kind.has_comment, "{}", kind.tag);
            assert_eq!(kind.granted, GrantedKind::of_word(kind.acl.unwrap()), "{}", kind.tag);
        }
    }

    #[test]
    fn a_code_of_the_catalogues_is_of_one_kind() {
        for kind in GrantedKind::every() {
            assert_eq!(GrantedKind::of_code(kind.code), Some(kind));
            let same = |other: &GrantedKind| kind.default_code.is_some() && other.default_code == kind.default_code;
            assert!(GrantedKind::every().filter(same).all(|other| other == kind), "{kind:?}");
        }
        let letters: Vec<char> = OBJECT_KINDS.iter().flat_map(|kind| kind.relkinds.chars()).collect();
        let once: std::collections::BTreeSet<&char> = letters.iter().collect();
        assert_eq!(letters.len(), once.len(), "{letters:?}");
    }

    #[test]
    fn what_create_makes_has_a_word_for_it_and_relations_are_in_pg_class() {
        for kind in OBJECT_KINDS {
            assert!(kind.naming.is_none() || !kind.sql.is_empty(), "{}", kind.tag);
            assert_eq!(kind.relkinds.is_empty(), kind.catalog != "pg_class", "{}", kind.tag);
        }
        assert!(ObjectKind::is_word_in_schema("ROUTINE") && ObjectKind::is_word_in_schema("DOMAIN"));
        assert!(
            !["FOREIGN SERVER", "PROCEDURAL LANGUAGE", "TABLESPACE"].into_iter().any(ObjectKind::is_word_in_schema)
        );
    }

    #[test]
    fn statements_find_the_longest_word_of_a_kind() {
        for words in [ObjectKind::words_of_owned(), ObjectKind::words_of_granted(), ObjectKind::words_of_created()] {
            let place = |word: &str| words.iter().position(|known| *known == word).unwrap();
            assert!(place("TABLESPACE") < place("TABLE"), "{words:?}");
            assert!(words.iter().all(|word| !word.is_empty()), "{words:?}");
        }
        assert!(ObjectKind::words_of_owned().contains(&"LARGE OBJECT"));
        assert!(ObjectKind::words_of_granted().contains(&"FOREIGN SERVER"));
    }

    #[test]
    fn a_kind_is_found_by_either_of_its_names() {
        let tag = |tag: &str| ObjectKind::of_tag(tag).map(|kind| kind.sql);
        assert_eq!((tag("PROCEDURAL LANGUAGE"), tag("BLOB")), (Some("LANGUAGE"), Some("LARGE OBJECT")));
        assert_eq!(tag("LANGUAGE"), None);
        assert_eq!(ObjectKind::of_sql("LANGUAGE").map(|kind| kind.tag), Some("PROCEDURAL LANGUAGE"));
        assert_eq!(ObjectKind::of_sql(""), None);
    }
}
