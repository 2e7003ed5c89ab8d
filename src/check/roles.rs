//! Roles, their memberships and the settings of roles and databases, where the dump has them: what pg_dumpall writes, and
//! what `pg_restore --create` sets for the database.
//!
//! A role that was there before keeps what it had where the dump says nothing of it. Statements of roles can hold the
//! digests of passwords: none is ever shown.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::dump::{Content, Word, statements};
use crate::finding::{AfterKind, Finding, Name};
use crate::restore::has_option;

pub struct Roles;

/// The attributes that pg_dumpall states for each role (dumpRoles in pg_dumpall.c, PostgreSQL 13 to 18), and their column of
/// pg_authid.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("superuser", "rolsuper"),
    ("inherit", "rolinherit"),
    ("createrole", "rolcreaterole"),
    ("createdb", "rolcreatedb"),
    ("login", "rolcanlogin"),
    ("replication", "rolreplication"),
    ("bypassrls", "rolbypassrls"),
];

/// What the dump says of roles.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Role and attribute.
    attributes: BTreeMap<(String, &'static str), bool>,
    /// Role and member.
    members: BTreeSet<(String, String)>,
    /// Role, database (either can be empty) and parameter, with the value's parts.
    settings: BTreeMap<(String, String, String), Vec<String>>,
}

#[async_trait]
impl Check for Roles {
    fn name(&self) -> &'static str {
        "roles"
    }

    fn group(&self) -> Group {
        Group::Access
    }

    fn looks_once(&self) -> bool {
        true
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let facts = &restored.scan.facts;
        let mut stated = Stated::default();
        facts.role_statements.iter().for_each(|text| stated.read(text));
        let creates = has_option(&restored.target.restore.options, "--create", 'C');
        if matches!(restored.dump.content, Content::Archive(_)) && creates {
            stated.read(&facts.database_properties);
        }
        if stated == Stated::default() {
            return Ok(Looked::default());
        }
        let there = read(restored.session).await?;
        let mut differences = Vec::new();
        for ((role, attribute), value) in &stated.attributes {
            // A role that is not there is the restore's finding.
            if let Some(found) = there.attributes.get(&(role.clone(), *attribute))
                && found != value
                && !given_back(restored, role, attribute)
            {
                let word = |value: bool| {
                    if value { attribute.to_uppercase() } else { format!("NO{}", attribute.to_uppercase()) }
                };
                let line = format!("{} in the dump, {} here", word(*value), word(*found));
                differences.push((format!("ROLE {role}"), line));
            }
        }
        let knows = |role: &String| there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0));
        for (role, member) in stated.members.iter().filter(|(role, member)| knows(role) && knows(member)) {
            if !there.members.contains(&(role.clone(), member.clone())) {
                differences.push((format!("ROLE {member}"), format!("no longer a member of {role:?}")));
            }
        }
        for ((role, database, parameter), value) in &stated.settings {
            let key = (role.clone(), database.clone(), parameter.clone());
            let object = if role.is_empty() { format!("DATABASE {database}") } else { format!("ROLE {role}") };
            match there.settings.get(&key) {
                None if role.is_empty() || knows(role) => {
                    differences.push((object, format!("{parameter} is not set")));
                }
                Some(found) if found != value => {
                    differences.push((object, format!("{parameter} is set to another value")));
                }
                _ => {}
            }
        }
        let compared = BTreeMap::from([
            ("role attribute".to_owned(), stated.attributes.len() as u64),
            ("membership".to_owned(), stated.members.len() as u64),
            ("setting of a role or database".to_owned(), stated.settings.len() as u64),
        ]);
        let looked_at = format!(
            "{} attributes and {} memberships of roles, {} settings",
            stated.attributes.len(),
            stated.members.len(),
            stated.settings.len()
        );
        let mut finding = told(&differences);
        if let Some(finding) = &mut finding {
            stated.attributes.retain(|(role, attribute), _| !given_back(restored, role, attribute));
            finding.mend_silently(AfterKind::RoleSettings, stated.without(&there).statements());
        }
        Ok(Looked { findings: finding.into_iter().collect(), looked_at, compared, ..Looked::default() })
    }
}

/// Whether pgrehearse has given a role back what the script took from it, to be able to look.
fn given_back(restored: &Restored<'_>, role: &str, attribute: &str) -> bool {
    let lost = restored.restore_findings.iter().any(|finding| finding.name == Name::SuperuserLost);
    lost && role == restored.target.cluster.superuser && matches!(attribute, "superuser" | "login")
}

