//! What privileges can be granted on.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::object_kind::OBJECT_KINDS;
use crate::tag;

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

    /// What this word of [`words_of_granted`](super::object_kind::ObjectKind::words_of_granted) stands for; `None` for one that belongs to the whole cluster.
    pub fn of_word(word: &str) -> Option<Self> {
        static KINDS: LazyLock<HashMap<&str, GrantedKind>> = LazyLock::new(|| {
            let kinds = OBJECT_KINDS.iter().filter_map(|kind| kind.acl.zip(kind.granted));
            kinds.chain([(tag::ROUTINE, GrantedKind::ROUTINE), (tag::DOMAIN, GrantedKind::TYPE)]).collect()
        });
        KINDS.get(word).copied()
    }

    /// By what `acldefault` calls it.
    pub fn of_code(code: char) -> Option<Self> {
        Self::every().find(|kind| kind.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
