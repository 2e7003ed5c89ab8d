//! What a dump holds, and for which database: rows, definitions, large objects, roles, or nothing at all.

use std::collections::BTreeMap;

use crate::declared::{Added, Word, statements};
use crate::object_words::subject_of;
use crate::scan::Scan;
use crate::tag;

/// How much a dump puts into one database.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Tables that it creates or fills.
    pub tables: usize,
    /// Large objects, and what is said of them.
    pub large_objects: usize,
    /// Other objects, their owners and privileges, values of sequences, blocks of rows.
    pub others: usize,
    /// What every database begins with, and older pg_dumps write all the same.
    pub built_in: usize,
}

/// What a dump is one of, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Tables or other objects of a database.
    Objects,
    /// Large objects, and no other object.
    LargeObjects,
    /// What the planner knows of tables that the dump does not hold (`pg_dump --statistics-only`, from 18 on).
    Statistics,
    /// Roles, and databases with nothing in them: what pg_dumpall writes of a cluster that nobody uses.
    EmptyDatabases,
    /// Roles, their memberships and settings, and no database (`pg_dumpall --globals-only`, `--roles-only`).
    Roles,
    /// `pg_dumpall --tablespaces-only`
    Tablespaces,
    /// Nothing, but perhaps for a database with nothing in it.
    Nothing,
}

impl Scan {
    /// How much the dump puts into which database; one into which it puts nothing is not listed.
    pub fn held(&self) -> BTreeMap<Option<&str>, Held> {
        let facts = &self.facts;
        let tables = facts.tables.iter().map(|table| (&table.database, Part::Table));
        let large_objects = self.large_objects.iter().filter(|(_, data)| data.objects > 0);
        let objects = self.declared.iter().filter(|object| !object.is_of_database());
        let owners =
            facts.owners.iter().filter(|owned| !matches!(owned.kind.as_str(), tag::DATABASE | tag::TABLESPACE));
        let rows = self.rows.iter().filter(|rows| rows.rows > 0).map(|rows| &rows.destination.database);
        let others = rows
            .chain(self.added.iter().filter(|added| !is_of_cluster(added)).map(|added| &added.database))
            .chain(facts.sequences.iter().map(|value| &value.sequence.database))
            .chain(facts.policies.iter().map(|policy| &policy.database))
            .chain(facts.refreshed.iter().map(|view| &view.database));
        let parts = tables
            .chain(large_objects.map(|(database, _)| (database, Part::LargeObject)))
            .chain(objects.map(|object| (&object.database, Part::of(&object.desc, &object.tag))))
            .chain(owners.map(|owned| (&owned.database, Part::of(&owned.kind, &owned.name))))
            .chain(facts.extensions.iter().map(|one| (&one.database, Part::of(tag::EXTENSION, &one.name))))
            .chain(others.map(|database| (database, Part::Other)));
        let mut held: BTreeMap<Option<&str>, Held> = BTreeMap::new();
        for (database, part) in parts {
            let held = held.entry(database.as_deref()).or_default();
            match part {
                Part::Table => held.tables += 1,
                Part::LargeObject => held.large_objects += 1,
                Part::BuiltIn => held.built_in += 1,
                Part::Other => held.others += 1,
            }
        }
        held
    }

    /// What the dump is one of.
    pub fn holding(&self) -> Holding {
        let facts = &self.facts;
        let held = self.held();
        let any = |count: fn(&Held) -> usize| held.values().any(|held| count(held) > 0);
        let has_roles = !facts.roles_created.is_empty()
            || !facts.roles_altered.is_empty()
            || facts.grants.iter().any(|grant| grant.kind == tag::ROLE)
            || self.added.iter().any(is_of_cluster);
        if any(|held| held.tables + held.others) {
            Holding::Objects
        } else if any(|held| held.large_objects) {
            Holding::LargeObjects
        } else if facts.statistics > 0 {
            Holding::Statistics
        } else if has_roles {
            let no_database = facts.creates_database.is_empty() && facts.databases.is_empty() && held.is_empty();
            if no_database { Holding::Roles } else { Holding::EmptyDatabases }
        } else if !facts.tablespaces_created.is_empty() {
            Holding::Tablespaces
        } else {
            Holding::Nothing
        }
    }
}

/// What one thing of a dump counts as.
enum Part {
    Table,
    LargeObject,
    BuiltIn,
    Other,
}

