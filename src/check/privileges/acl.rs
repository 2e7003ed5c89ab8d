//! Access privileges as sets: the result of a dump's GRANT and REVOKE statements, and what a catalog holds.

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::{GrantedKind, ObjectKind, Word};

use crate::postgres::{Change, Major};

/// Who may do what: the privileges of each role (`""` is PUBLIC) by their letters, and whether it has the grant option.
///
/// Letters and what they stand for: table "ACL Privilege Abbreviations" of PostgreSQL's documentation (chapter 5.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl(pub BTreeMap<String, BTreeMap<char, bool>>);

/// What ALL stands for in a major version (MAINTAIN since 17).
pub(super) fn all_of(kind: GrantedKind, major: u16) -> impl Iterator<Item = char> {
    kind.all.chars().filter(move |letter| *letter != 'm' || Major(major).has(Change::Maintain))
}

fn letter(privilege: &str) -> Option<char> {
    Some(match privilege {
        "select" => 'r',
        "insert" => 'a',
        "update" => 'w',
        "delete" => 'd',
        "truncate" => 'D',
        "references" => 'x',
        "trigger" => 't',
        "usage" => 'U',
        "create" => 'C',
        "temporary" | "temp" => 'T',
        "connect" => 'c',
        "execute" => 'X',
        "maintain" => 'm',
        _ => return None,
    })
}

/// A privilege's name by its letter.
pub fn privilege(letter: char) -> &'static str {
    match letter {
        'r' => "SELECT",
        'a' => "INSERT",
        'w' => "UPDATE",
        'd' => "DELETE",
        'D' => "TRUNCATE",
        'x' => "REFERENCES",
        't' => "TRIGGER",
        'U' => "USAGE",
        'C' => "CREATE",
        'T' => "TEMPORARY",
        'c' => "CONNECT",
        'X' => "EXECUTE",
        'm' => "MAINTAIN",
        _ => "another privilege",
    }
}

/// An object as statements name it: its words, whatever they quote.
pub type Object = (GrantedKind, Vec<Word>);

/// What a GRANT or REVOKE changes of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivilegeChange {
    pub object: Object,
    grants: bool,
    /// Letters.
    privileges: BTreeSet<char>,
    /// `""` for PUBLIC.
    pub roles: Vec<String>,
    /// `WITH GRANT OPTION`, `GRANT OPTION FOR`.
    grant_option: bool,
}

/// Reads a statement as pg_dump writes it (buildACLCommands in dumputils.c, PostgreSQL 13 to 18). A statement on columns
/// or on several objects is several changes. `None` where it is something else.
pub fn changes(words: &[Word], major: u16) -> Option<Vec<PrivilegeChange>> {
    let mut reader = Reader { words, at: 0 };
    let grants = match reader.name()? {
        "grant" => true,
        "revoke" => false,
        _ => return None,
    };
    let mut grant_option = !grants && reader.eat("grant");
    if grant_option {
        (reader.eat("option") && reader.eat("for")).then_some(())?;
    }
    // Each privilege with the columns that it is for.
    let mut listed: Vec<(&str, Vec<Word>)> = Vec::new();
    loop {
        let name = reader.name()?;
        if name == "all" {
            let _ = reader.eat("privileges");
        }
        let mut columns = Vec::new();
        if reader.sign(b'(') {
            while !reader.sign(b')') {
                if !reader.sign(b',') {
                    columns.push(reader.next()?.clone());
                }
            }
        }
        listed.push((name, columns));
        if !reader.sign(b',') {
            break;
        }
    }
    reader.eat("on").then_some(())?;
    let kind = reader.kind()?;
    let mut named = vec![reader.object(kind)?];
    while reader.sign(b',') {
        named.push(reader.object(kind)?);
    }
    reader.eat(if grants { "to" } else { "from" }).then_some(())?;
    let mut roles = Vec::new();
    loop {
        let _ = reader.eat("group");
        let role = reader.name()?;
        roles.push(if role == "public" { String::new() } else { role.to_owned() });
        if !reader.sign(b',') {
            break;
        }
    }
    grant_option |= grants && reader.eat("with") && reader.eat("grant") && reader.eat("option");
    let mut changes: BTreeMap<Object, BTreeSet<char>> = BTreeMap::new();
    for (name, columns) in listed {
        for object in &named {
            let of_columns = columns.iter().map(|column| {
                let mut words = object.clone();
                words.extend([Word::Sign(b'.'), column.clone()]);
                (GrantedKind::COLUMN, words)
            });
            let mut objects: Vec<Object> = of_columns.collect();
            if objects.is_empty() {
                objects.push((kind, object.clone()));
            }
            for object in objects {
                let letters = match name {
                    "all" => all_of(object.0, major).collect(),
                    name => BTreeSet::from([letter(name)?]),
                };
                changes.entry(object).or_default().extend(letters);
            }
        }
    }
    let changes = changes.into_iter();
    Some(
        changes
            .map(|(object, privileges)| PrivilegeChange {
                object,
                grants,
                privileges,
                roles: roles.clone(),
                grant_option,
            })
            .collect(),
    )
}

