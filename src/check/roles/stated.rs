//! What a dump says of roles and databases, and what a cluster says of its own, in the same form.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::sql::{identifier, literal};
use crate::cluster::{is_list_of_names, names_of_list};

/// The attributes that pg_dumpall states for each role (dumpRoles in pg_dumpall.c, PostgreSQL 13 to 18), and their column of
/// pg_authid.
pub(super) const ATTRIBUTES: [(&str, &str); 7] = [
    ("superuser", "rolsuper"),
    ("inherit", "rolinherit"),
    ("createrole", "rolcreaterole"),
    ("createdb", "rolcreatedb"),
    ("login", "rolcanlogin"),
    ("replication", "rolreplication"),
    ("bypassrls", "rolbypassrls"),
];

/// What is said of roles and databases.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Role and attribute.
    pub(super) attributes: BTreeMap<(String, &'static str), bool>,
    /// Roles of which everything is said at once, as pg_dumpall does: what it does not name is as in a new role.
    pub(super) whole: BTreeSet<String>,
    pub(super) limits: BTreeMap<String, i32>,
    /// Until when a password is valid, as the server at hand writes it.
    pub(super) until: BTreeMap<String, String>,
    /// As they are stored, or as they were written. Never shown.
    pub(super) passwords: BTreeMap<String, String>,
    /// Role and member.
    pub(super) members: BTreeMap<(String, String), Membership>,
    /// Role, database (either can be empty) and parameter, with the value's parts.
    pub(super) settings: BTreeMap<(String, String, String), Vec<String>>,
    /// Of a `ROLE` or a `DATABASE`, by name.
    pub(super) comments: BTreeMap<(&'static str, String), String>,
    pub(super) databases: BTreeMap<String, Properties>,
    pub(super) parameters: BTreeSet<ParameterPrivilege>,
}

/// How somebody is a member of a role. What a version does not know is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Membership {
    pub admin: bool,
    pub inherit: Option<bool>,
    pub set: Option<bool>,
}

/// What the cluster keeps of a database, beside its settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Properties {
    /// Connections at once; as many as the server takes where nothing is said.
    pub limit: Option<i32>,
    pub is_template: bool,
    /// Whether anybody can connect to it, as far as that is known.
    pub is_closed: bool,
}

impl Properties {
    pub fn limit(self) -> i32 {
        self.limit.unwrap_or(-1)
    }
}

/// `GRANT SET ON PARAMETER work_mem TO app`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParameterPrivilege {
    pub parameter: String,
    /// Empty for everybody.
    pub grantee: String,
    /// `SET` or `ALTER SYSTEM`.
    pub privilege: &'static str,
    pub grantable: bool,
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
            members: self
                .members
                .iter()
                .filter(|((_, member), _)| member == role)
                .map(|(key, options)| (key.clone(), *options))
                .collect(),
            settings: settings.map(|(key, value)| (key.clone(), value.clone())).collect(),
            limits: self.limits.get(role).map(|limit| (role.to_owned(), *limit)).into_iter().collect(),
            ..Self::default()
        }
    }

    /// Whether it says a role to have an attribute, by its word in lower case; `None` where it says nothing.
    pub fn attribute(&self, role: &str, attribute: &str) -> Option<bool> {
        self.attributes.iter().find(|((of, name), _)| of == role && *name == attribute).map(|(_, value)| *value)
    }

    /// The roles that this one is a member of.
    pub fn groups<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a str> {
        self.members.keys().filter(move |(_, member)| member == role).map(|(group, _)| group.as_str())
    }

    /// The same without memberships in roles of whom this is so, or that it says to be superusers.
    #[must_use]
    pub fn without_members_of(mut self, is_one: impl Fn(&str) -> bool) -> Self {
        let attributes = &self.attributes;
        let is_superuser = |role: &String| attributes.get(&(role.clone(), "superuser")) == Some(&true);
        self.members.retain(|(group, _), _| !is_one(group) && !is_superuser(group));
        self
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What it says and another does not, of roles that the other knows.
    pub(super) fn without(&self, there: &Self) -> Self {
        let knows = |role: &String| role.is_empty() || there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0));
        let attributes = self
            .attributes
            .iter()
            .filter(|(key, value)| knows(&key.0) && there.attributes.get(*key).is_some_and(|found| found != *value));
        let members = self.members.iter().filter(|(key, options)| {
            knows(&key.0) && knows(&key.1) && there.members.get(*key).is_none_or(|is| is.admin != options.admin)
        });
        let settings =
            self.settings.iter().filter(|(key, value)| knows(&key.0) && there.settings.get(*key) != Some(*value));
        let limits = self
            .limits
            .iter()
            .filter(|(role, limit)| knows(role) && there.limits.get(*role).is_some_and(|found| found != *limit));
        Self {
            limits: limits.map(|(role, limit)| (role.clone(), *limit)).collect(),
            attributes: attributes.map(|(key, value)| (key.clone(), *value)).collect(),
            members: members.map(|(key, options)| (key.clone(), *options)).collect(),
            settings: settings.map(|(key, value)| (key.clone(), value.clone())).collect(),
            ..Self::default()
        }
    }

    /// The statements that make it so. Passwords are not among what is known.
    pub fn statements(&self) -> Vec<String> {
        let attributes = self.attributes.iter().map(|((role, attribute), value)| {
            let no = if *value { "" } else { "NO" };
            format!("ALTER ROLE {} WITH {no}{};", identifier(role), attribute.to_uppercase())
        });
        let limits = self.limits.iter();
        let limits = limits.map(|(role, limit)| format!("ALTER ROLE {} CONNECTION LIMIT {limit};", identifier(role)));
        let members = self.members.iter().map(|((role, member), options)| {
            let admin = if options.admin { " WITH ADMIN OPTION" } else { "" };
            format!("GRANT {} TO {}{admin};", identifier(role), identifier(member))
        });
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
        attributes.chain(limits).chain(members).chain(settings).collect()
    }
}

