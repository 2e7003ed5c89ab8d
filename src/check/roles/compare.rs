//! Where roles and databases are not as the dump has them.

use pgdump_reader::tag;

use super::Made;
use super::stated::{ATTRIBUTES, ParameterPrivilege, Properties, Stated};
use crate::check::reference;

/// What is not as it was, each with a line for people. None of them names a value.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Roles and databases that are otherwise.
    pub changed: Vec<(String, String)>,
    /// Roles and databases that are gone.
    pub missing: Vec<String>,
    /// Roles and databases that are one too many.
    pub extra: Vec<String>,
    /// Of roles and databases.
    pub comments: Vec<String>,
    /// What somebody may do to a parameter, and does not need to.
    pub wider: Vec<ParameterPrivilege>,
    pub narrower: Vec<ParameterPrivilege>,
}

pub fn compare(stated: &Stated, there: &Stated, made: &Made) -> Differences {
    let mut found = Differences::default();
    let knows = |role: &String| there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0));
    let gone = made.roles.iter().filter(|role| !knows(role)).map(|role| format!("ROLE {role}"));
    let lost = made.databases.iter().filter(|name| !there.databases.contains_key(*name));
    found.missing = gone.chain(lost.map(|name| format!("DATABASE {name}"))).collect();
    attributes(stated, there, &mut found);
    members(stated, there, made, &mut found);
    settings(stated, there, made, &mut found);
    of_databases(stated, there, made, &mut found);
    comments(stated, there, made, &mut found);
    found.narrower =
        stated.parameters.difference(&there.parameters).filter(|one| knows_grantee(one, there)).cloned().collect();
    if let Some([roles, databases]) = &made.others {
        found.wider = there.parameters.difference(&stated.parameters).cloned().collect();
        let role_names = there.attributes.keys().map(|(role, _)| role).collect::<std::collections::BTreeSet<_>>();
        let is_own = |role: &&&String| role.starts_with("pg_") || roles.contains(**role);
        found.extra = role_names.iter().filter(|role| !is_own(role)).map(|role| format!("ROLE {role}")).collect();
        // Another check's is gone in a moment.
        let is_more = |name: &str, is: &Properties| {
            !databases.contains(name) && !is.is_template && !is.is_closed && !name.starts_with(reference::PREFIX)
        };
        let more = there.databases.iter().filter(|(name, is)| is_more(name, is));
        found.extra.extend(more.map(|(name, _)| format!("DATABASE {name}")));
    }
    found
}

fn knows_grantee(privilege: &ParameterPrivilege, there: &Stated) -> bool {
    privilege.grantee.is_empty() || there.attributes.keys().any(|(role, _)| *role == privilege.grantee)
}

fn attributes(stated: &Stated, there: &Stated, found: &mut Differences) {
    for ((role, attribute), value) in &stated.attributes {
        // A role that is not there is another finding.
        if let Some(is) = there.attributes.get(&(role.clone(), *attribute))
            && is != value
        {
            let word = |value: bool| {
                if value { attribute.to_uppercase() } else { format!("NO{}", attribute.to_uppercase()) }
            };
            let line = format!("{} in the dump, {} here", word(*value), word(*is));
            found.changed.push((format!("ROLE {role}"), line));
        }
    }
    for role in &there.whole {
        let is_whole = stated.whole.contains(role);
        let mut differs = |line: String| found.changed.push((format!("ROLE {role}"), line));
        // Where not everything is said, what is not said is as it was.
        let limit = stated.limits.get(role).copied().or(is_whole.then_some(-1));
        let limit_here = there.limits.get(role).copied().unwrap_or(-1);
        if let Some(limit) = limit.filter(|limit| *limit != limit_here) {
            differs(format!("CONNECTION LIMIT {limit} in the dump, {limit_here} here"));
        }
        let until = stated.until.get(role);
        if (until.is_some() || is_whole) && until != there.until.get(role) {
            differs("its password is valid until another moment".to_owned());
        }
        // pg_dumpall can leave passwords out, and what people write is no digest.
        match (stated.passwords.get(role), there.passwords.get(role)) {
            (Some(stated), Some(there)) if !is_digest(stated) || stated == there => {}
            (Some(_), Some(_)) => differs("it has another password".to_owned()),
            (Some(_), None) => differs("it has no password".to_owned()),
            (None, Some(_)) if is_whole && !stated.passwords.is_empty() => {
                differs("it has a password, and none in the dump".to_owned());
            }
            (None, _) => {}
        }
    }
}

/// Whether a password is stored as it is written (`get_password_type` in src/backend/libpq/crypt.c).
fn is_digest(password: &str) -> bool {
    password.starts_with("SCRAM-SHA-256$") || (password.starts_with("md5") && password.len() == 35)
}