impl PrivilegeChange {
    /// The same for a sequence, which GRANT accepts as a table too.
    pub fn of_sequence(&self) -> Self {
        let table: BTreeSet<char> = all_of(GrantedKind::TABLE, 13).collect();
        let of_sequence: BTreeSet<char> = all_of(GrantedKind::SEQUENCE, 13).collect();
        let is_all = self.privileges.is_superset(&table);
        let privileges = if is_all { of_sequence } else { &self.privileges & &of_sequence };
        Self { object: (GrantedKind::SEQUENCE, self.object.1.clone()), privileges, ..self.clone() }
    }
}

impl Acl {
    /// The same after the owner has changed: the new owner has what the former one had.
    pub fn with_owner(&self, former: &str, owner: &str) -> Self {
        let mut acl = self.clone();
        if former != owner
            && let Some(own) = acl.0.remove(former)
        {
            let held = acl.0.entry(owner.to_owned()).or_default();
            for (privilege, option) in own {
                *held.entry(privilege).or_default() |= option;
            }
        }
        acl
    }

    /// The result of a change, with the object's owner here in the place of its owner in the dump.
    pub fn apply(&mut self, change: &PrivilegeChange, stands_for: impl Fn(&str) -> String) {
        for role in &change.roles {
            let role = stands_for(role);
            let held = self.0.entry(role.clone()).or_default();
            for privilege in &change.privileges {
                match (change.grants, change.grant_option) {
                    (true, option) => *held.entry(*privilege).or_default() |= option,
                    (false, true) => {
                        if let Some(option) = held.get_mut(privilege) {
                            *option = false;
                        }
                    }
                    (false, false) => {
                        held.remove(privilege);
                    }
                }
            }
            if held.is_empty() {
                self.0.remove(&role);
            }
        }
    }

    /// Reads items as the server prints them: `shop_app=arw*/shop_owner`, `=X/owner` (aclitemout in acl.c).
    pub fn of_items(items: &[String]) -> Self {
        let mut acl = Self::default();
        for item in items {
            let (role, rest) = role_of(item);
            let Some(letters) = rest.strip_prefix('=') else { continue };
            let letters = letters.split('/').next().unwrap_or_default();
            let held = acl.0.entry(role).or_default();
            let mut last = None;
            for letter in letters.chars() {
                match (letter, last) {
                    ('*', Some(last)) => {
                        held.insert(last, true);
                    }
                    ('*', None) => {}
                    (letter, _) => {
                        held.entry(letter).or_default();
                        last = Some(letter);
                    }
                }
            }
        }
        acl.0.retain(|_, held| !held.is_empty());
        acl
    }

    /// What this one allows and the other does not: the privileges of each role, with a star for the grant option.
    pub fn beyond(&self, other: &Self) -> BTreeMap<String, Vec<(char, bool)>> {
        let mut beyond: BTreeMap<String, Vec<(char, bool)>> = BTreeMap::new();
        for (role, held) in &self.0 {
            for (privilege, grantable) in held {
                let there = other.0.get(role).and_then(|held| held.get(privilege));
                match there {
                    None => beyond.entry(role.clone()).or_default().push((*privilege, *grantable)),
                    Some(false) if *grantable => beyond.entry(role.clone()).or_default().push((*privilege, true)),
                    Some(_) => {}
                }
            }
        }
        beyond
    }
}