/// What the catalog keeps of a parameter, in the form of a statement's: the names of a list such as `shop, "$user"`, and the
/// whole value of any other.
pub(super) fn kept(parameter: &str, value: &str) -> Vec<String> {
    let names = is_list_of_names(parameter).then(|| names_of_list(value)).flatten();
    names.unwrap_or_else(|| vec![value.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_a_role_goes_with_it() {
        let all = "ALTER ROLE a WITH LOGIN CONNECTION LIMIT 7;GRANT g TO a;GRANT a TO h;ALTER ROLE a SET work_mem TO '1MB';\
                   COMMENT ON ROLE a IS 'x';";
        assert!(Stated::of(&[all.to_owned(), "DROP ROLE \"a\"".to_owned()]).is_empty());
        let renamed = Stated::of(&[all.to_owned(), "ALTER ROLE a RENAME TO b".to_owned()]);
        assert_eq!(renamed, Stated::of(&[all.replace(" a ", " b ").replace(" a;", " b;")]));
    }

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
        let options = Membership { admin: false, inherit: Some(true), set: Some(true) };
        assert_eq!(stated.members, BTreeMap::from([(("grp".to_owned(), role), options)]));
        let key =
            |role: &str, database: &str, parameter: &str| (role.to_owned(), database.to_owned(), parameter.to_owned());
        assert_eq!(stated.settings[&key("app", "shop", "search_path")], ["x", "y"]);
        assert_eq!(stated.settings[&key("", "shop", "my.thing")], ["one"]);
        assert_eq!(stated.settings[&key("", "shop", "datestyle")], ["German"]);
    }

    /// What a statement says, and what PostgreSQL 13 to 18 keep of it in pg_db_role_setting.
    #[test]
    fn settings_are_compared_as_the_server_keeps_them() {
        for (statement, parameter, value) in [
            ("search_path TO 'q\"q'", "search_path", r#""q""q""#),
            ("search_path TO 'a', 'B', 'c,d', ' e'", "search_path", r#"a, "B", "c,d", " e""#),
            ("search_path = \"$user\", public", "search_path", r#""$user", public"#),
            ("search_path TO ''", "search_path", r#""""#),
            ("\"search_path\" TO 'a, b'", "search_path", r#""a, b""#),
            ("temp_tablespaces TO 'Fast', 'slow'", "temp_tablespaces", r#""Fast", slow"#),
            ("local_preload_libraries TO 'a', '$libdir/B'", "local_preload_libraries", r#"a, "$libdir/B""#),
            ("\"DateStyle\" TO 'ISO, DMY'", "datestyle", "ISO, DMY"),
            ("datestyle TO iso, dmy", "datestyle", "iso, dmy"),
            ("my.thing TO 'a,b, \"c\" '", "my.thing", r#"a,b, "c" "#),
            ("work_mem TO '8MB'", "work_mem", "8MB"),
            ("geqo_seed TO 0.5", "geqo_seed", "0.5"),
            ("extra_float_digits TO -5", "extra_float_digits", "-5"),
        ] {
            let stated = Stated::of(&[format!("ALTER ROLE app SET {statement}")]);
            let key = ("app".to_owned(), String::new(), parameter.to_owned());
            assert_eq!(stated.settings.get(&key), Some(&kept(parameter, value)), "{statement}");
        }
        assert_ne!(kept("my.thing", "a,b"), kept("my.thing", "a, b"));
        assert_ne!(kept("search_path", r#""a, b""#), kept("search_path", "a, b"));
    }

    #[test]
    fn what_create_role_states_counts_and_the_names_in_its_lists_are_no_attributes() {
        let stated = Stated::of(&[
            "CREATE ROLE app".to_owned(),
            "CREATE USER web WITH CREATEDB CONNECTION LIMIT 7 PASSWORD 'x' VALID UNTIL '2030-01-01' IN ROLE login, grp \
             ROLE superuser ADMIN boss NOINHERIT"
                .to_owned(),
            "CREATE ROLE gone SUPERUSER CONNECTION LIMIT 1 IN ROLE grp".to_owned(),
            "DROP ROLE IF EXISTS gone".to_owned(),
            "CREATE ROLE open PASSWORD 'x'".to_owned(),
            "ALTER ROLE open PASSWORD NULL".to_owned(),
            "GRANT grp TO open WITH ADMIN OPTION".to_owned(),
            "REVOKE ADMIN OPTION FOR grp FROM open".to_owned(),
            "GRANT grp TO app".to_owned(),
            "REVOKE grp FROM app".to_owned(),
        ]);
        let attributes: Vec<_> = stated.attributes.iter().map(|((of, name), is)| (of.as_str(), *name, *is)).collect();
        assert_eq!(attributes, [("web", "createdb", true), ("web", "inherit", false), ("web", "login", true)]);
        assert_eq!(stated.limits, BTreeMap::from([("web".to_owned(), 7)]));
        assert_eq!(stated.passwords, BTreeMap::from([("web".to_owned(), "x".to_owned())]));
        assert_eq!(stated.until, BTreeMap::from([("web".to_owned(), "2030-01-01".to_owned())]));
        let members: Vec<_> =
            stated.members.iter().map(|((of, member), is)| (of.as_str(), member.as_str(), is.admin)).collect();
        let expected = [
            ("grp", "open", false),
            ("grp", "web", false),
            ("login", "web", false),
            ("web", "boss", true),
            ("web", "superuser", false),
        ];
        assert_eq!(members, expected);
    }

    #[test]
    fn what_a_cluster_keeps_of_roles_and_databases_is_understood() {
        let stated = Stated::of(&[
            "ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 7 \
             PASSWORD 'md5limit 9' VALID UNTIL '2030-01-01 00:00:00+00'"
                .to_owned(),
            "ALTER ROLE other WITH LOGIN".to_owned(),
            "COMMENT ON ROLE app IS 'It''s'".to_owned(),
            "COMMENT ON DATABASE shop IS 'All'".to_owned(),
            "CREATE DATABASE old WITH TEMPLATE = template0 ENCODING = 'UTF8' CONNECTION LIMIT = 5".to_owned(),
            "ALTER DATABASE shop CONNECTION LIMIT = -1".to_owned(),
            "ALTER DATABASE shop IS_TEMPLATE = true".to_owned(),
            "UPDATE pg_catalog.pg_database SET datistemplate = 't' WHERE datname = 'old'".to_owned(),
            "GRANT grp TO app WITH ADMIN OPTION, INHERIT FALSE, SET FALSE GRANTED BY postgres".to_owned(),
            "GRANT old TO app WITH ADMIN OPTION GRANTED BY postgres".to_owned(),
            "GRANT SET, ALTER SYSTEM ON PARAMETER my.thing TO app WITH GRANT OPTION".to_owned(),
            "GRANT ALL ON PARAMETER work_mem TO PUBLIC".to_owned(),
        ]);
        assert_eq!(stated.whole, BTreeSet::from(["app".to_owned()]));
        assert_eq!(stated.limits["app"], 7);
        assert_eq!(stated.passwords["app"], "md5limit 9");
        assert_eq!(stated.until["app"], "2030-01-01 00:00:00+00");
        assert_eq!(stated.comments[&("ROLE", "app".to_owned())], "It's");
        assert_eq!(stated.comments[&("DATABASE", "shop".to_owned())], "All");
        let shop = Properties { limit: Some(-1), is_template: true, is_closed: false };
        assert_eq!(stated.databases["shop"], shop);
        assert_eq!(stated.databases["old"], Properties { limit: Some(5), ..shop });
        let member = |role: &str| stated.members[&(role.to_owned(), "app".to_owned())];
        assert_eq!(member("grp"), Membership { admin: true, inherit: Some(false), set: Some(false) });
        assert_eq!(member("old"), Membership { admin: true, inherit: None, set: None });
        let privileges: Vec<String> = stated
            .parameters
            .iter()
            .map(|one| format!("{} {} {} {}", one.parameter, one.grantee, one.privilege, one.grantable))
            .collect();
        let expected = [
            "my.thing app ALTER SYSTEM true",
            "my.thing app SET true",
            "work_mem  ALTER SYSTEM false",
            "work_mem  SET false",
        ];
        assert_eq!(privileges, expected);
    }
}
