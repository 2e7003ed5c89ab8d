//! What an archive's table of contents declares, entry by entry.

use super::Collector;
use crate::archive::{Archive, TocEntry};
use crate::facts::{Facts, Owned};
use crate::lexer::{Item, Lexer, Statement};
use crate::object_kind::{ObjectKind, Reading};
use crate::tag;

impl Facts {
    /// What an archive's table of contents declares; its data are not read.
    pub fn of_archive(archive: &Archive) -> Self {
        // Archives older than 1.13 set search_path to the object's own schema.
        let built_in = archive.search_path.as_deref() == Some("");
        let mut collector = Collector { built_in, ..Collector::default() };
        for entry in &archive.entries {
            collector.schema.clone_from(&entry.schema);
            collector.label = Some(entry.label());
            collect_entry(&mut collector, entry);
        }
        let mut facts = collector.into_facts();
        facts.encoding.clone_from(&archive.encoding);
        facts
    }
}

fn collect_entry(collector: &mut Collector, entry: &TocEntry) {
    if entry.is_of_database() || entry.desc == tag::DATABASE_PROPERTIES {
        collector.facts.database_properties.push_str(if entry.desc == tag::ACL || entry.desc == tag::SECURITY_LABEL {
            ""
        } else {
            &entry.defn
        });
        return;
    }
    if let Some(tablespace) = entry.tablespace.as_ref().filter(|_| entry.desc != tag::DATABASE) {
        collector.facts.tablespaces.insert(tablespace.clone());
    }
    let reading = ObjectKind::of_tag(&entry.desc).map_or(Reading::Needs, |kind| kind.reading);
    match entry.desc.as_str() {
        tag::ACL | tag::DEFAULT_ACL => {
            let before = collector.facts.grants.len();
            collect_text(collector, &entry.defn);
            // All statements of the entry go to the server as one, so they stand or fall together.
            if let Some(first) = collector.facts.grants.get_mut(before) {
                first.statements = entry.defn.trim().to_owned();
            }
        }
        tag::DATABASE => {
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
        tag::PROCEDURAL_LANGUAGE => {
            collector.facts.languages.insert(entry.tag.clone());
        }
        tag::TABLE => collector.table(entry.schema.clone(), entry.tag.clone()).created = true,
        tag::TABLE_DATA => {
            let table = collector.table(entry.schema.clone(), entry.tag.clone());
            table.has_data = true;
            collector.facts.inserts |= entry.copy_stmt.is_none();
        }
        tag::STATISTICS_DATA => collector.facts.statistics += 1,
        tag::BLOB => collector.facts.large_objects += 1,
        tag::BLOB_METADATA => collector.facts.large_objects += entry.large_object_oids().count() as u64,
        _ => match reading {
            Reading::Whole | Reading::Declared => collect_text(collector, &entry.defn),
            Reading::Needs | Reading::Nothing => {}
        },
    }
    if reading == Reading::Needs {
        for_each_statement(&entry.defn, |statement| collector.need(statement));
    }
    if let Some(method) = &entry.table_access_method {
        collector.facts.needs.access_methods.insert(method.clone());
    }
    if entry.desc == tag::BLOB_METADATA && !entry.owner.is_empty() {
        for oid in entry.large_object_oids() {
            collector.facts.owners.push(Owned {
                database: None,
                kind: tag::LARGE_OBJECT.to_owned(),
                schema: None,
                name: oid.to_owned(),
                owner: entry.owner.clone(),
            });
        }
    } else if gets_owner(entry) {
        collector.facts.owners.push(Owned {
            database: None,
            kind: ObjectKind::word_of(&entry.desc).to_owned(),
            schema: entry.schema.clone(),
            name: entry.tag.clone(),
            owner: entry.owner.clone(),
        });
    }
}

/// Whether a restore writes `ALTER … OWNER TO` for the entry (_printTocEntry in pg_backup_archiver.c, PostgreSQL 15 to
/// 18: it has an owner and a statement that drops it, and is of a type that can have an owner).
fn gets_owner(entry: &TocEntry) -> bool {
    !entry.owner.is_empty()
        && !entry.drop_stmt.is_empty()
        && ObjectKind::of_tag(&entry.desc).is_none_or(|kind| kind.has_owner)
}

/// Takes what the statements of a definition make and need.
fn collect_text(collector: &mut Collector, text: &str) {
    for_each_statement(text, |statement| {
        collector.statement(statement);
    });
}

fn for_each_statement(text: &str, mut take: impl FnMut(&Statement)) {
    let mut lexer = Lexer::of_text(text);
    // Reading from memory cannot fail.
    while let Ok(Some(item)) = lexer.next() {
        if let Item::Statement(statement) = item {
            take(&statement);
        }
    }
}