/// The role at the beginning of an item, in quotes where it needs them (putid in acl.c), and the rest.
fn role_of(item: &str) -> (String, &str) {
    let Some(quoted) = item.strip_prefix('"') else {
        let end = item.find('=').unwrap_or(item.len());
        return (item[..end].to_owned(), &item[end..]);
    };
    let mut role = String::new();
    let mut letters = quoted.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '"' {
            role.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == '"') {
            role.push('"');
            letters.next();
        } else {
            return (role, &quoted[at + 1..]);
        }
    }
    (role, "")
}

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a Word> {
        self.at += 1;
        self.words.get(self.at - 1)
    }

    fn name(&mut self) -> Option<&'a str> {
        match self.next()? {
            Word::Name(name) => Some(name),
            Word::Text(_) | Word::Sign(_) => None,
        }
    }

    fn eat(&mut self, name: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Name(found)) if found == name);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: u8) -> bool {
        let found = self.words.get(self.at) == Some(&Word::Sign(sign));
        self.at += usize::from(found);
        found
    }

    /// pg_dump always names the kind; people leave TABLE out.
    fn kind(&mut self) -> Option<GrantedKind> {
        let bare = self.words.get(self.at + 1);
        if matches!(bare, Some(Word::Sign(b'.')))
            || bare.is_some_and(|word| matches!(word, Word::Name(name) if name == "to" || name == "from"))
        {
            return Some(GrantedKind::TABLE);
        }
        let rest = self.words.get(self.at..)?;
        let is_next = |kind: &&&str| {
            let mut words = kind.split(' ').map(str::to_ascii_lowercase).enumerate();
            words.all(|(at, word)| matches!(rest.get(at), Some(Word::Name(name)) if *name == word))
        };
        let kind = ObjectKind::words_of_granted().iter().find(is_next)?;
        self.at += kind.split(' ').count();
        GrantedKind::of_word(kind)
    }

    /// A name with its schema, and a routine's arguments.
    fn object(&mut self, kind: GrantedKind) -> Option<Vec<Word>> {
        let mut object = vec![self.next()?.clone()];
        while self.sign(b'.') {
            object.extend([Word::Sign(b'.'), self.next()?.clone()]);
        }
        if kind == GrantedKind::ROUTINE && self.sign(b'(') {
            object.push(Word::Sign(b'('));
            let mut depth = 1;
            while depth > 0 {
                let word = self.next()?;
                depth += match word {
                    Word::Sign(b'(') => 1,
                    Word::Sign(b')') => -1,
                    _ => 0,
                };
                object.push(word.clone());
            }
        }
        Some(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgdump_reader::statements;

    fn after(before: &[&str], sql: &str) -> Acl {
        let before: Vec<String> = before.iter().map(|item| (*item).to_owned()).collect();
        let mut acl = Acl::of_items(&before);
        for words in statements(sql) {
            for change in changes(&words, 17).unwrap() {
                acl.apply(&change, str::to_owned);
            }
        }
        acl
    }

    fn items(items: &[&str]) -> Acl {
        Acl::of_items(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn statements_come_to_what_the_server_makes_of_them() {
        let sql = "REVOKE ALL ON FUNCTION public.f(a integer, \"to\" text) FROM PUBLIC;\n\
                   GRANT ALL ON FUNCTION public.f(a integer, \"to\" text) TO \"Odd \"\"role\" WITH GRANT OPTION;";
        let acl = after(&["=X/postgres", "postgres=X/postgres"], sql);
        assert_eq!(acl, items(&["postgres=X/postgres", "\"Odd \"\"role\"=X*/postgres"]));
        let sql = "GRANT SELECT,INSERT ON TABLE public.t TO app; REVOKE INSERT ON TABLE public.t FROM app;";
        assert_eq!(after(&[], sql), items(&["app=r/postgres"]));
        assert_eq!(after(&[], "GRANT ALL ON TABLE t TO a, b;"), items(&["a=arwdDxtm/x", "b=arwdDxtm/x"]));
        assert_eq!(after(&["a=r*/x"], "REVOKE GRANT OPTION FOR SELECT ON TABLE t FROM a;"), items(&["a=r/x"]));
    }

    #[test]
    fn privileges_of_columns_are_those_of_other_objects() {
        let words = &statements("GRANT SELECT(id, name), UPDATE(name) ON TABLE public.t TO app")[0];
        let changes = changes(words, 17).unwrap();
        let letters: Vec<String> = changes.iter().map(|change| change.privileges.iter().collect()).collect();
        assert_eq!(letters, ["r", "rw"]);
        assert!(changes.iter().all(|change| change.object.0 == GrantedKind::COLUMN));
    }

    #[test]
    fn what_is_beyond_is_shown_with_the_right_to_grant() {
        let (wide, narrow) = (items(&["=X/o", "a=r*w/o"]), items(&["a=r/o"]));
        let beyond = wide.beyond(&narrow);
        assert_eq!(beyond[""], [('X', false)]);
        assert_eq!(beyond["a"], [('r', true), ('w', false)]);
        assert!(narrow.beyond(&wide).is_empty());
    }

    #[test]
    fn what_is_no_statement_about_an_object_is_none() {
        for sql in ["GRANT a TO b", "SELECT 1", "GRANT SELECT ON", "GRANT ALL ON TABLESPACE t TO x", "REVOKE"] {
            assert_eq!(changes(&statements(sql)[0], 17), None, "{sql}");
        }
    }
}
