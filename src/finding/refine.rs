//! What more is known than a failure itself, worked out once for all failures when the first one asks for it: what the dump
//! makes, and which of its functions read tables.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use pgdump_reader::reading::{Readers, pieces_of};
use pgdump_reader::{Declared, ObjectKind, schema_or_public};

use super::Situation;

/// What kinds ask before they say what a failure is (`Kind::refine`).
pub struct Refine<'a> {
    pub situation: &'a Situation<'a>,
    readers: OnceCell<Readers>,
    made: OnceCell<Made>,
}

/// What the dump creates, by name with its schema and without.
#[derive(Default)]
struct Made {
    qualified: BTreeSet<String>,
    plain: BTreeSet<String>,
}

impl<'a> Refine<'a> {
    pub fn new(situation: &'a Situation<'a>) -> Self {
        Self { situation, readers: OnceCell::new(), made: OnceCell::new() }
    }

    /// The dump's functions that read tables.
    pub fn readers(&self) -> &Readers {
        self.readers.get_or_init(|| Readers::of(pieces_of(&self.situation.scan.declared)))
    }

    /// Whether the dump creates something of this name.
    pub fn makes(&self, name: &str) -> bool {
        let made = self.made.get_or_init(|| self.made());
        // pg_dump names everything with its schema, so that a name without one is a name that nothing finds.
        let by_pg_dump = self.situation.dump.is_from_pg_dump();
        made.qualified.contains(name) || !by_pg_dump && made.plain.contains(name)
    }

    fn made(&self) -> Made {
        let scan = self.situation.scan;
        let mut made = Made::default();
        let tables = scan.facts.tables.iter().filter(|table| table.created);
        let tables = tables.map(|table| (table.schema.as_deref(), table.name.as_str()));
        let is_named =
            |object: &&Declared| ObjectKind::of_tag(&object.desc).is_some_and(ObjectKind::is_named_in_queries);
        let declared = scan.declared.iter().filter(is_named);
        let declared =
            declared.map(|object| (object.schema.as_deref(), object.tag.split('(').next().unwrap_or(&object.tag)));
        for (schema, name) in tables.chain(declared) {
            made.qualified.insert(format!("{}.{name}", schema_or_public(schema)));
            made.plain.insert(name.to_owned());
        }
        made
    }
}
