//! Default privileges: what is granted on each object that a role creates.

use std::collections::BTreeMap;

use pgdump_reader::{GrantedKind, Word};

use super::acl::{Acl, PrivilegeChange, all_of, changes};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};

/// Where default privileges hold: for what a role creates, in one schema or (`None`) everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefaultsOf {
    pub role: String,
    pub schema: Option<String>,
    pub kind: GrantedKind,
}

/// All default privileges of a database.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// One for each grantee.
    pub given: Vec<DefaultPrivilege>,
    pub acls: BTreeMap<DefaultsOf, Acl>,
}

/// `TABLES`, as ALTER DEFAULT PRIVILEGES calls what it is about.
fn objects_of(kind: GrantedKind) -> String {
    match kind {
        // Both words mean the same there; pg_dump writes this one.
        GrantedKind::ROUTINE => "FUNCTIONS".to_owned(),
        kind => format!("{}S", kind.sql),
    }
}

impl DefaultsOf {
    /// For people: `DEFAULT PRIVILEGES FOR TABLES IN SCHEMA public`.
    pub fn label(&self) -> String {
        let schema = self.schema.as_ref().map(|schema| format!(" IN SCHEMA {schema}")).unwrap_or_default();
        format!("DEFAULT PRIVILEGES FOR {}{schema} OF {}", objects_of(self.kind), self.role)
    }

    /// The statement that takes some of them away from a role; `""` is PUBLIC.
    pub fn revoke(&self, privileges: &str, from: &str) -> String {
        let schema =
            self.schema.as_ref().map(|schema| format!(" IN SCHEMA {}", identifier(schema))).unwrap_or_default();
        let (role, objects) = (identifier(&self.role), objects_of(self.kind));
        let from = if from.is_empty() { "PUBLIC".to_owned() } else { identifier(from) };
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}{schema} REVOKE {privileges} ON {objects} FROM {from};")
    }

    /// What is granted where nothing is set: what a new object has everywhere, and nothing more in one schema (acldefault in
    /// src/backend/utils/adt/acl.c, PostgreSQL 13 to 18).
    pub fn initial(&self, major: u16) -> Acl {
        let mut acl = Acl::default();
        if self.schema.is_some() {
            return acl;
        }
        let each = |letters: Vec<char>| letters.into_iter().map(|letter| (letter, false)).collect();
        acl.0.insert(self.role.clone(), each(all_of(self.kind, major).collect()));
        if !self.kind.of_public.is_empty() {
            acl.0.insert(String::new(), each(self.kind.of_public.chars().collect()));
        }
        acl
    }
}

/// Reads `ALTER DEFAULT PRIVILEGES FOR ROLE x IN SCHEMA y GRANT …` as pg_dump writes it (buildDefaultACLCommands in
/// dumputils.c). One that names no role is for what `maker` creates, who runs it. `None` where it is something else.
pub fn read_change(words: &[Word], maker: &str, major: u16) -> Option<(DefaultsOf, Vec<PrivilegeChange>)> {
    let name = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => Some(name.as_str()),
        _ => None,
    };
    if !is_of_defaults(words) {
        return None;
    }
    let (role, at) = match (name(3)?, name(4)) {
        ("for", Some("role" | "user")) => (name(5)?, 6),
        _ => (maker, 3),
    };
    let role = role.to_owned();
    let (schema, at) = match (name(at), name(at + 1)) {
        (Some("in"), Some("schema")) => (Some(name(at + 2)?.to_owned()), at + 3),
        _ => (None, at),
    };
    // Lists of several, which pg_dump does not write.
    if !matches!(name(at), Some("grant" | "revoke")) {
        return None;
    }
    let on = (at..words.len()).find(|at| name(*at) == Some("on"))?;
    let (kind, length) = kind_of_all(words.get(on + 1..)?)?;
    // What a statement about one object says, of all.
    let mut of_one = words[at..=on].to_vec();
    let singular = kind.sql.split(' ').chain(["all"]);
    of_one.extend(singular.map(|word| Word::Name(word.to_ascii_lowercase())));
    of_one.extend_from_slice(words.get(on + 1 + length..)?);
    Some((DefaultsOf { role, schema, kind }, changes(&of_one, major)?))
}

/// Whether it is a statement about default privileges, of whatever form.
pub fn is_of_defaults(words: &[Word]) -> bool {
    let mut begin = ["alter", "default", "privileges"].into_iter().enumerate();
    begin.all(|(at, word)| matches!(words.get(at), Some(Word::Name(name)) if name == word))
}

/// What `TABLES` and its like at the beginning of some words are, and how many words that takes.
fn kind_of_all(words: &[Word]) -> Option<(GrantedKind, usize)> {
    let mut kinds = GrantedKind::every().filter(|kind| kind.default_code.is_some());
    kinds.find_map(|kind| {
        let called = [format!("{}S", kind.sql), objects_of(kind)];
        let fitting = called.iter().find(|called| {
            let mut parts = called.split(' ').enumerate();
            parts
                .all(|(at, part)| matches!(words.get(at), Some(Word::Name(name)) if *name == part.to_ascii_lowercase()))
        });
        Some((kind, fitting?.split(' ').count()))
    })
}