fn members(stated: &Stated, there: &Stated, made: &Made, found: &mut Differences) {
    let knows = |role: &String| there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0));
    for ((role, member), options) in stated.members.iter().filter(|((role, member), _)| knows(role) && knows(member)) {
        let mut differs = |line: String| found.changed.push((format!("ROLE {member}"), line));
        let Some(is) = there.members.get(&(role.clone(), member.clone())) else {
            differs(format!("no longer a member of {role:?}"));
            continue;
        };
        if options.admin != is.admin {
            let verb = if is.admin { "may" } else { "may no longer" };
            differs(format!("{verb} make others members of {role:?}"));
        }
        for (word, stated, is) in [("INHERIT", options.inherit, is.inherit), ("SET", options.set, is.set)] {
            if let (Some(stated), Some(is)) = (stated, is)
                && stated != is
            {
                let word_of = |value: bool| if value { "TRUE" } else { "FALSE" };
                let (stated, is) = (word_of(stated), word_of(is));
                differs(format!("member of {role:?} with {word} {stated} in the dump, {word} {is} here"));
            }
        }
    }
    for (role, member) in there.members.keys().filter(|key| !stated.members.contains_key(key)) {
        if made.roles.contains(member) {
            found.changed.push((format!("ROLE {member}"), format!("a member of {role:?}, and not in the dump")));
        }
    }
}

fn settings(stated: &Stated, there: &Stated, made: &Made, found: &mut Differences) {
    let knows = |role: &String| there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0));
    let object = |role: &String, database: &String| match role.as_str() {
        "" => format!("DATABASE {database}"),
        role => format!("ROLE {role}"),
    };
    for (key @ (role, database, parameter), value) in &stated.settings {
        match there.settings.get(key) {
            None if role.is_empty() || knows(role) => {
                found.changed.push((object(role, database), format!("{parameter} is not set")));
            }
            Some(is) if is != value => {
                found.changed.push((object(role, database), format!("{parameter} is set to another value")));
            }
            _ => {}
        }
    }
    for (role, database, parameter) in there.settings.keys().filter(|key| !stated.settings.contains_key(key)) {
        let is_made = match (role.as_str(), database.as_str()) {
            ("", database) => made.databases.contains(database),
            (role, "") => made.roles.contains(role),
            (_, database) => made.databases.contains(database),
        };
        if is_made {
            found.changed.push((object(role, database), format!("{parameter} is set, and not in the dump")));
        }
    }
}

fn of_databases(stated: &Stated, there: &Stated, made: &Made, found: &mut Differences) {
    for name in &made.databases {
        let Some(is) = there.databases.get(name) else { continue };
        let as_dumped = stated.databases.get(name).copied().unwrap_or_default();
        let mut differs = |line: String| found.changed.push((format!("DATABASE {name}"), line));
        if as_dumped.limit() != is.limit() {
            differs(format!("CONNECTION LIMIT {} in the dump, {} here", as_dumped.limit(), is.limit()));
        }
        if as_dumped.is_template != is.is_template {
            let is = if is.is_template { "a template" } else { "no template" };
            differs(format!("{is}, other than in the dump"));
        }
    }
}

fn comments(stated: &Stated, there: &Stated, made: &Made, found: &mut Differences) {
    let roles = made
        .roles
        .iter()
        .map(|role| (tag::ROLE, role, there.attributes.contains_key(&(role.clone(), ATTRIBUTES[0].0))));
    let databases = made.databases.iter().map(|name| (tag::DATABASE, name, there.databases.contains_key(name)));
    for (kind, name, is_there) in roles.chain(databases) {
        let key = (kind, name.clone());
        if is_there && stated.comments.get(&key) != there.comments.get(&key) {
            found.comments.push(format!("{kind} {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(dump: &str, cluster: &str) -> Vec<String> {
        let (stated, mut there) = (Stated::of(&[dump.to_owned()]), Stated::of(&[cluster.to_owned()]));
        there.limits.entry("own".to_owned()).or_insert(-1);
        let made = Made { roles: Default::default(), databases: Default::default(), others: None };
        compare(&stated, &there, &made).changed.into_iter().map(|(_, line)| line).collect()
    }

    /// A CREATE ROLE of what is there already fails, and is reported as harmless: what it states is compared, and no more.
    #[test]
    fn a_role_that_was_there_is_compared_with_what_create_role_states() {
        const OWN: &str =
            "ALTER ROLE own WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS PASSWORD 'x'";
        assert_eq!(lines("CREATE ROLE own", OWN), [""; 0]);
        assert_eq!(lines("CREATE ROLE own; ALTER ROLE own WITH LOGIN SUPERUSER", OWN), [""; 0]);
        assert_eq!(lines("CREATE ROLE own CONNECTION LIMIT 7", OWN), ["CONNECTION LIMIT 7 in the dump, -1 here"]);
        assert_eq!(lines("CREATE ROLE own NOCREATEDB", OWN), ["NOCREATEDB in the dump, CREATEDB here"]);
        assert_eq!(lines("CREATE USER own IN ROLE own", OWN), ["no longer a member of \"own\""]);
        let until = "CREATE ROLE own VALID UNTIL '2030-01-01'";
        assert_eq!(lines(until, OWN), ["its password is valid until another moment"]);
    }
}
