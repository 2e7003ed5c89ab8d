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
    /// How `GRANT`, and the tag of an `ACL` entry, call it (`dumpACL` calls in pg_dump.c); `None` where it has no privileges.
    pub acl: Option<&'static str>,
    /// Whether `COMMENT ON` takes it.
    pub has_comment: bool,
    /// Whether `SECURITY LABEL ON` takes it.
    pub has_label: bool,
    /// What the statements of its entries are read for.
    pub(crate) reading: Reading,
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
    schema("ACCESS METHOD", "ACCESS METHOD", "pg_am").comment(),
    schema("ACL", "", "").read(Reading::Whole),
    schema("ACL LANGUAGE", "", ""),
    schema("AGGREGATE", "AGGREGATE", "pg_proc").owner().acl("FUNCTION").comment().label(),
    data("BLOB", "LARGE OBJECT", "pg_largeobject_metadata")
        .owner()
        .acl("LARGE OBJECT")
        .comment()
        .label()
        .read(Reading::Nothing),
    of(Part::LargeObjects, "BLOB COMMENTS", "", ""),
    of(Part::LargeObjects, "BLOB METADATA", "LARGE OBJECT", "pg_largeobject_metadata")
        .owner()
        .acl("LARGE OBJECT")
        .comment()
        .label()
        .read(Reading::Nothing),
    data("BLOBS", "", ""),
    schema("CAST", "CAST", "pg_cast").comment(),
    schema("CHECK CONSTRAINT", "CONSTRAINT", "pg_constraint").comment().read(Reading::Declared),
    schema("COLLATION", "COLLATION", "pg_collation").owner().comment(),
    schema("COMMENT", "", "").read(Reading::Nothing),
    schema("CONSTRAINT", "CONSTRAINT", "pg_constraint").comment().read(Reading::Declared),
    schema("CONVERSION", "CONVERSION", "pg_conversion").owner().comment(),
    of(Part::Database, "DATABASE", "DATABASE", "pg_database")
        .owner()
        .acl("DATABASE")
        .comment()
        .label()
        .read(Reading::Whole),
    of(Part::Database, "DATABASE PROPERTIES", "", "pg_db_role_setting").read(Reading::Whole),
    schema("DEFAULT", "", "pg_attrdef"),
    schema("DEFAULT ACL", "", "pg_default_acl").read(Reading::Whole),
    schema("DOMAIN", "DOMAIN", "pg_type").owner().acl("TYPE").comment().label(),
    schema("DOMAIN CONSTRAINT", "CONSTRAINT", "pg_constraint").comment(),
    of(Part::Archive, "ENCODING", "", "").read(Reading::Whole),
    schema("EVENT TRIGGER", "EVENT TRIGGER", "pg_event_trigger").owner().comment().label(),
    // No released version writes it: what nobody knows is compared as an object is.
    schema("EXTENDED STATISTICS DATA", "", "pg_statistic_ext_data"),
    schema("EXTENSION", "EXTENSION", "pg_extension").comment().read(Reading::Whole),
    schema("FK CONSTRAINT", "CONSTRAINT", "pg_constraint").comment().read(Reading::Declared),
    schema("FOREIGN DATA WRAPPER", "FOREIGN DATA WRAPPER", "pg_foreign_data_wrapper")
        .owner()
        .acl("FOREIGN DATA WRAPPER")
        .comment(),
    schema("FOREIGN TABLE", "FOREIGN TABLE", "pg_class").owner().acl("TABLE").comment().label(),
    schema("FUNCTION", "FUNCTION", "pg_proc").owner().acl("FUNCTION").comment().label(),
    schema("INDEX", "INDEX", "pg_class").comment(),
    schema("INDEX ATTACH", "", "").read(Reading::Declared),
    schema("MATERIALIZED VIEW", "MATERIALIZED VIEW", "pg_class").owner().acl("TABLE").comment().label(),
    data("MATERIALIZED VIEW DATA", "", "").read(Reading::Declared),
    schema("OPERATOR", "OPERATOR", "pg_operator").owner().comment(),
    schema("OPERATOR CLASS", "OPERATOR CLASS", "pg_opclass").owner().comment(),
    schema("OPERATOR FAMILY", "OPERATOR FAMILY", "pg_opfamily").owner().comment(),
    schema("POLICY", "POLICY", "pg_policy").comment().read(Reading::Whole),
    schema("PROCEDURAL LANGUAGE", "LANGUAGE", "pg_language").owner().acl("LANGUAGE").comment().label(),
    schema("PROCEDURE", "PROCEDURE", "pg_proc").owner().acl("PROCEDURE").comment().label(),
    schema("PUBLICATION", "PUBLICATION", "pg_publication").owner().comment().label(),
    schema("PUBLICATION TABLE", "", "pg_publication_rel"),
    schema("PUBLICATION TABLES IN SCHEMA", "", "pg_publication_namespace"),
    schema("RELATION STATISTICS", "", ""),
    schema("ROW SECURITY", "", "").read(Reading::Whole),
    schema("RULE", "RULE", "pg_rewrite").comment(),
    schema("SCHEMA", "SCHEMA", "pg_namespace").owner().acl("SCHEMA").comment().label(),
    of(Part::Archive, "SEARCHPATH", "", "").read(Reading::Whole),
    schema("SECURITY LABEL", "", ""),
    schema("SEQUENCE", "SEQUENCE", "pg_class").owner().acl("SEQUENCE").comment().label(),
    schema("SEQUENCE OWNED BY", "", ""),
    data("SEQUENCE SET", "", "").read(Reading::Declared),
    schema("SERVER", "SERVER", "pg_foreign_server").owner().acl("FOREIGN SERVER").comment(),
    schema("SHELL TYPE", "TYPE", "pg_type"),
    schema("STATISTICS", "STATISTICS", "pg_statistic_ext").owner().comment(),
    of(Part::Statistics, "STATISTICS DATA", "", ""),
    of(Part::Archive, "STDSTRINGS", "", "").read(Reading::Whole),
    schema("SUBSCRIPTION", "SUBSCRIPTION", "pg_subscription").owner().comment().label(),
    schema("SUBSCRIPTION TABLE", "", "pg_subscription_rel"),
    schema("TABLE", "TABLE", "pg_class").owner().acl("TABLE").comment().label(),
    schema("TABLE ATTACH", "", ""),
    data("TABLE DATA", "", ""),
    schema("TEXT SEARCH CONFIGURATION", "TEXT SEARCH CONFIGURATION", "pg_ts_config").owner().comment(),
    schema("TEXT SEARCH DICTIONARY", "TEXT SEARCH DICTIONARY", "pg_ts_dict").owner().comment(),
    schema("TEXT SEARCH PARSER", "TEXT SEARCH PARSER", "pg_ts_parser").comment(),
    schema("TEXT SEARCH TEMPLATE", "TEXT SEARCH TEMPLATE", "pg_ts_template").comment(),
    schema("TRANSFORM", "TRANSFORM", "pg_transform").comment(),
    schema("TRIGGER", "TRIGGER", "pg_trigger").comment(),
    schema("TYPE", "TYPE", "pg_type").owner().acl("TYPE").comment().label(),
    schema("USER MAPPING", "USER MAPPING", "pg_user_mapping").read(Reading::Whole),
    schema("VIEW", "VIEW", "pg_class").owner().acl("TABLE").comment().label(),
];

