//! Roles that the dump names, the target does not have, and nobody should make for a restore: the name of a cluster's first
//! superuser, a role of a service's own. A restore goes without owners and privileges then, and no file may name the role.

use std::collections::BTreeSet;

use super::Request;
use crate::finding::Name;
use crate::postgres::Tool;
use crate::profile::Entrypoint;

/// These roles, with the places of the findings that say that they are missing.
pub fn missing<'a>(request: &Request<'a>) -> Vec<(&'a str, BTreeSet<usize>)> {
    let mut missing = request.subjects(Name::RoleMissing);
    missing.retain(|(role, _)| request.target.keeps_to_itself(role));
    missing
}

/// All roles of this kind that the dump names and the target lacks, whether a statement has failed for them or options of the
/// restore have left them out.
pub fn absent<'a>(request: &Request<'a>) -> BTreeSet<&'a str> {
    let mut absent: BTreeSet<&str> = missing(request).into_iter().map(|(role, _)| role).collect();
    let target = request.target;
    // Those can make roles that the profile does not name.
    if target.entrypoint == Entrypoint::Direct && target.init.is_empty() {
        let lacks = |role: &&str| {
            target.keeps_to_itself(role)
                && *role != target.cluster.superuser
                && !target.roles.iter().any(|known| known.name == *role)
                && !request.facts.roles_created.iter().any(|created| created == role)
        };
        absent.extend(named(request).filter(lacks));
    }
    absent
}

/// The roles that own something in the dump, or may do something.
fn named<'a>(request: &Request<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let facts = request.facts;
    let owners = facts.owners.iter().map(|owned| &owned.owner);
    let granted = facts.grants.iter().flat_map(|grant| grant.grantees.iter().chain(&grant.grantors));
    owners.chain(granted).map(String::as_str)
}

/// The options of the restore that leave such roles out, where there are any, without those that the profile has: the same as
/// the finding's fix names. A script is restored as it is.
pub fn options(request: &Request<'_>, kept: &[(&str, BTreeSet<usize>)]) -> Vec<String> {
    if kept.is_empty() || !request.is_archive() {
        return Vec::new();
    }
    let given = &request.target.restore.options;
    let lacks = |option: &&str| !Tool::PgRestore.has(given, option);
    let mut options: Vec<String> =
        ["--no-owner", "--no-privileges"].into_iter().filter(lacks).map(str::to_owned).collect();
    // Where both are there, the role is named by what no option leaves out.
    if !options.is_empty() && lacks(&"--role") {
        options.push(format!("--role={}", request.target.restoring()));
    }
    options
}

/// The other roles whose objects and privileges the options leave out with them.
pub fn other_roles<'a>(request: &Request<'a>, kept: &[(&str, BTreeSet<usize>)]) -> BTreeSet<&'a str> {
    named(request)
        .filter(|role| !role.starts_with("pg_") && *role != request.target.restoring())
        .filter(|role| !kept.iter().any(|(known, _)| known == role))
        .collect()
}

/// What is said of those.
pub fn of_others(others: &BTreeSet<&str>) -> String {
    let names: Vec<String> = others.iter().map(|role| format!("{role:?}")).collect();
    format!(
        "The options leave out what {} own and may do, too: pgrehearse run DUMP -p profile.yaml --write-fixes DIR writes an \
         after.sql that gives it back.",
        names.join(", ")
    )
}

/// Words before which a role is named; it is also behind a comma that follows another one.
const BEFORE: [&str; 7] = ["to", "from", "role", "user", "group", "authorization", "by"];

/// Whether a statement names a role, and so fails where the role is not there. One that is doubtful names it: what is not run
/// does no harm.
pub fn names(statement: &str, role: &str) -> bool {
    if statement.starts_with("--") {
        return false;
    }
    let mut before = String::new();
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
        let (word, end) = match first {
            '"' => quoted(rest, '"'),
            '\'' => {
                let (_, end) = quoted(rest, '\'');
                (String::new(), end)
            }
            c if is_part(c) => {
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                (rest[..end].to_lowercase(), end)
            }
            c => (c.to_string(), c.len_utf8()),
        };
        rest = &rest[end..];
        if word.trim().is_empty() {
            continue;
        }
        if word == role && (before == "," || BEFORE.contains(&before.as_str())) {
            return true;
        }
        before = word;
    }
    false
}

/// What stands between quotes at the beginning of a text, and where it ends.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut inside = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c != quote {
            inside.push(c);
        } else if characters.peek().is_some_and(|(_, next)| *next == quote) {
            inside.push(c);
            characters.next();
        } else {
            return (inside, at + c.len_utf8());
        }
    }
    (inside, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_a_role_where_a_role_can_stand() {
        for statement in [
            "ALTER TABLE public.a OWNER TO \"postgres\";",
            "ALTER TABLE public.a OWNER TO postgres;",
            "GRANT SELECT ON TABLE public.a TO app, Postgres WITH GRANT OPTION;",
            "REVOKE ALL ON SCHEMA s FROM postgres;",
            "ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TABLES TO app;",
            "GRANT a TO b GRANTED BY postgres;",
        ] {
            assert!(names(statement, "postgres"), "{statement}");
        }
        for statement in [
            "ALTER TABLE postgres.a OWNER TO app;",
            "ALTER TABLE a OWNER TO \"Postgres\";",
            "SELECT setval('to postgres', 3);",
            "COMMENT ON TABLE a IS 'it''s to postgres';",
            "ALTER TABLE a OWNER TO postgres2;",
            "-- belongs to postgres",
        ] {
            assert!(!names(statement, "postgres"), "{statement}");
        }
        assert!(names("ALTER TABLE a OWNER TO \"a\"\"b\";", "a\"b"));
    }
}
