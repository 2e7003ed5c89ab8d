//! The kinds of entries that tables of contents have: one row for each, and what is known of it.
//!
//! Their names are those of the `ArchiveEntry` calls in pg_dump.c, PostgreSQL 13 to 18; a newer version that has one more
//! needs one more row here.

use crate::granted_kind::GrantedKind;

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
    /// How its `CREATE` statement names it; `None` where no such statement creates it.
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

/// How a `CREATE` statement names what it creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// With its schema.
    InSchema,
    /// Without one: no schema holds it.
    Alone,
    /// By a name that distinguishes it from others of its table, which the statement names too.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_once_in_the_order_of_its_name() {
        assert!(OBJECT_KINDS.windows(2).all(|two| two[0].tag < two[1].tag));
    }

    #[test]
    fn what_create_makes_has_a_word_for_it_and_relations_are_in_pg_class() {
        for kind in OBJECT_KINDS {
            assert!(kind.naming.is_none() || !kind.sql.is_empty(), "{}", kind.tag);
            assert_eq!(kind.relkinds.is_empty(), kind.catalog != "pg_class", "{}", kind.tag);
        }
    }
}
