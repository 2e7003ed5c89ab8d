//! Reads statements about roles and databases: what a dump states, and what pg_dumpall would write of a cluster.

use std::collections::BTreeMap;

use pgdump_reader::{Word, statements, tag};

use super::stated::{ATTRIBUTES, Membership, ParameterPrivilege, Stated};
use crate::cluster::is_list_of_names;

impl Stated {
    pub(super) fn read(&mut self, text: &str) {
        for words in statements(text) {
            // What is not understood is not compared.
            let _ = self.statement(&words);
        }
    }

    /// A role has another name from here on, or is gone with all that was said of it.
    fn role_is_now(&mut self, role: &str, new: Option<&str>) {
        let named = |name: String| if name == role { new.map(str::to_owned) } else { Some(name) };
        fn take<K: Ord, V>(map: &mut BTreeMap<K, V>, named: impl Fn(K) -> Option<K>) {
            let all = std::mem::take(map).into_iter();
            map.extend(all.filter_map(|(key, value)| Some((named(key)?, value))));
        }
        take(&mut self.attributes, |(of, attribute)| Some((named(of)?, attribute)));
        self.whole = std::mem::take(&mut self.whole).into_iter().filter_map(named).collect();
        take(&mut self.limits, named);
        take(&mut self.until, named);
        take(&mut self.passwords, named);
        take(&mut self.members, |(of, member)| Some((named(of)?, named(member)?)));
        take(&mut self.settings, |(of, database, parameter)| Some((named(of)?, database, parameter)));
        take(&mut self.comments, |(kind, of)| Some((kind, if kind == tag::ROLE { named(of)? } else { of })));
        let parameters = std::mem::take(&mut self.parameters).into_iter();
        self.parameters = parameters
            .filter_map(|privilege| {
                Some(ParameterPrivilege { grantee: named(privilege.grantee.clone())?, ..privilege })
            })
            .collect();
    }

    fn statement(&mut self, words: &[Word]) -> Option<()> {
        match (name(words.first()?)?, name(words.get(1)?)?) {
            ("grant", _) => {
                let to = words.iter().position(|word| name(word) == Some("to"))?;
                if let Some(on) = words.get(..to)?.iter().position(|word| name(word) == Some("on")) {
                    return self.parameter_privileges(words, on, to);
                }
                let options = membership(words.get(to + 1..)?);
                // Names of predefined roles too; lists are what people write.
                for role in words.get(1..to)?.iter().filter_map(name) {
                    for member in words.get(to + 1..)?.iter().map_while(|word| match word {
                        Word::Sign(b',') => Some(""),
                        word => name(word).filter(|name| !matches!(*name, "with" | "granted")),
                    }) {
                        if !member.is_empty() {
                            let known = self.members.entry((role.to_owned(), member.to_owned())).or_default();
                            // Several may have granted it.
                            *known = Membership {
                                admin: known.admin || options.admin,
                                inherit: known.inherit.max(options.inherit),
                                set: known.set.max(options.set),
                            };
                        }
                    }
                }
            }
            ("comment", "on") => {
                let kind = match name(words.get(2)?)? {
                    "role" => tag::ROLE,
                    "database" => tag::DATABASE,
                    _ => return None,
                };
                let of = (kind, name(words.get(3)?)?.to_owned());
                match words.get(5)? {
                    Word::Text(text) => self.comments.insert(of, text.clone()),
                    Word::Name(_) | Word::Sign(_) => self.comments.remove(&of),
                };
            }
            // A role that is there already stays as it is: what is stated here counts all the same.
            ("create", kind @ ("role" | "user" | "group")) => {
                let role = name(words.get(2)?)?.to_owned();
                if kind == "user" {
                    self.attributes.insert((role.clone(), "login"), true);
                }
                let rest = self.lists(&role, words.get(3..)?);
                self.options(&role, &rest);
            }
            ("drop", "role" | "user" | "group") => {
                words.get(2..)?.iter().filter_map(name).for_each(|role| self.role_is_now(role, None));
            }
            ("revoke", _) => self.revoke(words)?,
            ("create", "database") => {
                let database = name(words.get(2)?)?.to_owned();
                self.limit_of_database(database, words.get(3..)?);
            }
            // As up to 10.
            ("update", _) => {
                let at = words.iter().position(|word| name(word) == Some("datistemplate"))?;
                let is = match words.get(at + 2)? {
                    Word::Name(word) | Word::Text(word) => word.starts_with('t'),
                    Word::Sign(_) => return None,
                };
                let Word::Text(database) = words.last()? else { return None };
                self.databases.entry(database.clone()).or_default().is_template = is;
            }
            ("alter", "role" | "user" | "group") if name(words.get(3)?) == Some("rename") => {
                self.role_is_now(name(words.get(2)?)?, Some(name(words.get(5)?)?));
            }
            ("alter", "role" | "user") => {
                let role = name(words.get(2)?)?.to_owned();
                let role = if role == "all" { String::new() } else { role };
                let (database, rest) = match (name(words.get(3)?)?, words.get(4).and_then(name)) {
                    ("in", Some("database")) => (name(words.get(5)?)?.to_owned(), words.get(6..)?),
                    _ => (String::new(), words.get(3..)?),
                };
                if name(rest.first()?)? == "set" {
                    return self.set(role, database, rest.get(1..)?);
                }
                self.options(&role, rest);
            }
            ("alter", "database") => {
                let database = name(words.get(2)?)?.to_owned();
                match name(words.get(3)?)? {
                    "set" => return self.set(String::new(), database, words.get(4..)?),
                    "is_template" => {
                        let is = words.iter().any(|word| name(word) == Some("true"));
                        self.databases.entry(database).or_default().is_template = is;
                    }
                    _ => self.limit_of_database(database, words.get(3..)?),
                }
            }
            _ => {}
        }
        Some(())
    }