/// One of `ALTER DEFAULT PRIVILEGES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultPrivilege {
    /// Who creates the objects.
    pub role: String,
    /// As SQL writes it; everywhere where there is none.
    pub schema: Option<String>,
    kind: GrantedKind,
    /// `""` is PUBLIC.
    pub grantee: String,
}

const DEFAULTS: &str = "
SELECT pg_get_userbyid(d.defaclrole)::text, n.nspname::text, quote_ident(n.nspname), d.defaclobjtype::text,
       d.defaclacl::text[]
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
ORDER BY 1, 2 NULLS FIRST, 4";

/// Reads them all.
///
/// # Errors
/// When the server refuses.
pub async fn read(session: &Session) -> Result<Defaults, ClusterError> {
    let rows = session.query(DEFAULTS, &[], "cannot list default privileges").await?;
    let mut defaults = Defaults::default();
    for row in &rows {
        let code: &str = row.get(3);
        let mut kinds = GrantedKind::every().filter(|kind| kind.default_code.is_some());
        let Some(kind) = kinds.find(|kind| kind.default_code == code.chars().next()) else { continue };
        let (role, schema): (String, Option<String>) = (row.get(0), row.get(2));
        let acl = Acl::of_items(&row.get::<_, Vec<String>>(4));
        let to = acl.0.keys().filter(|to| **to != role);
        defaults.given.extend(to.map(|to| DefaultPrivilege {
            role: role.clone(),
            schema: schema.clone(),
            kind,
            grantee: to.clone(),
        }));
        defaults.acls.insert(DefaultsOf { role, schema: row.get(1), kind }, acl);
    }
    Ok(defaults)
}

impl DefaultPrivilege {
    /// Whether its grantee can have a privilege on an object from it. The name is as SQL writes it, with its schema.
    pub fn gives_on(&self, kind: GrantedKind, name: &str) -> bool {
        let in_schema = |schema: &String| name.strip_prefix(schema.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.kind == kind && self.schema.as_ref().is_none_or(in_schema)
    }
}

/// The statements that revoke them for objects that are created later.
pub(super) fn revoke(defaults: &[&DefaultPrivilege]) -> Vec<String> {
    let mut grantees: BTreeMap<(&str, Option<&str>, GrantedKind), Vec<String>> = BTreeMap::new();
    for default in defaults {
        let from = if default.grantee.is_empty() { "PUBLIC".to_owned() } else { identifier(&default.grantee) };
        grantees.entry((&default.role, default.schema.as_deref(), default.kind)).or_default().push(from);
    }
    let one = |((role, schema, kind), from): ((&str, Option<&str>, GrantedKind), Vec<String>)| {
        let schema = schema.map(|schema| format!(" IN SCHEMA {schema}")).unwrap_or_default();
        let (role, from) = (identifier(role), from.join(", "));
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}{schema} REVOKE ALL ON {}S FROM {from};", kind.sql)
    };
    grantees.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgdump_reader::statements;

    fn after(place: &DefaultsOf, sql: &str) -> Acl {
        let mut acl = place.initial(17);
        for words in statements(sql) {
            let (of, changes) = read_change(&words, "m", 17).unwrap();
            assert_eq!(of, *place);
            changes.iter().for_each(|change| acl.apply(change, str::to_owned));
        }
        acl
    }

    #[test]
    fn statements_of_pg_dump_come_to_what_the_catalog_holds() {
        let place =
            |schema: Option<&str>, kind| DefaultsOf { role: "o".into(), schema: schema.map(str::to_owned), kind };
        let items = |items: &[&str]| Acl::of_items(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
        let sql = "ALTER DEFAULT PRIVILEGES FOR ROLE o REVOKE ALL ON FUNCTIONS FROM PUBLIC;
                   ALTER DEFAULT PRIVILEGES FOR ROLE o GRANT ALL ON FUNCTIONS TO a WITH GRANT OPTION;";
        assert_eq!(after(&place(None, GrantedKind::ROUTINE), sql), items(&["o=X/o", "a=X*/o"]));
        let sql = "ALTER DEFAULT PRIVILEGES FOR ROLE o IN SCHEMA \"S\" GRANT SELECT,INSERT ON TABLES TO PUBLIC;";
        assert_eq!(after(&place(Some("S"), GrantedKind::TABLE), sql), items(&["=ra/o"]));
        // For whoever says it.
        let own = DefaultsOf { role: "m".into(), ..place(Some("s"), GrantedKind::TABLE) };
        let sql = "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO a;";
        assert_eq!(after(&own, sql), Acl::of_items(&["a=r/m".to_owned()]));
        let sql = "ALTER DEFAULT PRIVILEGES FOR ROLE o GRANT SELECT ON LARGE OBJECTS TO a;";
        assert_eq!(after(&place(None, GrantedKind::LARGE_OBJECT), sql), items(&["o=rw/o", "a=r/o"]));
    }

    #[test]
    fn what_is_no_default_privilege_is_none() {
        for sql in ["ALTER TABLE t OWNER TO x", "ALTER DEFAULT PRIVILEGES FOR ROLE x", "GRANT a TO b"] {
            assert!(read_change(&statements(sql)[0], "m", 17).is_none(), "{sql}");
        }
    }
}
