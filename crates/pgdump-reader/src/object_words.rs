//! By which words kinds are known: those of tables of contents, and those of statements.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::granted_kind::GrantedKind;
use crate::object_kind::{OBJECT_KINDS, ObjectKind};
use crate::tag;

impl ObjectKind {
    /// The kind of this name in tables of contents; `None` for one that has no row.
    pub fn of_tag(tag: &str) -> Option<&'static Self> {
        let place = OBJECT_KINDS.binary_search_by(|kind| kind.tag.cmp(tag)).ok()?;
        OBJECT_KINDS.get(place)
    }

    /// The kind that a label of an entry, such as `TABLE public.orders`, begins with; `None` where that has no row.
    pub fn of_label(label: &str) -> Option<&'static Self> {
        split_label(label).and_then(|(word, _)| Self::of_tag(word))
    }

    /// The first kind that statements call so.
    pub fn of_sql(sql: &str) -> Option<&'static Self> {
        static KINDS: LazyLock<HashMap<&str, &ObjectKind>> = LazyLock::new(|| {
            // Of several of one word the first is put in last.
            OBJECT_KINDS.iter().rev().filter(|kind| !kind.sql.is_empty()).map(|kind| (kind.sql, kind)).collect()
        });
        KINDS.get(sql).copied()
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
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
            let kinds = OBJECT_KINDS.iter().filter(|kind| kind.is_in_schema());
            // A routine is of any of three kinds.
            kinds.flat_map(|kind| [Some(kind.sql), kind.acl]).flatten().chain([GrantedKind::ROUTINE.sql]).collect()
        });
        WORDS.contains(word)
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
pub fn subject_of<'a>(desc: &str, tag: &'a str) -> Option<(&'static str, &'a str)> {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let words = OBJECT_KINDS.iter().flat_map(|kind| [Some(kind.sql), kind.acl]).flatten();
        Words::of(words.chain([tag::COLUMN]))
    });
    matches!(desc, tag::ACL | tag::COMMENT | tag::SECURITY_LABEL).then(|| WORDS.at_start_of(tag))?
}

/// The kind that a label, such as `TABLE public.orders`, begins with, as tables of contents or statements call it, and the
/// rest of the label. `None` where it begins with none.
pub fn split_label(label: &str) -> Option<(&'static str, &str)> {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let words = OBJECT_KINDS.iter().flat_map(|kind| [Some(kind.tag), Some(kind.sql), kind.acl]);
        Words::of(words.flatten())
    });
    WORDS.at_start_of(label)
}

/// Words that kinds are known by.
struct Words {
    known: HashSet<&'static str>,
    /// The length of the longest one, in bytes.
    longest: usize,
}

impl Words {
    fn of(words: impl Iterator<Item = &'static str>) -> Self {
        let known: HashSet<&str> = words.filter(|word| !word.is_empty()).collect();
        Self { longest: known.iter().map(|word| word.len()).max().unwrap_or_default(), known }
    }

    /// The word that a text begins with, and what follows after a space: of `OPERATOR` and `OPERATOR CLASS` the longer one.
    fn at_start_of<'a>(&self, text: &'a str) -> Option<(&'static str, &'a str)> {
        let ends = text.match_indices(' ').map(|(at, _)| at).take_while(|at| *at <= self.longest);
        let (word, at) = ends.filter_map(|at| Some((*self.known.get(&text[..at])?, at))).last()?;
        Some((word, &text[at + 1..]))
    }
}

/// Whether an entry says something of the database itself, which takes effect with `--create` alone
/// (`_tocEntryRequired` in pg_backup_archiver.c, PostgreSQL 13 to 18). A view can have a name that begins with
/// `DATABASE `.
pub(crate) fn is_of_database(desc: &str, tag: &str) -> bool {
    matches!(subject_of(desc, tag), Some((tag::DATABASE, _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_object_names_it_with_its_kind() {
        assert_eq!(subject_of("COMMENT", "OPERATOR CLASS x USING btree"), Some(("OPERATOR CLASS", "x USING btree")));
        assert_eq!(subject_of("COMMENT", "OPERATOR + (integer, integer)"), Some(("OPERATOR", "+ (integer, integer)")));
        assert_eq!(subject_of("ACL", "FOREIGN SERVER s"), Some(("FOREIGN SERVER", "s")));
        assert_eq!(subject_of("ACL", "COLUMN t.c"), Some(("COLUMN", "t.c")));
        assert_eq!(subject_of("ACL", "a table"), None);
        assert_eq!(subject_of("VIEW", "TABLE sizes"), None);
    }

    #[test]
    fn what_belongs_to_the_database_is_known_by_type_and_tag() {
        assert!(is_of_database("COMMENT", "DATABASE app") && is_of_database("ACL", "DATABASE app"));
        assert!(!is_of_database("VIEW", "DATABASE sizes") && !is_of_database("COMMENT", "VIEW DATABASE sizes"));
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
        for kind in OBJECT_KINDS {
            assert_eq!(ObjectKind::of_tag(kind.tag), Some(kind));
            let first = OBJECT_KINDS.iter().find(|other| other.sql == kind.sql && !kind.sql.is_empty());
            assert_eq!(ObjectKind::of_sql(kind.sql), first);
        }
    }

    #[test]
    fn a_word_is_in_schemas_where_what_it_stands_for_is() {
        assert!(["ROUTINE", "DOMAIN", "TABLE"].into_iter().all(ObjectKind::is_word_in_schema));
        let others = ["", "FOREIGN SERVER", "PROCEDURAL LANGUAGE", "TABLESPACE"];
        assert!(!others.into_iter().any(ObjectKind::is_word_in_schema));
    }

    #[test]
    fn a_label_begins_with_the_longest_word_of_a_kind() {
        assert_eq!(split_label("TABLE DATA public.orders"), Some(("TABLE DATA", "public.orders")));
        assert_eq!(split_label("TABLE public.DATA x"), Some(("TABLE", "public.DATA x")));
        assert_eq!(split_label("ACL TABLE public.orders"), Some(("ACL", "TABLE public.orders")));
        assert_eq!(split_label("TEXT SEARCH CONFIGURATION a b"), Some(("TEXT SEARCH CONFIGURATION", "a b")));
        assert_eq!(split_label("FOREIGN SERVER s"), Some(("FOREIGN SERVER", "s")));
        assert_eq!((split_label("TABLE"), split_label("ROLE app"), split_label("")), (None, None, None));
    }
}