const fn of(part: Part, tag: &'static str, sql: &'static str, catalog: &'static str) -> ObjectKind {
    ObjectKind {
        tag,
        sql,
        catalog,
        part,
        has_owner: false,
        acl: None,
        has_comment: false,
        has_label: false,
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

    const fn acl(mut self, name: &'static str) -> Self {
        self.acl = Some(name);
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

    /// What can follow GRANT … ON. Some statements have words that tables of contents have not.
    pub(crate) fn words_of_granted() -> &'static [&'static str] {
        static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
            let granted = OBJECT_KINDS.iter().filter_map(|kind| kind.acl);
            longest_first(granted.chain(["DOMAIN", "PARAMETER", "ROUTINE", "TABLESPACE"]))
        });
        &WORDS
    }

    /// Whether its entries belong to the archive or its database, and not to what the database holds: pg_restore decides by
    /// itself on them, whatever a list says (`_tocEntryRequired` in pg_backup_archiver.c, PostgreSQL 13 to 18).
    pub fn is_of_whole(&self) -> bool {
        matches!(self.part, Part::Archive | Part::Database)
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
        }
    }

    #[test]
    fn statements_find_the_longest_word_of_a_kind() {
        for words in [ObjectKind::words_of_owned(), ObjectKind::words_of_granted()] {
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