impl Part {
    /// By type and name: `COMMENT` and `LARGE OBJECT 4711`. plpgsql was written up to 10, and the schema public is where it has
    /// a comment or an owner of its own.
    fn of(desc: &str, name: &str) -> Self {
        match (desc, name) {
            (tag::LARGE_OBJECT, _) => Self::LargeObject,
            _ if matches!(subject_of(desc, name), Some((tag::LARGE_OBJECT, _))) => Self::LargeObject,
            (tag::EXTENSION, "plpgsql") | (tag::SCHEMA, "public") => Self::BuiltIn,
            (tag::COMMENT, "EXTENSION plpgsql" | "SCHEMA public") => Self::BuiltIn,
            _ => Self::Other,
        }
    }
}

impl Held {
    /// Of whatever kind.
    pub fn all(&self) -> usize {
        self.tables + self.large_objects + self.others + self.built_in
    }
}

/// Privileges on what belongs to the whole cluster, as pg_dumpall writes them among its globals.
fn is_of_cluster(added: &Added) -> bool {
    let statements = statements(&added.statement);
    !statements.is_empty() && statements.iter().all(|words| {
        let is = |word: Option<&Word>, wanted: &[&str]| {
            matches!(word, Some(Word::Name(name)) if wanted.contains(&name.as_str()))
        };
        let on = words.iter().position(|word| is(Some(word), &["on"]));
        is(words.first(), &["grant", "revoke"])
            && on.is_some_and(|on| is(words.get(on + 1), &["parameter", "tablespace", "database"]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dump;

    /// What a plain dump of this text is one of.
    fn holding(text: &str) -> Holding {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dump.sql");
        std::fs::write(&path, format!("--\n-- PostgreSQL database dump\n--\n\n{text}\n")).unwrap();
        let dump: Dump = crate::open(&path).unwrap();
        dump.scan().unwrap().holding()
    }

    fn object(tag: &str, desc: &str, statement: &str) -> String {
        format!("--\n-- Name: {tag}; Type: {desc}; Schema: -; Owner: -\n--\n\n{statement}\n\n")
    }

    #[test]
    fn a_dump_is_recognised_by_what_it_holds() {
        let role = "CREATE ROLE reader;\nALTER ROLE reader WITH LOGIN;\n";
        let database = "CREATE DATABASE app;\nALTER DATABASE app OWNER TO x;\n\\connect app\n";
        let large = "SELECT pg_catalog.lo_create('4711');\nALTER LARGE OBJECT 4711 OWNER TO x;\n\
                     SELECT pg_catalog.lo_open('4711', 131072);\nSELECT pg_catalog.lowrite(0, '\\x00');\n\
                     SELECT pg_catalog.lo_close(0);\n";
        let comment = object("LARGE OBJECT 4711", "COMMENT", "COMMENT ON LARGE OBJECT 4711 IS 'x';");
        let plpgsql = object("plpgsql", "EXTENSION", "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;")
            + &object("EXTENSION plpgsql", "COMMENT", "COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL';");
        let statistics = "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180000'::integer);\n";
        for (text, wanted) in [
            (String::new(), Holding::Nothing),
            (database.to_owned(), Holding::Nothing),
            (format!("{database}{plpgsql}"), Holding::Nothing),
            (role.to_owned(), Holding::Roles),
            ("GRANT a TO b;\n".to_owned(), Holding::Roles),
            (format!("{role}GRANT SET ON PARAMETER work_mem TO reader;\n"), Holding::Roles),
            (format!("{role}CREATE TABLESPACE fast LOCATION '/x';\n"), Holding::Roles),
            ("CREATE TABLESPACE fast LOCATION '/x';\n".to_owned(), Holding::Tablespaces),
            (format!("{role}{database}{plpgsql}"), Holding::EmptyDatabases),
            (format!("{role}\\connect template1\n"), Holding::EmptyDatabases),
            (large.to_owned(), Holding::LargeObjects),
            (format!("{role}{database}{large}{comment}"), Holding::LargeObjects),
            (statistics.to_owned(), Holding::Statistics),
            ("CREATE TABLE t (a int);\n".to_owned(), Holding::Objects),
            (format!("{large}CREATE TABLE t (a int);\n"), Holding::Objects),
            (format!("{role}{database}CREATE VIEW v AS SELECT 1;\n"), Holding::Objects),
            ("SELECT pg_catalog.setval('public.s', 5, true);\n".to_owned(), Holding::Objects),
            ("CREATE USER MAPPING FOR x SERVER s;\n".to_owned(), Holding::Objects),
            ("GRANT SELECT ON TABLE t TO x;\n".to_owned(), Holding::Objects),
        ] {
            assert_eq!(holding(&text), wanted, "{text}");
        }
    }
}