    /// What CREATE ROLE and ALTER ROLE say of a role: `WITH LOGIN NOCREATEDB CONNECTION LIMIT 7`.
    fn options(&mut self, role: &str, words: &[Word]) {
        self.of_password(role, words);
        let names = || words.iter().filter_map(name);
        if ATTRIBUTES.iter().all(|(attribute, _)| names().any(|word| is_about(word, attribute))) {
            self.whole.insert(role.to_owned());
        }
        for word in names() {
            for (attribute, _) in ATTRIBUTES {
                if is_about(word, attribute) {
                    self.attributes.insert((role.to_owned(), attribute), word == attribute);
                }
            }
        }
    }

    /// The memberships that CREATE ROLE states: `IN ROLE a, b`, `ROLE c`, `ADMIN d`. Gives back the other words: a role can be
    /// called as an attribute is.
    fn lists(&mut self, role: &str, words: &[Word]) -> Vec<Word> {
        let (mut others, mut rest) = (Vec::new(), words);
        while let [word, more @ ..] = rest {
            rest = more;
            let kind = name(word).unwrap_or_default();
            if !matches!(kind, "in" | "role" | "user" | "admin") {
                others.push(word.clone());
                continue;
            }
            let of_others = kind == "in";
            // `IN ROLE`, `IN GROUP`
            rest = rest.get(usize::from(of_others)..).unwrap_or_default();
            while let [Word::Name(listed), more @ ..] = rest {
                let pair =
                    if of_others { (listed.clone(), role.to_owned()) } else { (role.to_owned(), listed.clone()) };
                self.members.entry(pair).or_default().admin |= kind == "admin";
                rest = more;
                let [Word::Sign(b','), more @ ..] = rest else { break };
                rest = more;
            }
        }
        others
    }

    /// `REVOKE ADMIN OPTION FOR a, b FROM c`
    fn revoke(&mut self, words: &[Word]) -> Option<()> {
        let from = words.iter().position(|word| name(word) == Some("from"))?;
        let (revoked, members) = (words.get(1..from)?, words.get(from + 1..)?);
        if revoked.iter().any(|word| name(word) == Some("on")) {
            return None;
        }
        let option = revoked.iter().position(|word| name(word) == Some("for"));
        let roles = revoked.get(option.map_or(0, |at| at + 1)..)?;
        let members: Vec<&str> = members.iter().filter_map(name).collect();
        for role in roles.iter().filter_map(name) {
            for member in &members {
                let pair = (role.to_owned(), (*member).to_owned());
                match (option, self.members.get_mut(&pair)) {
                    // Which of its options are left is for no restore that pg_dumpall writes.
                    (Some(_), Some(options)) => {
                        let admin = options.admin && name(revoked.first()?) != Some("admin");
                        *options = Membership { admin, inherit: None, set: None };
                    }
                    _ => drop(self.members.remove(&pair)),
                }
            }
        }
        Some(())
    }

    /// `CONNECTION LIMIT 7 PASSWORD '…' VALID UNTIL '…'`
    fn of_password(&mut self, role: &str, words: &[Word]) {
        let text = |at: usize| match words.get(at) {
            Some(Word::Text(text)) => Some(text.clone()),
            _ => None,
        };
        for (at, word) in words.iter().enumerate() {
            match name(word).unwrap_or_default() {
                "limit" => {
                    self.limits
                        .extend(number(words.get(at + 1..).unwrap_or_default()).map(|limit| (role.to_owned(), limit)));
                }
                // `PASSWORD NULL` takes it away, and an empty one is none (AlterRole in src/backend/commands/user.c).
                "password" => match text(at + 1).filter(|password| !password.is_empty()) {
                    Some(password) => drop(self.passwords.insert(role.to_owned(), password)),
                    None => drop(self.passwords.remove(role)),
                },
                "until" => self.until.extend(text(at + 1).map(|until| (role.to_owned(), until))),
                _ => {}
            }
        }
    }