fn told(differences: &[(String, String)]) -> Option<Finding> {
    if differences.is_empty() {
        return None;
    }
    let objects: BTreeSet<&String> = differences.iter().map(|(object, _)| object).collect();
    let noun = if objects.len() == 1 {
        "1 role or database".to_owned()
    } else {
        format!("{} roles or databases", objects.len())
    };
    let verb = if objects.len() == 1 { "is" } else { "are" };
    let mut finding = Finding::new(Name::RoleChanged, format!("{noun} {verb} not as in the dump"));
    finding.count = differences.len() as u64;
    finding.objects = objects.into_iter().cloned().collect();
    finding.evidence = differences.iter().map(|(object, line)| format!("{object}: {line}")).collect();
    finding.fix =
        "Run the dump's statements about these roles again (ALTER ROLE, GRANT, ALTER DATABASE … SET): it writes \
                   them before the databases."
            .into();
    Some(finding)
}

impl Stated {
    /// What a dump says of all roles and databases.
    pub fn of(role_statements: &[String]) -> Self {
        let mut stated = Self::default();
        role_statements.iter().for_each(|text| stated.read(text));
        stated
    }

    /// What it says of one role alone: its attributes, what it is a member of, and its settings.
    pub fn of_role(&self, role: &str) -> Self {
        let attributes = self.attributes.iter().filter(|((of, _), _)| of == role);
        let settings = self.settings.iter().filter(|((of, ..), _)| of == role);
        Self {
            attributes: attributes.map(|(key, value)| (key.clone(), *value)).collect(),
            members: self.members.iter().filter(|(_, member)| member == role).cloned().collect(),
            settings: settings.map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }

    /// Whether it says a role to have an attribute, by its word in lower case; `None` where it says nothing.
    pub fn attribute(&self, role: &str, attribute: &str) -> Option<bool> {
        self.attributes.iter().find(|((of, name), _)| of == role && *name == attribute).map(|(_, value)| *value)
    }

    /// The roles that this one is a member of.
    pub fn groups<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a str> {
        self.members.iter().filter(move |(_, member)| member == role).map(|(group, _)| group.as_str())
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What it says and another does not, of roles that the other knows.
    fn without(&self, there: &Self) -> Self {
        let knows = |role: &String| role.is_empty() || there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0));
        let attributes = self
            .attributes
            .iter()
            .filter(|(key, value)| knows(&key.0) && there.attributes.get(*key).is_some_and(|found| found != *value));
        let members = self.members.iter().filter(|key| knows(&key.0) && knows(&key.1) && !there.members.contains(*key));
        let settings =
            self.settings.iter().filter(|(key, value)| knows(&key.0) && there.settings.get(*key) != Some(*value));
        Self {
            attributes: attributes.map(|(key, value)| (key.clone(), *value)).collect(),
            members: members.cloned().collect(),
            settings: settings.map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }

    /// The statements that make it so. Passwords are not among what is known.
    pub fn statements(&self) -> Vec<String> {
        let attributes = self.attributes.iter().map(|((role, attribute), value)| {
            let no = if *value { "" } else { "NO" };
            format!("ALTER ROLE {} WITH {no}{};", identifier(role), attribute.to_uppercase())
        });
        let members =
            self.members.iter().map(|(role, member)| format!("GRANT {} TO {};", identifier(role), identifier(member)));
        let settings = self.settings.iter().map(|((role, database, parameter), value)| {
            let whose = match (role.as_str(), database.as_str()) {
                ("", "") => "ROLE ALL".to_owned(),
                ("", database) => format!("DATABASE {}", identifier(database)),
                (role, "") => format!("ROLE {}", identifier(role)),
                (role, database) => format!("ROLE {} IN DATABASE {}", identifier(role), identifier(database)),
            };
            let parameter: Vec<String> = parameter.split('.').map(identifier).collect();
            let values: Vec<String> = value.iter().map(|value| literal(value)).collect();
            format!("ALTER {whose} SET {} TO {};", parameter.join("."), values.join(", "))
        });
        attributes.chain(members).chain(settings).collect()
    }

    fn read(&mut self, text: &str) {
        for words in statements(text) {
            // What is not understood is not compared.
            let _ = self.statement(&words);
        }
    }

    fn statement(&mut self, words: &[Word]) -> Option<()> {
        match (name(words.first()?)?, name(words.get(1)?)?) {
            ("grant", _) => {
                let to = words.iter().position(|word| name(word) == Some("to"))?;
                // Names of predefined roles too; lists are what people write.
                for role in words.get(1..to)?.iter().filter_map(name) {
                    for member in words.get(to + 1..)?.iter().map_while(|word| match word {
                        Word::Sign(b',') => Some(""),
                        word => name(word).filter(|name| !matches!(*name, "with" | "granted")),
                    }) {
                        if !member.is_empty() {
                            self.members.insert((role.to_owned(), member.to_owned()));
                        }
                    }
                }
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
                for word in rest.iter().filter_map(name) {
                    for (attribute, _) in ATTRIBUTES {
                        if word == attribute || word.strip_prefix("no") == Some(attribute) {
                            self.attributes.insert((role.clone(), attribute), word == attribute);
                        }
                    }
                }
            }
            ("alter", "database") => {
                let database = name(words.get(2)?)?.to_owned();
                (name(words.get(3)?)? == "set").then_some(())?;
                return self.set(String::new(), database, words.get(4..)?);
            }
            _ => {}
        }
        Some(())
    }

    /// `name TO value, …`, `name = value`. Names of parameters know no case, and pg_dump quotes `"DateStyle"`.
    fn set(&mut self, role: String, database: String, words: &[Word]) -> Option<()> {
        let end = words.iter().position(|word| *word == Word::Sign(b'=') || name(word) == Some("to"))?;
        let parameter: String = words.get(..end)?.iter().map(|word| name(word).unwrap_or(".").to_lowercase()).collect();
        let text: String = words
            .get(end + 1..)?
            .iter()
            .map(|word| match word {
                Word::Name(text) | Word::Text(text) => text.clone(),
                Word::Sign(sign) => char::from(*sign).to_string(),
            })
            .collect();
        self.settings.insert((role, database, parameter), parts(&text));
        Some(())
    }
}

fn name(word: &Word) -> Option<&str> {
    match word {
        Word::Name(name) => Some(name),
        Word::Text(_) | Word::Sign(_) => None,
    }
}

/// The parts of a list such as `shop, "$user"`, which a statement and the catalog quote differently.
fn parts(value: &str) -> Vec<String> {
    value.split(',').map(|part| part.trim().trim_matches('"').to_owned()).collect()
}

async fn read(session: &Session) -> Result<Stated, ClusterError> {
    let mut there = Stated::default();
    let columns = ATTRIBUTES.map(|(_, column)| column).join(", ");
    let sql = format!("SELECT rolname::text, {columns} FROM pg_roles");
    for row in session.query(&sql, &[], "cannot list roles").await? {
        for (index, (attribute, _)) in ATTRIBUTES.iter().enumerate() {
            there.attributes.insert((row.get(0), *attribute), row.get(index + 1));
        }
    }
    let sql = "SELECT r.rolname::text, m.rolname::text FROM pg_auth_members a
               JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member";
    for row in session.query(sql, &[], "cannot list members of roles").await? {
        there.members.insert((row.get(0), row.get(1)));
    }
    let sql = "SELECT coalesce(r.rolname, '')::text, coalesce(d.datname, '')::text, unnest(s.setconfig)
               FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase";
    for row in session.query(sql, &[], "cannot list settings of roles").await? {
        let setting: &str = row.get(2);
        if let Some((parameter, value)) = setting.split_once('=') {
            there.settings.insert((row.get(0), row.get(1), parameter.to_lowercase()), parts(value));
        }
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_pg_dumpall_are_understood() {
        let mut stated = Stated::default();
        stated.read(
            "ALTER ROLE \"a b\" WITH NOSUPERUSER INHERIT CREATEDB LOGIN PASSWORD 'SCRAM-SHA-256$nosuperuser';\n\
             GRANT grp TO \"a b\" WITH INHERIT TRUE GRANTED BY postgres;\n\
             ALTER ROLE app IN DATABASE shop SET search_path TO 'x', 'y';\n\
             ALTER DATABASE shop SET my.thing TO 'one';\n\
             ALTER DATABASE shop SET \"DateStyle\" TO 'German';",
        );
        let role = "a b".to_owned();
        assert_eq!(stated.attributes.get(&(role.clone(), "superuser")), Some(&false));
        assert_eq!(stated.attributes.get(&(role.clone(), "createdb")), Some(&true));
        assert_eq!(stated.members, BTreeSet::from([("grp".to_owned(), role)]));
        let key =
            |role: &str, database: &str, parameter: &str| (role.to_owned(), database.to_owned(), parameter.to_owned());
        assert_eq!(stated.settings[&key("app", "shop", "search_path")], ["x", "y"]);
        assert_eq!(stated.settings[&key("", "shop", "my.thing")], ["one"]);
        assert_eq!(stated.settings[&key("", "shop", "datestyle")], ["German"]);
    }
}