    /// `… CONNECTION LIMIT = 7`
    fn limit_of_database(&mut self, database: String, words: &[Word]) {
        let limit = words.iter().position(|word| name(word) == Some("limit"));
        if let Some(limit) = limit.and_then(|at| number(words.get(at + 1..)?)) {
            self.databases.entry(database).or_default().limit = Some(limit);
        }
    }

    /// `GRANT SET, ALTER SYSTEM ON PARAMETER name TO role WITH GRANT OPTION`
    fn parameter_privileges(&mut self, words: &[Word], on: usize, to: usize) -> Option<()> {
        (name(words.get(on + 1)?)? == "parameter").then_some(())?;
        let granted: Vec<&str> = words.get(1..on)?.iter().filter_map(name).collect();
        let has = |word: &str| granted.contains(&word) || granted.contains(&"all");
        let parameter: String = words.get(on + 2..to)?.iter().map(|word| name(word).unwrap_or(".")).collect();
        let rest = words.get(to + 1..)?;
        let grantees = rest.iter().take_while(|word| name(word) != Some("with")).filter_map(name);
        let grantable = rest.iter().any(|word| name(word) == Some("option"));
        for grantee in grantees {
            let grantee = if grantee == "public" { "" } else { grantee };
            for privilege in [("set", "SET"), ("alter", "ALTER SYSTEM")].into_iter().filter(|(word, _)| has(word)) {
                self.parameters.insert(ParameterPrivilege {
                    parameter: parameter.to_lowercase(),
                    grantee: grantee.to_owned(),
                    privilege: privilege.1,
                    grantable,
                });
            }
        }
        Some(())
    }

    /// `name TO value, …`, `name = value`. Names of parameters know no case, and pg_dump quotes `"DateStyle"`.
    fn set(&mut self, role: String, database: String, words: &[Word]) -> Option<()> {
        let end = words.iter().position(|word| *word == Word::Sign(b'=') || name(word) == Some("to"))?;
        let parameter: String = words.get(..end)?.iter().map(|word| name(word).unwrap_or(".").to_lowercase()).collect();
        // As flatten_set_variable_args in src/backend/utils/misc/guc_funcs.c puts the values together, each of which is a name
        // of its own where the parameter is a list of names.
        let values: Vec<String> = words
            .get(end + 1..)?
            .split(|word| *word == Word::Sign(b','))
            .map(|value| {
                let text = |word: &Word| match word {
                    Word::Name(text) | Word::Text(text) => text.clone(),
                    Word::Sign(sign) => char::from(*sign).to_string(),
                };
                value.iter().map(text).collect()
            })
            .collect();
        let value = if is_list_of_names(&parameter) { values } else { vec![values.join(", ")] };
        self.settings.insert((role, database, parameter), value);
        Some(())
    }
}

/// Whether a word says whether a role has an attribute.
fn is_about(word: &str, attribute: &str) -> bool {
    word == attribute || word.strip_prefix("no") == Some(attribute)
}

/// `WITH ADMIN OPTION, INHERIT TRUE, SET FALSE`. From 16 on a dump says of each whether it is inherited; that SET ROLE is allowed
/// only where it is not.
fn membership(words: &[Word]) -> Membership {
    let value_of = |option: &str| {
        let at = words.iter().position(|word| name(word) == Some(option))?;
        Some(matches!(name(words.get(at + 1)?)?, "true" | "option"))
    };
    let inherit = value_of("inherit");
    Membership { admin: value_of("admin").unwrap_or(false), inherit, set: value_of("set").or(inherit.map(|_| true)) }
}

/// A number, with its sign, behind an equals sign or not.
fn number(words: &[Word]) -> Option<i32> {
    let (mut sign, mut rest) = (1, words);
    while let [Word::Sign(letter), more @ ..] = rest {
        sign = if *letter == b'-' { -1 } else { sign };
        rest = more;
    }
    name(rest.first()?)?.parse::<i32>().ok().map(|number| sign * number)
}

fn name(word: &Word) -> Option<&str> {
    match word {
        Word::Name(name) => Some(name),
        Word::Text(_) | Word::Sign(_) => None,
    }
}
